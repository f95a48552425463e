//! A process child: its owner, which decides, and its sensors, which see.
//!
//! Every incarnation has an [`owner`]: a ractor actor whose state holds the machine of the process's
//! [`Life`](crate::policy::Life), the set of processes, and the right to report to the supervisor. It hears messages
//! through its own mailbox: what the supervisor asks, and facts from its sensors. A [`sensor`] is a task that owns the
//! descriptors it waits for and tells what it has seen; it decides nothing. One waits for the launcher's answer, for
//! the end of the process and of its set, and reads the outputs. Others exist only while they are needed: a readiness
//! [`check`], an [`alarm`], and the sensors of [members](member_sensors) that were left behind.
//!
//! What a process wrote is in the record before its end is told, because one sensor reads the one and sees the other. A
//! panic in the user's code is caught where that is called. Should the handling of a message panic, the set is killed.
//! Should the owner be dropped with its runtime, the [`KillOnDrop`](crate::set::KillOnDrop) kills and reaps. The
//! supervisor hears of the end when nothing is left.
//!
//! Absent on purpose: decisions outside of [`policy`](crate::policy), and waiting for the end of an output: a process
//! that has ended may have lent its pipes to one that lives on.

mod alarm;
mod check;
mod end;
mod error;
mod health;
mod health_state;
mod into_child;
mod launching;
mod member_sensors;
mod member_tracker;
mod message;
mod newline;
mod notices;
mod output_pump;
mod outputs;
mod owner;
mod panics;
mod path_state;
mod probe;
mod remaining_members;
mod sensor;
mod shown;
mod start;
mod start_log;
mod stop_command;
mod stragglers;
#[cfg(test)]
mod tests;

pub use error::ReadyError;
pub(crate) use start::StartProcess;
