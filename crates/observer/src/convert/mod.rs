//! What the tree tells, in the form in which it is sent.

mod details;
mod outlook;

use std::time::Duration;

use rootward_core::sibling::Sighting;
use rootward_core::{ChildKind, ChildState, EventKind, Exit, Outcome, OutputStream, SignalAction, Usage};

use crate::model::Seen;
use crate::wire;

/// Seconds with microseconds, as events have them.
#[expect(
    clippy::cast_precision_loss,
    reason = "a tree would have to run for 285 years to lose a microsecond"
)]
pub(crate) fn seconds(at: Duration) -> f64 {
    at.as_micros() as f64 / 1e6
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl From<&rootward_core::Event> for wire::Event {
    fn from(event: &rootward_core::Event) -> Self {
        Self {
            seq: event.seq,
            at: seconds(event.at),
            time: humantime::format_rfc3339_micros(event.time).to_string(),
            what: (&event.what).into(),
            path: event.path.as_str().to_owned(),
            incarnation: event.incarnation,
            kind: event.child_kind.into(),
        }
    }
}

impl From<&Usage> for wire::Usage {
    fn from(usage: &Usage) -> Self {
        Self {
            cpu_ms: millis(usage.cpu),
            memory: usage.memory,
            processes: usage.processes,
            stopped: usage.stopped,
            threads: usage.threads,
            descriptors: usage.descriptors,
            read: usage.read,
            written: usage.written,
        }
    }
}

impl From<&EventKind> for wire::What {
    fn from(what: &EventKind) -> Self {
        match what {
            EventKind::Starting => Self::Starting,
            EventKind::Started { pid } => Self::Started { pid: *pid },
            EventKind::StartFailed { error, stragglers } => Self::StartFailed {
                error: error.clone(),
                stragglers: stragglers.iter().map(Into::into).collect(),
            },
            EventKind::Ignored => Self::Ignored,
            EventKind::Exited { status, stragglers } => Self::Exited {
                status: status.as_ref().map(Into::into),
                stragglers: stragglers.iter().map(Into::into).collect(),
                hint: what.hint().map(str::to_owned),
            },
            EventKind::Restarting { attempt, delay } => {
                Self::Restarting { attempt: *attempt, delay_ms: millis(*delay) }
            }
            EventKind::GaveUp { restarts, within } => {
                Self::GaveUp { restarts: *restarts, within_ms: millis(*within) }
            }
            EventKind::Signal { signal, action } => {
                Self::Signal { signal: signal.clone(), action: action_name(*action).to_owned() }
            }
            EventKind::Draining { cause, delay } => {
                Self::Draining { cause: cause.as_str().to_owned(), delay_ms: millis(*delay) }
            }
            EventKind::Stopping { cause, signal, grace } => Self::Stopping {
                cause: cause.as_str().to_owned(),
                signal: signal.as_ref().map(|signal| signal.clone().into_owned()),
                grace_ms: grace.map(millis),
            },
            EventKind::Asked { with, elapsed, error } => {
                Self::Asked { with: with.clone(), elapsed_ms: millis(*elapsed), error: error.clone() }
            }
            EventKind::Escalated { to } => Self::Escalated { to: to.clone().into_owned() },
            EventKind::Stopped { outcome, status, elapsed, stragglers } => Self::Stopped {
                outcome: (*outcome).into(),
                status: status.as_ref().map(Into::into),
                elapsed_ms: millis(*elapsed),
                stragglers: stragglers.iter().map(Into::into).collect(),
            },
            EventKind::Retrying { error, attempt, delay } => {
                Self::Retrying { error: error.clone(), attempt: *attempt, delay_ms: millis(*delay) }
            }
            EventKind::NotReady { elapsed } => Self::NotReady { elapsed_ms: millis(*elapsed) },
            EventKind::Stalled { elapsed, thread } => {
                Self::Stalled { elapsed_ms: millis(*elapsed), thread: thread.clone() }
            }
            EventKind::HandlerFailed { handler, error } => {
                Self::HandlerFailed { handler: handler.clone(), error: error.clone() }
            }
            EventKind::GuestPanicked { panic } => Self::GuestPanicked {
                panic: panic.message.clone(),
                location: panic.location.clone(),
                backtrace: panic.backtrace.clone(),
            },
            EventKind::Degraded { what, reason } => {
                Self::Degraded { what: what.clone().into_owned(), reason: reason.clone() }
            }
            EventKind::Unhealthy { error, failures, threshold } => {
                Self::Unhealthy { error: error.clone(), failures: *failures, threshold: *threshold }
            }
            EventKind::Healthy => Self::Healthy,
            EventKind::MadeToCrash { by } => Self::MadeToCrash { by: by.clone() },
            EventKind::Notified(notice) => Self::Notified {
                said: notice.status.clone(),
                stopping: notice.stopping,
                reloading: notice.reloading,
                monotonic_usec: notice.monotonic_usec,
                reloaded: notice.reloaded,
                main_pid: notice.main_pid,
                errno: notice.errno,
                exit_status: notice.exit_status,
            },
            EventKind::Output { stream, line, truncated, lossy, continued } => Self::Output {
                stream: stream_name(*stream).to_owned(),
                line: line.clone(),
                truncated: *truncated,
                lossy: *lossy,
                continued: *continued,
            },
            _ => Self::Unknown,
        }
    }
}

fn action_name(action: SignalAction) -> &'static str {
    match action {
        SignalAction::Stop => "stop",
        SignalAction::Force => "force",
        SignalAction::Leave => "leave",
        SignalAction::Snapshot => "snapshot",
        SignalAction::Suspend => "suspend",
        SignalAction::Resume => "resume",
        SignalAction::Ignore => "ignore",
        _ => "unknown",
    }
}

