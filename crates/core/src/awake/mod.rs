//! How much of the time this program was suspended: a clock that stands still meanwhile.
//!
//! A child that is suspended together with this program can do nothing, and what it did while this program alone was
//! suspended has not been heard of yet. So the times that children have are measured by awake time. It is the system's
//! time without what was lost, and [`policy`] decides what was.
//!
//! A thread looks at the clock in steps as long as a time is waited for, and parks otherwise. It is a thread of its own
//! because it has to know how long it waited for a processor: a busy machine is no suspension.
//!
//! Absent on purpose: tokio, whose clock a test may have paused. `clock.rs` knows of both.

mod policy;
mod reading;
#[cfg(test)]
mod reading_tests;
mod thread;

pub use policy::{AwakeTime, Glance, STEP};
pub use thread::glance;

pub(crate) use thread::{AwakeWait, awake, is_stalled, is_the_systems};
