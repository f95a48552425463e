//! The descriptor numbers of the warden and its reapers.
//!
//!  A reaper begins with a copy of the warden's descriptors and puts its own at the same numbers, so that neither has
//!  to search. No number below [`END`] is ever free: an unused one is `/dev/null`, so that a descriptor that comes with
//!  a message gets a number from `END` on.

/// In the warden its socket, in a reaper its line to the supervisor.
pub(super) const LINE: i32 = 3;
/// A descriptor of the supervisor, readable when that has died.
pub(super) const SUPERVISOR: i32 = 4;
/// Readable when a child has ended.
pub(super) const SIGNALS: i32 = 5;
/// The list of one's own children.
pub(super) const CHILDREN: i32 = 6;
/// The directory of all cgroups, if there are any.
pub(super) const CGROUPS: i32 = 7;
/// In a reaper a descriptor of its program.
pub(super) const PROGRAM: i32 = 8;
/// In a reaper the directory of its own cgroup, if it has one.
pub(super) const OWN_CGROUP: i32 = 9;
/// The first number above all of these.
pub(super) const END: i32 = 10;
