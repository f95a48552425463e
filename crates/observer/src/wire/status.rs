//! How a child ended.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::is_false;

/// How a child ended, exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum Status {
    /// A task or an actor came to its end without an error.
    Ended {
        /// Always `true`.
        ok: bool,
        /// Whether it ended because its work is over or because it was told to.
        #[serde(default, skip_serializing_if = "is_false")]
        shutdown: bool,
    },
    /// A task or an actor returned an error.
    Failed {
        /// The error and its sources.
        error: String,
    },
    /// A task, an actor or a supervisor panicked.
    Panicked {
        /// The panic's message.
        panic: String,
        /// File and line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        location: Option<String>,
        /// The calls that led there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        backtrace: Option<String>,
    },
    /// A task or an actor was aborted before it came to an end.
    Aborted {
        /// Always `true`.
        aborted: bool,
    },
    /// A process exited by itself.
    Code {
        /// Its exit code.
        code: i32,
        /// Whether its description counts this code as a success, although it is not 0.
        #[serde(default, skip_serializing_if = "is_false")]
        success: bool,
    },
    /// A process was ended by a signal.
    Signal {
        /// The signal's name, such as `SIGKILL`.
        signal: String,
        /// Whether the system wrote a core image.
        #[serde(default, skip_serializing_if = "is_false")]
        core_dumped: bool,
        /// Whether its cgroup says that the system has killed one of its processes because there was no memory left.
        #[serde(default, skip_serializing_if = "is_false")]
        out_of_memory: bool,
        /// Whether its description counts this as a success.
        #[serde(default, skip_serializing_if = "is_false")]
        success: bool,
    },
    /// How it ended cannot be known any more.
    Unknown {
        /// Always `true`.
        unknown: bool,
    },
}

impl Status {
    /// Whether it is an end that a supervisor counts as normal.
    pub fn is_normal(&self) -> bool {
        match self {
            Self::Ended { .. } | Self::Code { code: 0, .. } => true,
            Self::Code { success, .. } | Self::Signal { success, .. } => *success,
            Self::Failed { .. } | Self::Panicked { .. } | Self::Aborted { .. } | Self::Unknown { .. } => {
                false
            }
        }
    }

    /// How much text is in it.
    pub(crate) fn text_len(&self) -> usize {
        match self {
            Self::Failed { error } => error.len(),
            Self::Panicked { panic, backtrace, .. } => {
                panic.len() + backtrace.as_ref().map_or(0, String::len)
            }
            Self::Ended { .. }
            | Self::Aborted { .. }
            | Self::Code { .. }
            | Self::Signal { .. }
            | Self::Unknown { .. } => 0,
        }
    }
}

/// Whether a child went when it was stopped, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It ended within its grace.
    Graceful,
    /// It ended because it was killed, aborted or otherwise forced.
    Killed,
    /// It had ended before the stop came to it, or could not be started.
    AlreadyGone,
    /// It could not be brought down before the deadline.
    Unreapable,
}

/// What a process left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Straggler {
    /// Its process id.
    pub pid: u32,
    /// What it ran.
    pub command: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// In a few words, for people.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { shutdown: false, .. } => f.write_str("ended normally"),
            Self::Ended { shutdown: true, .. } => f.write_str("shut down"),
            Self::Failed { error } => write!(f, "failed: {error}"),
            Self::Panicked { panic, location: None, .. } => write!(f, "panicked: {panic}"),
            Self::Panicked { panic, location: Some(location), .. } => {
                write!(f, "panicked: {panic} at {location}")
            }
            Self::Aborted { .. } => f.write_str("aborted"),
            Self::Code { code, success } => write!(f, "exit code {code}{}", counted(*success)),
            Self::Signal { signal, core_dumped, out_of_memory, success } => {
                let why = match (out_of_memory, core_dumped) {
                    (true, _) => " (out of memory)",
                    (false, true) => " (core dumped)",
                    (false, false) => "",
                };
                write!(f, "killed by {signal}{why}{}", counted(*success))
            }
            Self::Unknown { .. } => f.write_str("gone, status unknown"),
        }
    }
}

fn counted(success: bool) -> &'static str {
    if success { ", which counts as a success" } else { "" }
}
