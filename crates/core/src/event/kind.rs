//! What can happen to a child.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap};

use super::Notice;
use crate::child::{Exit, Panic, StopCause};
use crate::child::{Outcome, Straggler};
use crate::clock::whole_millis;

/// What happened to a child: [`Event::what`](crate::Event::what).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// Its supervisor begins to start it.
    Starting,
    /// It runs, and is ready if it has a way to say so.
    Started {
        /// Its process id, if it is a process.
        pid: Option<u32>,
    },
    /// It could not be started. If that was because it took too long, this is all that is told of how the attempt was
    /// ended: `stopping` and `escalated` speak of what runs, or of a start that was called off.
    StartFailed {
        /// Why, on one line.
        error: String,
        /// What it left behind and what became of that.
        stragglers: Vec<Straggler>,
    },
    /// An attempt to start it has failed for a reason that may pass, such as a lack of descriptors or a program that is
    /// being replaced. The start goes on, and is no restart.
    Retrying {
        /// Why, on one line.
        error: String,
        /// Which attempt has failed, from 1.
        attempt: u32,
        /// How long until the next one.
        delay: Duration,
    },
    /// It had nothing to run, and that is fine (OTP's `ignore`).
    Ignored,
    /// It ended by itself.
    Exited {
        /// How. Supervisors have none.
        status: Option<Exit>,
        /// What it left behind and what became of that.
        stragglers: Vec<Straggler>,
    },
    /// It is going to be started again, after `delay`.
    Restarting {
        /// Counts from 1 since the child last ran well.
        attempt: u32,
        /// How long the start is put off.
        delay: Duration,
    },
    /// This supervisor used up its restart intensity.
    GaveUp {
        /// How many restarts it was allowed.
        restarts: u32,
        /// Within what time.
        within: Duration,
    },
    /// A signal reached the root.
    Signal {
        /// The signal's name, such as `SIGTERM`.
        signal: String,
        /// What it means for the tree.
        action: SignalAction,
    },
    /// It has not started for ten seconds: it has not said that it is ready. Its start goes on. Said once for each
    /// start, and not of a supervisor: the child below it that is slow has an event of its own.
    NotReady {
        /// For how long.
        elapsed: Duration,
    },
    /// The tree has been asked to stop, and goes on as it is for its [drain
    /// delay](crate::TreeBuilder::drain_delay), so that no more work is sent to it. Of the root alone.
    Draining {
        /// Why.
        cause: StopCause,
        /// For how long at most.
        delay: Duration,
    },
    /// It was asked to stop.
    Stopping {
        /// Why.
        cause: StopCause,
        /// The signal with which it was asked, if it is a process.
        signal: Option<Cow<'static, str>>,
        /// How long it has until it is forced: its own grace, or what is left of its supervisor's time if that is less.
        /// Zero if it is forced at once, and `None` if there is no limit. The root's is what is left of the deadline of
        /// the whole stop.
        grace: Option<Duration>,
    },
    /// It is a process whose stop has several steps, and this is the next one: the time of the step before is over, or
    /// the command that asks it to stop has failed. The first signal stands in `stopping`.
    Asked {
        /// With what: a signal and what gets it, or `stop command`.
        with: String,
        /// How long after the first step.
        elapsed: Duration,
        /// Why the command has failed, on one line, if it has.
        error: Option<String>,
    },
    /// Its grace ended, or it was forced.
    Escalated {
        /// What is done to it now: `SIGKILL`, `abort`, `force`.
        to: Cow<'static, str>,
    },
    /// It is gone, and everything below it: the acknowledgement.
    Stopped {
        /// Whether it went as it should.
        outcome: Outcome,
        /// How it ended. Supervisors have none.
        status: Option<Exit>,
        /// From the request to now.
        elapsed: Duration,
        /// What it left behind and what became of that.
        stragglers: Vec<Straggler>,
    },
    /// It has not yielded for longer than the tree's threshold. It goes on, and keeps its thread from others.
    Stalled {
        /// For how long, to a tenth of a second.
        elapsed: Duration,
        /// On which thread: its name and the system's number of it.
        thread: String,
    },
    /// A [guest](crate::TaskContext::guest) of it has panicked, such as a connection of a server. The task goes on. If
    /// it had been asked to stop, that is also how it has ended.
    GuestPanicked {
        /// What the panic said and where it happened.
        panic: Panic,
    },
    /// Something weaker than what was asked for, or than what is usual, is in force. It stands at the root, right
    /// after the beginning of its start; or at a process: one from which something was taken later, or the first one of
    /// a tree that was told nothing of processes.
    Degraded {
        /// What: `containment`, `orphans` or `log file`.
        what: Cow<'static, str>,
        /// What is in force and why, on one line.
        reason: String,
    },
    /// It has told something of itself through systemd's notify protocol.
    Notified(Notice),
    /// A health check has failed. When as many in a row have failed as its rule allows, it is stopped, and has ended
    /// abnormally then.
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
    /// A signal handler of the program's panicked, took too long and was dropped, or is not async and still runs beyond
    /// its limit. It stands at the root, and changes nothing there: other handlers are called.
    HandlerFailed {
        /// Of which signal, such as `SIGHUP`; `snapshot` for the function that shows the snapshot.
        handler: String,
        /// What went wrong, such as `panic: a bug`.
        error: String,
    },
    /// It wrote a line, or the beginning of one with which it has not gone on for a tenth of a second.
    Output {
        /// Where.
        stream: OutputStream,
        /// The line, without its end.
        line: String,
        /// Whether the line was cut because it is too long. What follows is the next line of this stream.
        truncated: bool,
        /// Whether bytes that are not UTF-8 were replaced.
        lossy: bool,
        /// Whether this goes on where the line before it of this stream ended: a line that was cut, or one that had
        /// been shown without its end because nothing more of it came for a tenth of a second.
        continued: bool,
    },
}

