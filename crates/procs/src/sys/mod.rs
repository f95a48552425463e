//! The system calls that no safe library offers: the only `unsafe` of this crate.
//!
//! Nothing here decides. Each function is one thing the kernel does, with its errors as it gives them.

mod descriptors;
#[cfg(test)]
pub(crate) mod given;
mod pidfd;
mod pipe;
mod spawn;
mod watch;

pub(crate) use descriptors::leave_descriptors;
pub(crate) use pidfd::{
    Reap, Status, Waited, has_ended, open, reaped_status, send, send_to_group, send_to_group_number, wait,
};
pub(crate) use pipe::readable_bytes;
pub(crate) use spawn::{Failure, Program, Spawned, Stack, Stage, spawn};
pub(crate) use watch::{Watched, watch};