fn stream_name(stream: OutputStream) -> &'static str {
    match stream {
        OutputStream::Stdout => "stdout",
        OutputStream::Stderr => "stderr",
    }
}

impl From<&Exit> for wire::Status {
    fn from(exit: &Exit) -> Self {
        let success = matches!(exit, Exit::Success { .. });
        match exit.plain() {
            Exit::Normal => Self::Ended { ok: true, shutdown: false },
            Exit::Shutdown => Self::Ended { ok: true, shutdown: true },
            Exit::Failed { error } => Self::Failed { error: error.clone() },
            Exit::Panicked(panic) => Self::Panicked {
                panic: panic.message.clone(),
                location: panic.location.clone(),
                backtrace: panic.backtrace.clone(),
            },
            Exit::Aborted => Self::Aborted { aborted: true },
            Exit::Code(code) => Self::Code { code: *code, success },
            Exit::Signal { name, core_dumped, out_of_memory, .. } => Self::Signal {
                signal: name.clone(),
                core_dumped: *core_dumped,
                out_of_memory: *out_of_memory,
                success,
            },
            Exit::Unknown | _ => Self::Unknown { unknown: true },
        }
    }
}

impl From<Outcome> for wire::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Graceful => Self::Graceful,
            Outcome::Killed => Self::Killed,
            Outcome::AlreadyGone => Self::AlreadyGone,
            // The weakest claim, also for what a later version adds.
            Outcome::Unreapable | _ => Self::Unreapable,
        }
    }
}

impl From<&rootward_core::Straggler> for wire::Straggler {
    fn from(straggler: &rootward_core::Straggler) -> Self {
        Self { pid: straggler.pid, command: straggler.command.clone(), outcome: straggler.outcome.into() }
    }
}

impl From<ChildKind> for wire::Kind {
    fn from(kind: ChildKind) -> Self {
        match kind {
            ChildKind::Process => Self::Process,
            ChildKind::Task => Self::Task,
            ChildKind::Actor => Self::Actor,
            ChildKind::Supervisor => Self::Supervisor,
            _ => Self::Unknown,
        }
    }
}

impl From<ChildState> for wire::State {
    fn from(state: ChildState) -> Self {
        match state {
            ChildState::Starting => Self::Starting,
            ChildState::Running => Self::Running,
            ChildState::Stopping => Self::Stopping,
            ChildState::Restarting => Self::Restarting,
            ChildState::Down => Self::Down,
            _ => Self::Unknown,
        }
    }
}

/// What a look at the tree tells of one child.
impl From<&Sighting> for wire::Child {
    fn from(sighting: &Sighting) -> Self {
        let Sighting { node, seen, pending, .. } = sighting;
        Self {
            path: node.path.as_str().to_owned(),
            kind: node.kind.into(),
            state: node.state.into(),
            incarnation: node.incarnation,
            pid: node.pid,
            restarts: node.restarts,
            since: node.since.map(|since| seconds(seen.at.saturating_sub(since))),
            forced: node.forced,
            stop: None,
            draining: pending.map(|pending| {
                let until = seconds(seen.at.saturating_add(pending.left));
                Box::new(wire::Draining { cause: pending.cause.as_str().to_owned(), until })
            }),
            restart: None,
            last_end: None,
            ..wire::Child::with_details(node.details.as_deref(), seen.at)
        }
    }
}

impl From<&Sighting> for Seen {
    fn from(sighting: &Sighting) -> Self {
        Self {
            child: sighting.into(),
            as_of: sighting.seen.as_of,
            at: seconds(sighting.seen.at),
            children_as_of: sighting.children_as_of,
            whole_at: sighting.whole_at,
            is_launching: sighting.is_launching,
        }
    }
}
