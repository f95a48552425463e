//! Operating-system processes as children.
//!
//! In a module of their own because one name means something else here than at the root of this crate: a `Signal`
//! there is one that this program receives, and `process::Signal` one that it sends to a process.

#[doc(inline)]
pub use rootward_procs::*;