/// What a signal means for the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignalAction {
    /// Stop in order.
    Stop,
    /// Every grace ends now.
    Force,
    /// One last kill, and the program leaves.
    Leave,
    /// Show the snapshot.
    Snapshot,
    /// Suspend the processes, and the program.
    Suspend,
    /// Have the processes go on.
    Resume,
    /// Nothing: it belongs to a request that has been heard already, or only handlers listen for it.
    Ignore,
}

/// Where a process writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
}

impl EventKind {
    /// The event's name, as its line in a record has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Started { .. } => "started",
            Self::StartFailed { .. } => "start_failed",
            Self::Retrying { .. } => "retrying",
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
            Self::NotReady { .. } => "not_ready",
            Self::Stalled { .. } => "stalled",
            Self::GuestPanicked { .. } => "guest_panicked",
            Self::Degraded { .. } => "degraded",
            Self::Notified(_) => "notified",
            Self::Unhealthy { .. } => "unhealthy",
            Self::Healthy => "healthy",
            Self::MadeToCrash { .. } => "made_to_crash",
            Self::HandlerFailed { .. } => "handler_failed",
            Self::Output { .. } => "output",
        }
    }
}

impl EventKind {
    pub(super) fn serialize_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Starting | Self::Ignored | Self::Healthy => {}
            Self::Started { pid } => optional(map, "pid", pid.as_ref())?,
            Self::StartFailed { error, stragglers } => {
                map.serialize_entry("error", error)?;
                non_empty(map, stragglers)?;
            }
            Self::Retrying { error, attempt, delay } => {
                map.serialize_entry("error", error)?;
                map.serialize_entry("attempt", attempt)?;
                map.serialize_entry("delay_ms", &whole_millis(*delay))?;
            }
            Self::Exited { status, stragglers } => {
                optional(map, "status", status.as_ref())?;
                non_empty(map, stragglers)?;
                optional(map, "hint", self.hint().as_ref())?;
            }
            Self::Restarting { attempt, delay } => {
                map.serialize_entry("attempt", attempt)?;
                map.serialize_entry("delay_ms", &whole_millis(*delay))?;
            }
            Self::GaveUp { restarts, within } => {
                map.serialize_entry("restarts", restarts)?;
                map.serialize_entry("within_ms", &whole_millis(*within))?;
            }
            Self::Signal { signal, action } => {
                map.serialize_entry("signal", signal)?;
                map.serialize_entry("action", action)?;
            }
            Self::Draining { cause, delay } => {
                map.serialize_entry("cause", cause.as_str())?;
                map.serialize_entry("delay_ms", &whole_millis(*delay))?;
            }
            Self::Stopping { cause, signal, grace } => {
                map.serialize_entry("cause", cause.as_str())?;
                optional(map, "signal", signal.as_ref())?;
                optional(map, "grace_ms", grace.map(whole_millis).as_ref())?;
            }
            Self::Asked { with, elapsed, error } => {
                map.serialize_entry("with", with)?;
                map.serialize_entry("elapsed_ms", &whole_millis(*elapsed))?;
                optional(map, "error", error.as_ref())?;
            }
            Self::Escalated { to } => map.serialize_entry("to", to)?,
            Self::Stopped { outcome, status, elapsed, stragglers } => {
                map.serialize_entry("outcome", outcome)?;
                optional(map, "status", status.as_ref())?;
                map.serialize_entry("elapsed_ms", &whole_millis(*elapsed))?;
                map.serialize_entry("stragglers", stragglers)?;
            }
            Self::NotReady { elapsed } => map.serialize_entry("elapsed_ms", &whole_millis(*elapsed))?,
            Self::Stalled { elapsed, thread } => {
                map.serialize_entry("elapsed_ms", &whole_millis(*elapsed))?;
                map.serialize_entry("thread", thread)?;
            }
            Self::GuestPanicked { panic } => {
                let Panic { message, location, backtrace } = panic;
                map.serialize_entry("panic", message)?;
                optional(map, "location", location.as_ref())?;
                optional(map, "backtrace", backtrace.as_ref())?;
            }
            Self::Degraded { what, reason } => {
                map.serialize_entry("what", what)?;
                map.serialize_entry("reason", reason)?;
            }
            Self::MadeToCrash { by } => map.serialize_entry("by", by)?,
            Self::HandlerFailed { handler, error } => {
                map.serialize_entry("handler", handler)?;
                map.serialize_entry("error", error)?;
            }
            Self::Notified(notice) => notice.serialize_fields(map)?,
            Self::Unhealthy { error, failures, threshold } => {
                map.serialize_entry("error", error)?;
                map.serialize_entry("failures", failures)?;
                map.serialize_entry("threshold", threshold)?;
            }
            Self::Output { stream, line, truncated, lossy, continued } => {
                map.serialize_entry("stream", stream)?;
                map.serialize_entry("line", line)?;
                optional(map, "truncated", truncated.then_some(&true))?;
                optional(map, "lossy", lossy.then_some(&true))?;
                optional(map, "continued", continued.then_some(&true))?;
            }
        }
        Ok(())
    }
}

fn optional<M: SerializeMap, T: Serialize>(
    map: &mut M,
    key: &str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    match value {
        Some(value) => map.serialize_entry(key, value),
        None => Ok(()),
    }
}

fn non_empty<M: SerializeMap>(map: &mut M, stragglers: &[Straggler]) -> Result<(), M::Error> {
    match stragglers {
        [] => Ok(()),
        _ => map.serialize_entry("stragglers", stragglers),
    }
}

impl fmt::Display for OutputStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        })
    }
}
