//! Supervisors: the shell around [`policy`](crate::policy).
//!
//! A supervisor's state is an [`Engine`](engine::Engine) behind a lock. Its ractor actor takes the mail, feeds the machine and
//! does what the machine says. With the actor goes a keeper, which owns the supervisor's life and is dropped last: should the
//! actor fail, the keeper finds state and mail intact, starts an actor over them and stops the children in order.
//!
//! Absent on purpose: ractor's links, `stop_and_wait`, `kill` and exit reasons. None of them waits for what it ends.

mod actor;
mod alarm;
mod build;
mod call;
mod check;
mod dynamic;
mod engine;
mod entry;
mod handle;
mod keeper;
mod partition;
mod survey;

#[cfg(test)]
mod tests;

pub use build::Supervisor;
pub use call::StartedChild;
pub use check::{SpecError, SpecProblem};
pub use dynamic::DynamicSupervisor;
pub use handle::{
    ChildCount, DeleteChildError, RestartChildError, StartChildError, SupervisorHandle, TerminateChildError,
};

pub use partition::{PartitionSupervisor, ResizeError};

pub(crate) use call::Call;

pub(crate) use handle::check_offer;
pub(crate) use keeper::SupervisorStart;
