//! The set of a process child, as far as containment `group` follows it: a process group and the program that leads it.
//!
//! A [`Group`] is signalled and waited for through the program that leads it, and [`list_members`] lists its members.
//! [`listener_at`] says which process listens at an address.

mod descendants;
mod leader;
mod listener;
mod members;
mod process_time;
mod stat;

pub(crate) use descendants::{descendants_of, has_children, is_descendant};
pub(crate) use leader::{Group, exit};
pub(crate) use listener::{ListenerOwner, command_of, listener_at};
pub(crate) use members::{Member, MemberList, Which, group_of, list_members};
pub(crate) use process_time::ProcessTime;
