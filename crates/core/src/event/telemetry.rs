//! Events as log lines: the only file that logs.
//!
//! | level | what |
//! | --- | --- |
//! | `error` | a supervisor gives up, a start fails |
//! | `warn` | a child ends abnormally, also while it stops, leaves processes, is restarted or forced, is not ready for long |
//! | `warn` | a child does not yield, or does not go; something weaker than what was asked for is in force |
//! | `info` | what else a tree does: children start, are asked to stop and are gone, signals come |
//! | `debug` | a child ends as it should, a process writes a line; of dynamic children also what else is `info` |

use std::fmt;

use tracing::{debug, error, info, warn};

use super::{Event, EventKind};
use crate::child::{Exit, ExitClass};
use crate::child::{Outcome, StopCause, Straggler};
use crate::printable::on_one_line;

pub(super) const TARGET: &str = "rootward";

/// Whether the subscriber takes what processes write. In production it mostly does not.
pub(super) fn hears_output() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::DEBUG)
}

/// A text from outside as a field of a log line: what writes the line may write to a terminal, and ends lines itself.
struct OneLine<T>(T);

impl<T: fmt::Display> fmt::Display for OneLine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&on_one_line(&self.0.to_string()))
    }
}

/// Logs that so many events are not in the log.
pub(super) fn log_lost(events: u64) {
    warn!(target: TARGET, parent: None, { log.lost = events }, "events were not logged");
}

