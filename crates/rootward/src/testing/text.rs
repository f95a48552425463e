//! Prints events for the message of a test that fails: one line each.

use std::fmt;

use rootward_core::{Event, EventKind};

/// One event on one line.
pub(super) struct RecordLine<'a>(pub(super) &'a Event);

#[expect(clippy::wildcard_enum_match_arm, reason = "of all other events the name says everything")]
impl fmt::Display for RecordLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Event { seq, at, path, incarnation, what, .. } = self.0;
        write!(f, "{seq:>5} {:>9.3}s  {path} #{incarnation} {}", at.as_secs_f64(), what.name())?;
        match what {
            EventKind::Started { pid: Some(pid) } => write!(f, " · pid {pid}"),
            EventKind::StartFailed { error, .. } => write!(f, " · {error}"),
            EventKind::Exited { status: Some(status), .. } => write!(f, " · {status}"),
            EventKind::Restarting { attempt, delay } => write!(f, " · attempt {attempt}, after {delay:?}"),
            EventKind::GaveUp { restarts, within } => {
                write!(f, " · more than {restarts} restarts within {within:?}")
            }
            EventKind::Signal { signal, .. } => write!(f, " · {signal}"),
            EventKind::Draining { cause, delay } => write!(f, " · {cause}, for {delay:?}"),
            EventKind::Stopping { cause, .. } => write!(f, " · {cause}"),
            EventKind::Asked { with, .. } => write!(f, " · {with}"),
            EventKind::Escalated { to } => write!(f, " · {to}"),
            EventKind::Stopped { outcome, status: Some(status), .. } => write!(f, " · {outcome} · {status}"),
            EventKind::Stopped { outcome, status: None, .. } => write!(f, " · {outcome}"),
            EventKind::Unhealthy { error, failures, threshold } => {
                write!(f, " · {failures} of {threshold} · {error}")
            }
            EventKind::Stalled { elapsed, thread } => write!(f, " · for {elapsed:?} on {thread}"),
            EventKind::HandlerFailed { handler, error } => write!(f, " · {handler}: {error}"),
            EventKind::GuestPanicked { panic } => write!(f, " · {panic}"),
            EventKind::Degraded { what, reason } => write!(f, " · {what}: {reason}"),
            EventKind::Output { stream, line, .. } => write!(f, " · {stream}: {line}"),
            _ => Ok(()),
        }
    }
}
