//! What the crates beside this one do with signals, and programs do not.
//!
//! No promise of stability covers what is in here.

pub use crate::policy::goes_on;
pub use crate::sys::suspend;
