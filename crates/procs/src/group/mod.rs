//! The set of a process child, as far as containment `group` follows it: a process group and the program that leads it.
//!
//! A [`Group`] is signalled and waited for through the program that leads it, and the [`census`] says who is in it.

mod census;
mod kin;
mod leader;
mod moment;
mod stat;

pub(crate) use census::{Census, Member, Which, census, group_of};
pub(crate) use kin::is_descendant;
pub(crate) use leader::{Group, exit};
pub(crate) use moment::Moment;
