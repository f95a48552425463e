//! Operating-system processes as children.
//!
//! In a module of their own because two names mean something else here than at the root of this crate. A `Signal` there is one
//! that this program receives, and `process::Signal` one that it sends to a process; a `SpawnError` there says why a task could not
//! start a future, and `process::SpawnError` why a program could not be started.

#[doc(inline)]
pub use rootward_procs::*;
