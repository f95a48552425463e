//! The system calls that no safe library offers: the only `unsafe` of this crate.
//!
//! Nothing here decides. Each function is one thing the kernel does, with its errors as it gives them.

mod apply;
mod child;
mod closed;
mod constructor;
mod delegated;
mod descriptors;
mod early;
mod extra;
#[cfg(test)]
pub(crate) mod given;
mod host;
mod inherited;
mod notify;
mod own_proc;
mod packet;
mod pidfd;
mod ports;
pub(crate) mod raw;
mod refused;
mod session;
mod slot;
mod spawn;
mod terminal;
mod texts;
mod title;
mod watch;

pub(crate) use child::SpawnStage;
pub use closed::was_closed_at_start;
pub(crate) use constructor::{VARIABLE, is_in_the_program};
pub(crate) use delegated::is_delegated;
pub(crate) use descriptors::{copy_of, leave_descriptors, readable_bytes, try_lock};
pub(crate) use early::{raise, take_noted};
pub(crate) use extra::{Extra, MOST_EXTRA};
pub(crate) use host::{
    Fork, child_signals, fork, fork_blocked, is_packet_socket, leave_home, restore, take_input, take_numbers,
    threads,
};
pub use inherited::raise_descriptor_limit;
pub(crate) use inherited::{CpuSet, Inherited};
pub(crate) use notify::{notify_socket, receive_notice};
pub(crate) use own_proc::{proc_is_foreign, proc_is_ours};
pub(crate) use packet::{file_of, hang_up, pair, receive, send as send_message};
pub(crate) use pidfd::{
    Reap, Status, WaitStatus, has_ended, open, reaped_status, send, send_to_group, send_to_group_number, wait,
};
pub(crate) use ports::begin_elsewhere;
pub(crate) use refused::{is_transient, named_if_refused};
pub(crate) use session::Session;
pub(crate) use slot::{InUse, LONGEST_PAYLOAD, Layout, NewReaper, ReaperJob, ReaperSlot, Surroundings};
pub(crate) use spawn::{Program, SpawnFailure, Spawned, Stack, can_start_in, spawn};
pub(crate) use terminal::{Size, open_terminal, set_terminal_size, terminal_size};
pub(crate) use texts::{HoldsNul, Texts};
pub(crate) use title::rename;
pub(crate) use watch::{Watched, WhichLook, look, watch};
