//! An event of every kind with every field, for what has to know all of them.

use super::{Event, Kind, Outcome, Status, Straggler, What};

/// What events of every kind say, each with every field that it can have.
pub(crate) fn every_kind() -> Vec<What> {
    std::iter::successors(Some(What::Starting), next).collect()
}

/// The same as events of a tree.
pub(crate) fn every_event() -> Vec<Event> {
    let events = every_kind().into_iter().zip(1_u32..);
    let event = |(what, n): (What, u32)| Event {
        seq: n.into(),
        at: f64::from(n) / 4.0,
        time: format!("2026-01-01T00:00:{n:02}.000Z"),
        what,
        path: "root/web/worker".to_owned(),
        incarnation: n,
        kind: Kind::Process,
    };
    events.map(event).collect()
}

/// The kind after this one. A new kind has to find its place here, because the match names each.
fn next(what: &What) -> Option<What> {
    let text = |text: &str| text.to_owned();
    let stragglers =
        || vec![Straggler { pid: 4712, command: "sleep 1000".to_owned(), outcome: Outcome::Killed }];
    Some(match what {
        What::Starting => What::Started { pid: Some(4711) },
        What::Started { .. } => What::StartFailed { error: text("no such file"), stragglers: stragglers() },
        What::StartFailed { .. } => What::Ignored,
        What::Ignored => {
            let status = Status::Signal {
                signal: text("SIGKILL"),
                core_dumped: true,
                out_of_memory: true,
                success: true,
            };
            What::Exited {
                status: Some(status),
                stragglers: stragglers(),
                hint: Some(text("it seems to have gone to the background")),
            }
        }
        What::Exited { .. } => What::Restarting { attempt: 3, delay_ms: 4200 },
        What::Restarting { .. } => What::GaveUp { restarts: 3, within_ms: 5000 },
        What::GaveUp { .. } => What::Signal { signal: text("SIGTERM"), action: text("stop") },
        What::Signal { .. } => {
            What::Stopping { cause: text("signal"), signal: Some(text("SIGTERM")), grace_ms: Some(5000) }
        }
        What::Stopping { .. } => What::Asked {
            with: text("SIGINT to the group"),
            elapsed_ms: 1000,
            error: Some(text("the stop command failed: exit code 1")),
        },
        What::Asked { .. } => What::Escalated { to: text("SIGKILL") },
        What::Escalated { .. } => What::Stopped {
            outcome: Outcome::Killed,
            status: Some(Status::Code { code: 3, success: true }),
            elapsed_ms: 5001,
            stragglers: stragglers(),
        },
        What::Stopped { .. } => What::Draining { cause: text("signal"), delay_ms: 10_000 },
        What::Draining { .. } => What::Retrying { error: text("refused"), attempt: 2, delay_ms: 100 },
        What::Retrying { .. } => What::NotReady { elapsed_ms: 10_000 },
        What::NotReady { .. } => What::Stalled { elapsed_ms: 1000, thread: text("worker-1") },
        What::Stalled { .. } => What::GuestPanicked {
            panic: text("index out of bounds"),
            location: Some(text("src/shop.rs:12")),
            backtrace: Some(text("0: shop::order")),
        },
        What::GuestPanicked { .. } => {
            What::Degraded { what: text("containment"), reason: text("group: there is no warden") }
        }
        What::Degraded { .. } => What::Notified {
            said: Some(text("serving")),
            stopping: true,
            reloading: true,
            monotonic_usec: Some(86_400_000_000),
            reloaded: true,
            main_pid: Some(4713),
            errno: Some(2),
            exit_status: Some(3),
        },
        What::Notified { .. } => {
            What::Unhealthy { error: text("tcp 127.0.0.1:80: refused"), failures: 1, threshold: 3 }
        }
        What::Unhealthy { .. } => What::Healthy,
        What::Healthy => What::MadeToCrash { by: text("chaos 3 (seed 7)") },
        What::MadeToCrash { .. } => {
            What::HandlerFailed { handler: text("SIGHUP"), error: text("panic: a bug") }
        }
        What::HandlerFailed { .. } => What::Output {
            stream: text("stderr"),
            line: text("a line"),
            truncated: true,
            lossy: true,
            continued: true,
        },
        What::Output { .. } => What::Unknown,
        What::Unknown => return None,
    })
}
