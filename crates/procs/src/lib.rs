//! Operating-system processes as children of a rootward supervision tree.
//!
//! [`Process`] describes a program, [`Process::into_child`] makes it a child like any other: it is started in order,
//! restarted by its supervisor's rules, stopped in reverse order, and its stop is acknowledged when it is gone.
//!
//! # A process child is a set
//!
//! A program starts other programs, and they do not end when it does. What has to be gone before a child counts as gone
//! is therefore a set: the program, and what it has started. Three facts about such a set are easily taken for one:
//!
//! - **The program has ended.** The kernel says so at once, with the exact exit code or signal. What the program wrote
//!   before comes before its end in the tree's events.
//! - **Its output has ended.** That happens when every process that holds the pipe has closed it, and a process that
//!   was left behind may hold it for years. Nothing waits for this. The rest is read in the background, until a second
//!   goes by in silence.
//! - **The set is empty.** Only this is the end of the child: now it can be started again, or its stop be acknowledged.
//!
//! If the program has ended and the set is not empty, the others are *stragglers*. They get the stop signal, too, once,
//! and what is left of the grace; then SIGKILL. The event and the report of the end name each of them and say how it
//! went.
//!
//! # Stopping
//!
//! The stop signal goes to the whole set, and SIGCONT after it, so that stopped processes can react. A
//! [`ladder`](Process::ladder) sends several signals with waits between them. When the grace is over, the set gets
//! SIGKILL, and again until it is empty. A process that cannot be killed, because it hangs in the kernel or belongs to
//! another user, is not forgotten: its supervisor reports it as unreapable.
//!
//! # How far a set is followed
//!
//! That is what a tree's [`Containment`] says. At every level
//!
//! - every program leads a group of its own; a process that stays in it is stopped, killed and waited for;
//! - a signal never reaches a process or a group that has got the same number later;
//! - however this program dies, its programs get SIGKILL from the kernel, unless they are set-user-ID programs;
//! - programs begin with default signal dispositions, an empty signal mask and no descriptors but 0, 1 and 2;
//! - programs inherit what `std::process::Command` would give them at that moment: user, groups, capabilities, limits,
//!   file mode mask, nice value and directory of this program, also when it has changed them since.
//!
//! At containment `group` that is all, because a process group cannot deliver more: a descendant that leaves the group,
//! as daemons do, is not followed, and descendants may survive if this program is killed.
//!
//! At containment `tree` a [`Warden`] starts programs. Every descendant of a child belongs to the child, wherever it
//! goes, and all of them die with this program, however that dies. It needs no privileges. A tree that was told nothing
//! has this level from its first process on, wherever there can be a warden.
//!
//! # Orphans
//!
//! A process that loses its parent goes where the system sends it. It comes to process 1, or to a program that adopts
//! orphans, and stays a zombie there unless it is reaped. An [`Init`] above the program reaps it, and never takes the
//! exit of a process that the program has started.
//!
//! # A good guest
//!
//! This crate waits for its own processes only, touches no signal disposition and no signal mask of its host (but in
//! process 1, where signals that come before the program listens are noted until a tree starts), and starts programs
//! without copying the host's address space. Without a warden it has two threads, one that starts programs and one that
//! looks for stragglers, from when they are first needed, and short-lived ones to count stragglers, and to end
//! processes whose runtime was shut down. If the host reaps children that are not its own, or ignores SIGCHLD, an exit
//! may be reported as [`Unknown`](rootward_core::Exit::Unknown), and nothing worse happens. A warden is a child of the
//! host as well: a host that waits for all its children waits for it until its last tree is gone.
//!
//! Linux 5.10 or later. The runtime on which the tree runs needs its I/O and its time driver.

#[cfg(not(target_os = "linux"))]
compile_error!("rootward-procs needs Linux: processes are followed through pidfds");

mod activation;
mod contained;
mod containment;
mod default_containment;
mod group;
mod init;
mod launch;
mod listen_sockets;
mod log_writer;
mod pipes;
mod policy;
mod process;
mod set;
mod shared_containment;
mod shortage;
mod signal;
mod spec;
mod sys;
mod usage;
mod warden;
mod worker;

pub use contained::{Contained, OutputLines, ProgramEnd, ProgramStartError};
pub use containment::Containment;
pub use init::{Init, InitBuilder, InitError};
pub use launch::{DescribedPart, ForeseenFailure, LaunchError};
pub use pipes::{PipeEnds, Pipes, ProcessOutput, ProcessStdin};
pub use policy::{Recipient, Step, visible_text};
pub use process::ReadyError;
pub use rootward_core::{OutputLine, Signal, UnknownSignal};
#[doc(hidden)]
pub use shortage::own_limit_behind;
pub use spec::{
    Health, HttpGet, Limit, LogFile, Output, Process, Ready, ReadyContext, Socket, Stdin, Terminal,
};
pub use sys::{raise_descriptor_limit, was_closed_at_start};
pub use warden::{Warden, WardenError, warden_main};
