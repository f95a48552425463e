//! Supervisors: the shell around [`policy`](crate::policy).
//!
//! A supervisor is a ractor actor that owns its [`Engine`](engine::Engine): the machine, the children and what has been
//! heard. Its mailbox is ractor's. Each message is a fact; with the first fact of a batch the actor sends itself
//! `Decide`, and what it hears before that is decided upon together. Other threads read the
//! [view](view::SupervisorView), which the actor publishes: first the view, then the event.
//!
//! Whatever is not the library's (a user's `StartChild`, `RunningChild`, `Drop`) is called by the actor, holds no lock,
//! and its panic is caught where it is called.
//!
//! Absent on purpose: ractor's links, `stop_and_wait`, `kill` and exit reasons. None of them waits for what it ends.

mod address;
mod alarm;
mod ask;
mod build;
mod call;
mod check;
mod child_errors;
mod dynamic;
mod engine;
mod entry;
mod handle;
mod mailbox;
mod mailbox_counter;
mod outlook;
mod partition;
mod start;
mod start_child;
mod view;
mod walk;

#[cfg(test)]
mod tests;

pub use address::SupervisorAddress;
pub use build::Supervisor;
pub use call::{ReserveError, StartedChild};
pub use child_errors::{DeleteChildError, RestartChildError, SignalChildError, TerminateChildError};
pub use dynamic::DynamicSupervisor;
pub use handle::SupervisorHandle;
pub use start_child::StartChildError;

pub use view::ChildCount;

pub use partition::{PartitionSupervisor, ResizeError};

pub(crate) use call::ReservedPlace;
pub(crate) use handle::check_offer;
pub(crate) use start::SupervisorStart;
pub(crate) use walk::{AskChildren, KeptAlive};
