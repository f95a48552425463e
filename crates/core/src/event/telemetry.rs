//! Events as log lines: the only file that logs.
//!
//! Levels: what a healthy tree does is `info`, what a process writes is `debug`, a restart, an escalation or a
//! degradation is `warn`, and a supervisor that gives up or a start that fails is `error`.

use tracing::{debug, error, info, warn};

use super::{Event, EventKind};

pub(super) const TARGET: &str = "rootward";

/// Whether anybody reads the log at all. A cheap question, asked before an event is made.
pub(crate) fn listens() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::ERROR)
}

/// Whether anybody reads what processes write. A log in production mostly does not.
pub(super) fn hears_output() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::DEBUG)
}

pub(crate) fn log(event: &Event) {
    let Event { path, incarnation, kind, what, .. } = event;
    macro_rules! line {
        ($level:ident, $message:literal $(, $($field:tt)+)?) => {
            $level!(
                target: TARGET,
                { child.path = %path, child.incarnation = *incarnation, child.kind = %kind $(, $($field)+)? },
                $message
            )
        };
    }
    match what {
        EventKind::Starting => line!(debug, "child is starting"),
        EventKind::Started { pid } => line!(info, "child started", process.pid = *pid),
        EventKind::StartFailed { error: cause } => {
            line!(error, "child could not be started", start.error = %cause);
        }
        EventKind::Ignored => line!(info, "child had nothing to run"),
        EventKind::Exited { status: Some(status), .. } => {
            line!(warn, "child ended by itself", exit.reason = %status);
        }
        EventKind::Exited { status: None, .. } => line!(warn, "child ended by itself"),
        EventKind::Restarting { attempt, delay } => {
            let delay_ms = crate::report::whole_millis(*delay);
            line!(warn, "child is restarted", restart.attempt = *attempt, restart.delay_ms = delay_ms);
        }
        EventKind::GaveUp { restarts, .. } => {
            line!(error, "supervisor used up its restart intensity", restart.max = *restarts);
        }
        EventKind::Signal { signal, action } => {
            line!(info, "signal received", signal.name = %signal, signal.action = ?action);
        }
        EventKind::Stopping { cause, .. } => line!(info, "child is asked to stop", stop.cause = %cause),
        EventKind::Escalated { to } => line!(warn, "child is forced to stop", stop.escalated_to = %to),
        EventKind::Stopped { outcome, .. } => line!(info, "child is gone", stop.outcome = %outcome),
        EventKind::Stalled { elapsed, thread } => {
            let elapsed_ms = crate::report::whole_millis(*elapsed);
            line!(warn, "child does not yield", stall.elapsed_ms = elapsed_ms, stall.thread = %thread);
        }
        EventKind::Degraded { what, reason } => {
            line!(warn, "something weaker is in force", degraded.what = %what, degraded.reason = %reason);
        }
        EventKind::Output { stream, line: text, .. } => {
            line!(debug, "child wrote a line", output.stream = %stream, output.line = %text);
        }
    }
}
