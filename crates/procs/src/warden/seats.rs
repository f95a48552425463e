//! The places of descriptors in the warden and its reapers.
//!
//! A reaper begins with a copy of the warden's and puts its own into the same places, so that neither has to search.

/// In the warden its socket, in a reaper its line to the supervisor.
pub(super) const LINE: i32 = 3;
/// A descriptor of the supervisor, readable when that has died.
pub(super) const SUPERVISOR: i32 = 4;
/// Readable when a child has ended.
pub(super) const SIGNALS: i32 = 5;
/// The list of one's own children.
pub(super) const CHILDREN: i32 = 6;
/// In the warden the directory of all cgroups, in a reaper that of its own one. It may be missing.
pub(super) const CGROUPS: i32 = 7;
/// In a reaper a descriptor of its program.
pub(super) const PROGRAM: i32 = 8;
/// Behind the last place.
pub(super) const END: i32 = 9;
