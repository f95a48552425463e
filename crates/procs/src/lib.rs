//! Operating-system processes as children of a rootward supervision tree.
#![cfg(target_os = "linux")]

mod group;
mod launch;
mod policy;
mod process;
mod signal;
mod spec;
mod sys;
mod worker;

pub use launch::SpawnError;
pub use policy::Step;
pub use process::ReadyError;
pub use signal::{Signal, UnknownSignal};
pub use spec::{Output, Process, Ready, ReadyContext, Stdin};

/// How far process children are followed, as snapshots and reports name it.
pub fn containment() -> &'static str {
    "group"
}
