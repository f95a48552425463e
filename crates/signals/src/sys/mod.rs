//! The process's signals: what happens when one arrives, and which listeners hear it. The only unsafe code of this
//! crate.
//!
//! Nothing here decides what a signal means, and nothing knows of runtimes.

mod die_by_signal;
mod dispositions;
mod handler;
mod mask;
mod previous;
mod suspend;

pub(crate) use die_by_signal::die_of;
pub(crate) use dispositions::{Dispositions, has_default_effect, is_default, is_ignored, replay_early};
pub(crate) use handler::{arrivals, calm, last_arrival, wakes};
pub(crate) use mask::let_through;
pub use suspend::suspend;
