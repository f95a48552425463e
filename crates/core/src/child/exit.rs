//! How a child ended.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::Signal;

/// Says how a child ended, exactly.
///
/// It serialises as the `status` of events and reports: `{"ok":true}`, `{"error":"…"}`,
/// `{"panic":"…","location":"…","backtrace":"…"}`, `{"aborted":true}`, `{"code":0}` or `{"signal":"SIGKILL"}`, with
/// `"core_dumped":true` or `"out_of_memory":true` beside it. What counts as a success has `"success":true` beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// A task or an actor came to its end without an error.
    Normal,
    /// The child ended because its work is over or because it was told to: OTP's reasons `shutdown` and
    /// `{shutdown, _}`. A supervisor that gave up ends in this way too, so that a transient one stays down.
    Shutdown,
    /// A task or an actor returned an error.
    Failed {
        /// The error and its sources, from the outside in, separated by `: `.
        error: String,
    },
    /// A task, an actor or a supervisor panicked.
    Panicked(Panic),
    /// A task or an actor was aborted before it came to an end.
    Aborted,
    /// A process exited by itself.
    Code(i32),
    /// A process was ended by a signal.
    Signal {
        /// The signal's name, such as `SIGKILL`.
        name: String,
        /// The signal's number on this system.
        number: i32,
        /// Whether the system wrote a core image.
        core_dumped: bool,
        /// Whether its cgroup says that the system has killed one of its processes because there was no memory left.
        /// Where there is no such cgroup, this is not known, and `false`.
        out_of_memory: bool,
    },
    /// A process ended in a way that its description counts as a success, although it usually is none: an exit code
    /// other than 0, or a signal.
    Success {
        /// How it ended.
        exit: Box<Exit>,
    },
    /// The child is gone, and how it ended cannot be known any more: other code took the process's exit status.
    Unknown,
}

/// Says what a panic said and where it happened. Displayed, it leaves the backtrace out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Panic {
    /// The panic's message, or a placeholder if its payload is not a text.
    #[serde(rename = "panic")]
    pub message: String,
    /// File and line (`src/x.rs:12`). Known if [`capture_panics`](crate::capture_panics) was called before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The calls that led there, one frame after the other. Known if [`capture_panics`](crate::capture_panics) was
    /// called before and backtraces are enabled by `RUST_BACKTRACE` or `RUST_LIB_BACKTRACE`, as [`std::backtrace`]
    /// says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backtrace: Option<String>,
}

/// What a restart decision needs to know of an [`Exit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitClass {
    /// OTP's reasons `normal`, `shutdown` and `{shutdown, _}`; exit code 0, and what else a process's description
    /// counts as a success.
    Normal,
    /// Everything else.
    Abnormal,
}

impl Exit {
    /// Whether this exit counts as normal or abnormal when a [`Restart::Transient`](crate::Restart::Transient) child
    /// ends by itself.
    pub fn class(&self) -> ExitClass {
        // OTP rule 17: which reasons leave a transient child down.
        match self {
            Self::Normal | Self::Shutdown | Self::Code(0) | Self::Success { .. } => ExitClass::Normal,
            Self::Failed { .. }
            | Self::Panicked(_)
            | Self::Aborted
            | Self::Code(_)
            | Self::Signal { .. }
            | Self::Unknown => ExitClass::Abnormal,
        }
    }

    /// How it ended, whether that counts as a success or not.
    pub fn plain(&self) -> &Self {
        if let Self::Success { exit } = self { exit.plain() } else { self }
    }

    /// The same, as a success.
    #[must_use]
    pub fn into_success(self) -> Self {
        match self {
            Self::Normal | Self::Shutdown | Self::Code(0) | Self::Success { .. } => self,
            Self::Failed { .. }
            | Self::Panicked(_)
            | Self::Aborted
            | Self::Code(_)
            | Self::Signal { .. }
            | Self::Unknown => Self::Success { exit: Box::new(self) },
        }
    }

    /// Whether a process has ended as programs do because of a stop signal: it has died of it, has left with the exit
    /// code that stands for it, or has handled it and left with 0.
    pub(crate) fn may_be_a_stop(&self) -> bool {
        let stops = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM].map(Signal::number);
        match self {
            Self::Signal { number, .. } => stops.contains(number),
            Self::Code(code) => *code == 0 || stops.contains(&(code - 128)),
            Self::Success { exit } => exit.may_be_a_stop(),
            Self::Normal
            | Self::Shutdown
            | Self::Failed { .. }
            | Self::Panicked(_)
            | Self::Aborted
            | Self::Unknown => false,
        }
    }

    /// This exit, and then a panic while what had ended was dropped. It hides an ordinary end, but not the panic that
    /// came first.
    pub(crate) fn and_then_panicked(self, panic: Panic) -> Self {
        match self {
            Self::Panicked(_) => self,
            Self::Normal
            | Self::Shutdown
            | Self::Failed { .. }
            | Self::Aborted
            | Self::Code(_)
            | Self::Signal { .. }
            | Self::Success { .. }
            | Self::Unknown => Self::Panicked(panic),
        }
    }
}

