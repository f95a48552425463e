//! Operating-system processes as children.
//!
//! In a module of their own because two things here are called `Signal`: the one at the root of this crate is
//! a signal that this program receives, and `process::Signal` is one that it sends to a process.

#[doc(inline)]
pub use rootward_procs::*;
