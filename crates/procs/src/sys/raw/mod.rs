//! System calls that touch nothing but their arguments.
//!
//! The C library's functions report errors in `errno`, which is memory. A process that shares its memory with others,
//! as a program does before its exec and as the warden's reapers do all their lives, would write into the `errno` of
//! another process. These calls return their errors, take no lock and allocate nothing.

mod arch;
mod calls;
mod close;
mod identity;
mod message;
mod proc_children;
mod signals;
mod wait;

pub(crate) use arch::SHARES_MEMORY;
pub(super) use arch::clone_onto;
pub(crate) use calls::*;
pub(crate) use close::{close_from, close_from_on_exec, close_from_to, leave_from};
pub(in crate::sys) use identity::{
    bound_capabilities, bounding_and_ambient, capabilities, gain_no_privileges, gains_no_privileges,
    keep_capabilities, raise_ambient, run_on, schedule_by, set_capabilities, set_group_ids, set_groups,
    set_limit, set_mask_of_modes, set_user_ids, take_io_priority, take_nice,
};
pub(crate) use identity::{io_priority, limit, scheduling};
pub(crate) use message::{Blocking, MOST_DESCRIPTORS, receive, send};
pub(crate) use proc_children::{
    for_each_number, has_threads, is_stopped, open_children_of, parent_of, threads_of,
};
pub(crate) use signals::{Taken, take_any_now, take_if_sent, take_signal, take_signal_within, unblock_only};
pub(crate) use wait::{
    ChildrenLeft, Reaped, can_wait, ended_child, ended_or_stopped_child, reap_any, reap_any_or_stopped,
    reap_now, reap_or_stopped,
};

/// An error number of the kernel's.
pub(crate) type Errno = i32;

/// What a call of the kernel returns.
type Result<T> = std::result::Result<T, Errno>;
