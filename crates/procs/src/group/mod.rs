//! The set of a process child, as far as containment `group` follows it: a process group and the program that leads it.
//!
//! A [`Group`] is the only thing in this crate that sends signals or waits for processes. A [`Leash`] sees to it that a group is
//! not forgotten, a [`Grip`] lets the last kill reach it from any thread, and the [`census`] says who is in it.

mod census;
mod grip;
mod leader;
mod leash;
mod moment;

pub(crate) use census::{Census, Member, census, group_of};
pub(crate) use grip::Grip;
pub(crate) use leader::Group;
pub(crate) use leash::Leash;
pub(crate) use moment::Moment;