/// Logs an event.
pub(super) fn log(event: &Event) {
    let Event { path, incarnation, child_kind: kind, what, .. } = event;
    macro_rules! line {
        // What children do that come and go is of less interest.
        (usual, $($rest:tt)+) => {
            match path.is_dynamic() {
                true => line!(debug, $($rest)+),
                false => line!(info, $($rest)+),
            }
        };
        // No span: the thread that writes this has nothing to do with what it is about.
        ($level:ident, $message:literal $(, $($field:tt)+)?) => {
            $level!(
                target: TARGET,
                parent: None,
                { child.path = %OneLine(path), child.incarnation = *incarnation, child.kind = %kind $(, $($field)+)? },
                $message
            )
        };
    }
    match what {
        EventKind::Starting => line!(debug, "child is starting"),
        EventKind::Started { pid } => line!(usual, "child started", process.pid = *pid),
        EventKind::StartFailed { error: cause, .. } => {
            line!(error, "child could not be started", start.error = %OneLine(cause));
        }
        EventKind::Ignored => line!(usual, "child had nothing to run"),
        EventKind::Exited { status: Some(status), stragglers } => {
            match is_as_it_should_be(status, stragglers) {
                true => line!(debug, "child ended by itself", exit.reason = %OneLine(status)),
                false => {
                    let left = stragglers.len();
                    let hint = what.hint();
                    line!(
                        warn,
                        "child ended by itself",
                        exit.reason = %OneLine(status),
                        exit.stragglers = left,
                        exit.hint = hint
                    );
                }
            }
        }
        // Why it did is in the line about its stop.
        EventKind::Exited { status: None, .. } => line!(usual, "supervisor ended by itself"),
        EventKind::Restarting { attempt, delay } => {
            let delay_ms = crate::clock::whole_millis(*delay);
            line!(warn, "child is restarted", restart.attempt = *attempt, restart.delay_ms = delay_ms);
        }
        EventKind::GaveUp { restarts, .. } => {
            line!(error, "supervisor used up its restart intensity", restart.max = *restarts);
        }
        EventKind::Signal { signal, action } => {
            line!(info, "signal received", signal.name = %signal, signal.action = ?action);
        }
        EventKind::Stopping { cause, .. } => match is_a_failure(*cause) {
            true => line!(warn, "child is asked to stop", stop.cause = %cause),
            false => line!(usual, "child is asked to stop", stop.cause = %cause),
        },
        EventKind::Asked { with, error: Some(error), .. } => {
            line!(warn, "the stop command failed", stop.asked_with = %OneLine(with), error = %OneLine(error));
        }
        EventKind::Asked { with, .. } => {
            line!(info, "child is asked to stop again", stop.asked_with = %OneLine(with));
        }
        EventKind::Escalated { to } => line!(warn, "child is forced to stop", stop.escalated_to = %to),
        EventKind::Stopped { outcome: outcome @ Outcome::Unreapable, .. } => {
            line!(warn, "child could not be brought down", stop.outcome = %outcome);
        }
        // A process may end as it likes within its grace. A task or an actor that fails has not finished its work.
        EventKind::Stopped {
            outcome,
            status: Some(status @ (Exit::Failed { .. } | Exit::Panicked(_))),
            ..
        } => {
            line!(warn, "child failed while it stopped", stop.outcome = %outcome, exit.reason = %OneLine(status));
        }
        EventKind::Stopped { outcome, .. } => line!(usual, "child is gone", stop.outcome = %outcome),
        EventKind::Retrying { error, attempt, delay } => {
            let delay_ms = crate::clock::whole_millis(*delay);
            line!(
                warn,
                "child cannot be started now and is tried again",
                start.error = %OneLine(error),
                start.attempt = attempt,
                start.delay_ms = delay_ms
            );
        }
        EventKind::Draining { cause, delay } => {
            let delay_ms = crate::clock::whole_millis(*delay);
            line!(info, "tree drains before it stops", stop.cause = %cause, drain.delay_ms = delay_ms);
        }
        EventKind::NotReady { elapsed } => {
            let elapsed_ms = crate::clock::whole_millis(*elapsed);
            line!(warn, "child is not ready", start.elapsed_ms = elapsed_ms);
        }
        EventKind::Unhealthy { error, failures, threshold } => {
            line!(
                warn,
                "child is unhealthy",
                health.error = %OneLine(error),
                health.failures = failures,
                health.threshold = threshold
            );
        }
        EventKind::Healthy => line!(usual, "child is healthy again"),
        EventKind::HandlerFailed { handler, error } => {
            line!(error, "signal handler failed", signal.handler = %OneLine(handler), error = %OneLine(error));
        }
        EventKind::MadeToCrash { by } => line!(warn, "child is made to crash", crash.by = %OneLine(by)),
        EventKind::Stalled { elapsed, thread } => {
            let elapsed_ms = crate::clock::whole_millis(*elapsed);
            line!(warn, "child does not yield", stall.elapsed_ms = elapsed_ms, stall.thread = %OneLine(thread));
        }
        EventKind::GuestPanicked { panic } => {
            line!(error, "a guest of the child panicked", guest.panic = %OneLine(panic))
        }
        EventKind::Degraded { what, reason } => {
            let (what, reason) = (OneLine(what), OneLine(reason));
            line!(warn, "something weaker is in force", degraded.what = %what, degraded.reason = %reason);
        }
        EventKind::Notified(notice) => {
            let said = notice.status.as_deref().unwrap_or_default();
            line!(debug, "child told of itself", notify.status = %OneLine(said), notify.stopping = notice.stopping);
        }
        EventKind::Output { stream, line: text, .. } => {
            line!(debug, "child wrote a line", output.stream = %stream, output.line = %OneLine(text));
        }
    }
}

/// Whether the end of a child that ended by itself is in order.
fn is_as_it_should_be(status: &Exit, stragglers: &[Straggler]) -> bool {
    status.class() == ExitClass::Normal && stragglers.is_empty()
}

/// Whether a stop for this cause says that something is wrong that no other line tells of.
fn is_a_failure(cause: StopCause) -> bool {
    match cause {
        StopCause::Failed | StopCause::Uncontained | StopCause::Deadline => true,
        StopCause::Signal(_)
        | StopCause::Api
        | StopCause::Parent
        | StopCause::Sibling
        | StopCause::GaveUp
        | StopCause::AutoShutdown
        | StopCause::StartFailed
        | StopCause::Idle
        | StopCause::Dropped
        | StopCause::Token => false,
    }
}
