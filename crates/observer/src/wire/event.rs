//! An event of a tree, in the form in which `rootward-demo --events` writes it as well.

use serde::{Deserialize, Serialize};

use super::{Kind, Outcome, Status, Straggler, is_false};

/// Something that happened in a tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Event {
    /// Counts the tree's events: 1, 2, 3 and so on, without gaps.
    pub seq: u64,
    /// How long after the root began, in seconds.
    pub at: f64,
    /// When, on the wall clock: RFC 3339, in UTC.
    pub time: String,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
    /// The child it happened to: the ids from the root down to it, joined by `/`.
    pub path: String,
    /// Which start of that child, from 1.
    pub incarnation: u32,
    /// What that child is.
    pub kind: Kind,
}

/// What happened to a child. `event` has the name of the variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum What {
    /// Its supervisor begins to start it.
    Starting,
    /// It runs, and is ready if it has a way to say so.
    Started {
        /// Its process id, if it is a process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pid: Option<u32>,
    },
    /// It could not be started.
    StartFailed {
        /// Why, on one line.
        error: String,
        /// What it left behind and what became of that.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stragglers: Vec<Straggler>,
    },
    /// It had nothing to run, and that is fine.
    Ignored,
    /// It ended by itself.
    Exited {
        /// How. Supervisors have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<Status>,
        /// What it left behind and what became of that.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stragglers: Vec<Straggler>,
        /// What would help, if it ended in a way that is seldom meant: it has gone to the background.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// A new start is due.
    Restarting {
        /// Counts from 1 since the child last ran well.
        attempt: u32,
        /// How long the start is put off.
        delay_ms: u64,
    },
    /// This supervisor used up its restart intensity.
    GaveUp {
        /// How many restarts it was allowed.
        restarts: u32,
        /// Within what time.
        within_ms: u64,
    },
    /// A signal reached the root.
    Signal {
        /// The signal's name, such as `SIGTERM`.
        signal: String,
        /// What it means for the tree: `stop`, `force`, `leave`, `snapshot`, `ignore`.
        action: String,
    },
    /// It was asked to stop.
    Stopping {
        /// Why: `signal`, `api`, `parent`, `sibling`, `gave_up` and others.
        cause: String,
        /// The signal with which it was asked, if it is a process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<String>,
        /// How long it has until it is forced, if there is a limit; of the root, until the deadline of the whole stop.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grace_ms: Option<u64>,
    },
    /// The next step of a stop that has several.
    Asked {
        /// With what it is asked: a signal and what gets it, or `stop command`.
        with: String,
        /// How long after the first step.
        elapsed_ms: u64,
        /// Why the command that was to ask it has failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// Its grace ended, or it was forced.
    Escalated {
        /// What is done to it now: `SIGKILL`, `abort`, `force`.
        to: String,
    },
    /// It is gone, and everything below it: the acknowledgement.
    Stopped {
        /// Whether it went as it should.
        outcome: Outcome,
        /// How it ended. Supervisors have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<Status>,
        /// From the request to now.
        elapsed_ms: u64,
        /// What it left behind and what became of that.
        #[serde(default)]
        stragglers: Vec<Straggler>,
    },
    /// The tree has been asked to stop, and goes on as it is for its drain delay. Of the root alone.
    Draining {
        /// Why.
        cause: String,
        /// For how long at most.
        delay_ms: u64,
    },
    /// An attempt to start it has failed for a reason that may pass. The start goes on.
    Retrying {
        /// Why, on one line.
        error: String,
        /// Which attempt has failed, from 1.
        attempt: u32,
        /// How long until the next one.
        delay_ms: u64,
    },
    /// It has not started for ten seconds. Its start goes on.
    NotReady {
        /// For how long.
        elapsed_ms: u64,
    },
    /// It has not yielded for longer than the tree's threshold.
    Stalled {
        /// For how long.
        elapsed_ms: u64,
        /// On which thread.
        thread: String,
    },
    /// What a task has taken in as its guest has panicked, such as a connection of a server. The task goes on.
    GuestPanicked {
        /// What the panic said.
        panic: String,
        /// Where, as file and line, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        location: Option<String>,
        /// The calls that led there, if they are known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        backtrace: Option<String>,
    },
    /// Something weaker than what was asked for, or than what is usual, is in force.
    Degraded {
        /// What: `containment`.
        what: String,
        /// What is in force and why, on one line.
        reason: String,
    },
    /// It has told something of itself through systemd's notify protocol.
    Notified {
        /// What it is doing, in its own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
        /// Whether it has begun to stop.
        #[serde(default, skip_serializing_if = "is_false")]
        stopping: bool,
        /// Whether it reads its configuration again.
        #[serde(default, skip_serializing_if = "is_false")]
        reloading: bool,
        /// When it began to do that, in microseconds of the system's monotonic clock, if it has said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        monotonic_usec: Option<u64>,
        /// Whether it has done that, and is ready again.
        #[serde(default, skip_serializing_if = "is_false")]
        reloaded: bool,
        /// Which process it calls its main process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        main_pid: Option<u32>,
        /// The system's number of the error that it has met.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errno: Option<i32>,
        /// With which code it is about to exit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_status: Option<i32>,
    },
    /// A health check has failed.
    Unhealthy {
        /// What is checked and why that failed, on one line.
        error: String,
        /// How many checks in a row have failed.
        failures: u32,
        /// How many have to fail before it is stopped.
        threshold: u32,
    },
    /// A health check has succeeded, after one that had failed.
    Healthy,
    /// It is made to crash, as an experiment: what follows is its end.
    MadeToCrash {
        /// By what, such as `chaos 3 (seed 7)`.
        by: String,
    },
    /// A signal handler of the program's panicked or took too long. It stands at the root, and changes nothing there.
    HandlerFailed {
        /// Of which signal, such as `SIGHUP`; `snapshot` for the function that shows the snapshot.
        handler: String,
        /// What went wrong, such as `panic: a bug`.
        error: String,
    },
    /// It wrote a line.
    Output {
        /// Where: `stdout` or `stderr`.
        stream: String,
        /// The line, without its end.
        line: String,
        /// Whether the line was cut because it is too long.
        #[serde(default, skip_serializing_if = "is_false")]
        truncated: bool,
        /// Whether bytes that are not UTF-8 were replaced.
        #[serde(default, skip_serializing_if = "is_false")]
        lossy: bool,
        /// Whether this goes on where the line before it of this stream ended.
        #[serde(default, skip_serializing_if = "is_false")]
        continued: bool,
    },
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

impl What {
    /// The name, as `event` has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Started { .. } => "started",
            Self::StartFailed { .. } => "start_failed",
            Self::Ignored => "ignored",
            Self::Exited { .. } => "exited",
            Self::Restarting { .. } => "restarting",
            Self::GaveUp { .. } => "gave_up",
            Self::Signal { .. } => "signal",
            Self::Draining { .. } => "draining",
            Self::Stopping { .. } => "stopping",
            Self::Asked { .. } => "asked",
            Self::Escalated { .. } => "escalated",
            Self::Stopped { .. } => "stopped",
            Self::Retrying { .. } => "retrying",
            Self::NotReady { .. } => "not_ready",
            Self::Stalled { .. } => "stalled",
            Self::GuestPanicked { .. } => "guest_panicked",
            Self::Degraded { .. } => "degraded",
            Self::Notified { .. } => "notified",
            Self::Unhealthy { .. } => "unhealthy",
            Self::Healthy => "healthy",
            Self::MadeToCrash { .. } => "made_to_crash",
            Self::HandlerFailed { .. } => "handler_failed",
            Self::Output { .. } => "output",
            Self::Unknown => "unknown",
        }
    }
}
