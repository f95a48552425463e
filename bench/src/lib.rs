//! Rootward beside what its users would use instead, and beside what no supervisor can beat.
//!
//! A [metric](metrics) says what is measured, as a trait; a [subject](subjects) says how it is done, by implementing
//! the traits that apply to it. [`command`] brings one of each together, [`side_by_side`] all of them.
//!
//! Absent on purpose: statistics, except for medians of what is repeated within one run. [`side_by_side`] compares.

mod command;
mod figure;
mod machine;
mod metrics;
mod programs;
pub mod side_by_side;
mod subjects;

pub use command::main;
