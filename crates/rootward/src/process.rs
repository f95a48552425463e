//! Operating-system processes as children.
//!
//! Everything about them beside [`Process`]: readiness, streams, the stop ladder, containment, the
//! warden, and their errors. `Signal` is the same type as at the root of this crate.

#[doc(inline)]
pub use rootward_procs::*;
