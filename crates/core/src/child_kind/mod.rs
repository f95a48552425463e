//! How every kind of child comes into the tree: by two traits.
//!
//! Tasks, processes and supervisors implement the same two traits, and a supervisor knows nothing else of them. That
//! equality is what makes them one tree.
//!
//! Absent on purpose: nothing here decides. A child reports facts and obeys requests; when to restart, which child to
//! ask and when to force is its supervisor's policy.

mod compact_end;
mod ended;
mod inspect;
mod own_events;
mod reporter;
mod start;

pub use ended::Ended;
pub use inspect::Inspect;
pub use own_events::{ContainmentNotes, OutputLine, ProcessEvents, Retries};
pub use reporter::Reporter;
pub use start::{Launch, RunningChild, StartChild, StartContext, StopRequest};

pub(crate) use compact_end::CompactEnd;
pub(crate) use ended::{EndHandled, WhenHandled};
pub(crate) use reporter::{Announcer, ChildReport, Report, ReportListener};
