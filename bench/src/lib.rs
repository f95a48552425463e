//! Rootward beside what its users would use instead, and beside what no supervisor can beat.
//!
//! A [metric](metrics) says what is measured, as a trait; a [subject](subjects) says how it is done, by implementing the traits
//! that apply to it. [`command`] brings one of each together, [`side_by_side`] all of them.
//!
//! Absent on purpose: statistics, but for medians of what is repeated within one run. Comparing is the business of [`side_by_side`].

mod command;
mod figure;
mod machine;
mod metrics;
mod programs;
pub mod side_by_side;
mod subjects;

pub use command::main;
