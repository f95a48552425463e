//! Everything that happens in a tree, in order: the one record that logs, reports and tests read.

mod cause;
mod kind;
mod line;
mod record;
mod span;
mod telemetry;

pub use cause::StopCause;
pub use kind::{EventKind, SignalAction, Stream};
pub use line::Event;
pub use record::{Events, Lagged};

pub(crate) use record::{DEFAULT_CAPACITY, Record};
pub(crate) use span::ChildSpan;