impl Panic {
    /// A panic with this message, at an unknown place.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), location: None, backtrace: None }
    }

    /// Adds the place where it happened.
    #[must_use]
    pub fn at(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("ended normally"),
            Self::Shutdown => f.write_str("shut down"),
            Self::Failed { error } => write!(f, "failed: {error}"),
            Self::Panicked(panic) => write!(f, "panicked: {panic}"),
            Self::Aborted => f.write_str("aborted"),
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal { name, out_of_memory: true, .. } => write!(f, "killed by {name} (out of memory)"),
            Self::Signal { name, core_dumped: false, .. } => write!(f, "killed by {name}"),
            Self::Signal { name, core_dumped: true, .. } => write!(f, "killed by {name} (core dumped)"),
            Self::Success { exit } => write!(f, "{exit}, which counts as a success"),
            Self::Unknown => f.write_str("gone, status unknown"),
        }
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Some(location) => write!(f, "{} at {location}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl Serialize for Exit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Panicked(panic) = self {
            return panic.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        match self.plain() {
            // Written above.
            Self::Panicked(_) | Self::Success { .. } => {}
            Self::Normal => map.serialize_entry("ok", &true)?,
            Self::Shutdown => {
                map.serialize_entry("ok", &true)?;
                map.serialize_entry("shutdown", &true)?;
            }
            Self::Failed { error } => map.serialize_entry("error", error)?,
            Self::Aborted => map.serialize_entry("aborted", &true)?,
            Self::Code(code) => map.serialize_entry("code", code)?,
            Self::Signal { name, core_dumped, out_of_memory, .. } => {
                map.serialize_entry("signal", name)?;
                if *out_of_memory {
                    map.serialize_entry("out_of_memory", &true)?;
                }
                if *core_dumped {
                    map.serialize_entry("core_dumped", &true)?;
                }
            }
            Self::Unknown => map.serialize_entry("unknown", &true)?,
        }
        if let Self::Success { .. } = self {
            map.serialize_entry("success", &true)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_as_a_success_is_normal_and_says_how_it_ended() {
        let exit = Exit::Code(143).into_success();

        assert_eq!((exit.class(), exit.plain()), (ExitClass::Normal, &Exit::Code(143)));
        assert_eq!(exit.to_string(), "exit code 143, which counts as a success");
        assert!(exit.may_be_a_stop());
        assert_eq!(Exit::Code(0).into_success(), Exit::Code(0));
        assert_eq!(exit.clone().into_success(), exit);
    }

    /// OTP rule 17.
    #[test]
    fn only_a_planned_end_and_exit_code_zero_are_normal() {
        let signal =
            Exit::Signal { name: "SIGTERM".into(), number: 15, core_dumped: false, out_of_memory: false };
        let normal = [Exit::Normal, Exit::Shutdown, Exit::Code(0)];
        let abnormal = [
            Exit::Failed { error: "no".into() },
            Exit::Panicked(Panic::new("no")),
            Exit::Aborted,
            Exit::Code(1),
            signal,
            Exit::Unknown,
        ];

        assert!(normal.iter().all(|exit| exit.class() == ExitClass::Normal));
        assert!(abnormal.iter().all(|exit| exit.class() == ExitClass::Abnormal));
    }

    #[test]
    fn an_exit_serialises_as_the_status_of_events_and_reports() {
        let panic = Exit::Panicked(Panic::new("boom").at("src/x.rs:12"));
        let signal =
            Exit::Signal { name: "SIGKILL".into(), number: 9, core_dumped: false, out_of_memory: false };
        let json = |exit: &Exit| serde_json::to_string(exit).unwrap();

        assert_eq!(json(&Exit::Normal), r#"{"ok":true}"#);
        assert_eq!(json(&Exit::Failed { error: "no".into() }), r#"{"error":"no"}"#);
        assert_eq!(json(&panic), r#"{"panic":"boom","location":"src/x.rs:12"}"#);
        assert_eq!(json(&Exit::Aborted), r#"{"aborted":true}"#);
        assert_eq!(json(&Exit::Code(0)), r#"{"code":0}"#);
        assert_eq!(json(&Exit::Code(143).into_success()), r#"{"code":143,"success":true}"#);
        assert_eq!(json(&signal), r#"{"signal":"SIGKILL"}"#);
        let name = "SIGKILL".into();
        let starved = Exit::Signal { name, number: 9, core_dumped: false, out_of_memory: true };
        assert_eq!(json(&starved), r#"{"signal":"SIGKILL","out_of_memory":true}"#);
        assert_eq!(starved.to_string(), "killed by SIGKILL (out of memory)");
    }
}
