//! What the crates beside the library's own do with a tree and with signals, such as the demo.
//!
//! No promise of stability covers what is in here.

#[cfg(feature = "signals")]
pub use crate::app::{ExitTeller, exit_teller};
pub use rootward_core::sibling::*;
#[cfg(feature = "signals")]
pub use rootward_signals::sibling::*;
