//! Pure: what an event says in a few words, and how bad it is.

use rootward_observer::wire::{Child, Draining, Event, Outcome, Status, Straggler, What};

use super::text::{brief, safe};
use crate::view::notified;

/// How much an event asks to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// A line that a process wrote.
    Output,
    /// It is as it should be.
    Usual,
    /// It ended by itself, is started again, or had to be asked twice.
    Notice,
    /// It failed.
    Bad,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventText {
    pub(crate) level: Level,
    /// One sign that says in which direction it goes.
    pub(crate) sign: char,
    pub(crate) text: String,
}

/// How an event is shown. Everything in it that comes from outside is harmless.
pub(crate) fn say(event: &Event) -> EventText {
    let (sign, text) = match &event.what {
        What::Starting if event.incarnation > 1 => ('→', format!("starting, number {}", event.incarnation)),
        What::Starting => ('→', "starting".to_owned()),
        What::Started { pid: Some(pid) } => ('●', format!("running · pid {pid}")),
        What::Started { pid: None } => ('●', "running".to_owned()),
        What::StartFailed { error, stragglers } => {
            ('✗', format!("could not be started: {error}{}", left(stragglers)))
        }
        What::Retrying { error, attempt, .. } => {
            ('↻', format!("attempt {attempt} to start it has failed: {error}"))
        }
        What::Ignored => ('○', "has nothing to run".to_owned()),
        What::Exited { status, stragglers, hint } => {
            let how = status.as_ref().map_or_else(|| "ended".to_owned(), ToString::to_string);
            let hint = hint.as_ref().map_or_else(String::new, |hint| format!(" · {hint}"));
            (exit(status.as_ref()).1, format!("{how}{}{hint}", left(stragglers)))
        }
        What::Restarting { attempt, delay_ms: 0 } => ('↻', format!("is started again, attempt {attempt}")),
        What::Restarting { attempt, delay_ms } => {
            ('↻', format!("is started again in {}, attempt {attempt}", millis(*delay_ms)))
        }
        What::GaveUp { restarts, within_ms } => {
            ('✗', format!("gave up: more than {restarts} restarts in {}", millis(*within_ms)))
        }
        What::Signal { signal, action } => ('!', format!("{signal}: {action}")),
        What::Stopping { cause, signal: None, .. } => ('↓', format!("asked to stop · {cause}")),
        What::Stopping { cause, signal: Some(signal), .. } => {
            ('↓', format!("asked to stop with {signal} · {cause}"))
        }
        What::Asked { with, elapsed_ms, error } => {
            let why = error.as_ref().map_or_else(String::new, |error| format!(" · {error}"));
            ('↓', format!("asked with {with} after {}{why}", millis(*elapsed_ms)))
        }
        What::Escalated { to } => ('↓', format!("forced · {to}")),
        What::Stopped { outcome, status, elapsed_ms, stragglers } => {
            let how = status.as_ref().map_or_else(String::new, |status| format!(" · {status}"));
            let words = match outcome {
                Outcome::Graceful => "gone",
                Outcome::AlreadyGone => "was gone already",
                Outcome::Unreapable => "still there",
                Outcome::Killed | _ => "gone by force",
            };
            ('↑', format!("{words} after {}{how}{}", millis(*elapsed_ms), left(stragglers)))
        }
        What::Draining { cause, delay_ms } => {
            ('…', format!("drains for {} before it stops ({cause})", millis(*delay_ms)))
        }
        What::NotReady { elapsed_ms } => ('…', format!("not ready for {}", millis(*elapsed_ms))),
        What::Unhealthy { error, failures, threshold } => {
            ('!', format!("unhealthy {failures}/{threshold} · {error}"))
        }
        What::MadeToCrash { by } => ('✗', format!("is made to crash by {by}")),
        What::Healthy => ('●', "healthy again".to_owned()),
        What::Stalled { elapsed_ms, thread } => {
            ('…', format!("has not yielded for {} on {thread}", millis(*elapsed_ms)))
        }
        What::HandlerFailed { handler, error } => ('!', format!("handler of {handler} failed · {error}")),
        What::GuestPanicked { panic, location, .. } => {
            let at = location.as_ref().map_or_else(String::new, |at| format!(" at {at}"));
            ('✗', format!("a guest panicked · {panic}{at}"))
        }
        What::Degraded { what, reason } => ('!', format!("{what}: {reason}")),
        What::Notified { .. } => ('"', notified(&event.what)),
        What::Output { stream, line, .. } => (if stream == "stderr" { '┆' } else { '│' }, line.clone()),
        What::Unknown | _ => ('?', "something new".to_owned()),
    };
    EventText { level: level_of(event), sign, text: safe(&text) }
}

/// How much an event asks to be looked at, without putting it into words.
pub(crate) fn level_of(event: &Event) -> Level {
    match &event.what {
        What::Output { .. } => Level::Output,
        What::StartFailed { .. }
        | What::GaveUp { .. }
        | What::Stalled { .. }
        | What::HandlerFailed { .. }
        | What::GuestPanicked { .. } => Level::Bad,
        What::Exited { status, .. } => exit(status.as_ref()).0,
        What::Stopped { outcome, .. } => match outcome {
            Outcome::Graceful | Outcome::AlreadyGone => Level::Usual,
            Outcome::Unreapable => Level::Bad,
            Outcome::Killed | _ => Level::Notice,
        },
        What::Retrying { .. }
        | What::Restarting { .. }
        | What::Signal { .. }
        | What::Asked { error: Some(_), .. }
        | What::Escalated { .. }
        | What::Draining { .. }
        | What::NotReady { .. }
        | What::Unhealthy { .. }
        | What::MadeToCrash { .. }
        | What::Degraded { .. } => Level::Notice,
        What::Starting
        | What::Started { .. }
        | What::Ignored
        | What::Stopping { .. }
        | What::Asked { error: None, .. }
        | What::Healthy
        | What::Notified { .. }
        | What::Unknown
        | _ => Level::Usual,
    }
}

/// How a child last ended, in one or two words.
pub(crate) fn end_of(status: Option<&Status>, event: &str, error: Option<&str>) -> String {
    let text = match (status, error) {
        (Some(status), _) => status.to_string(),
        (None, Some(error)) => error.to_owned(),
        (None, None) => event.to_owned(),
    };
    safe(&text)
}

fn exit(status: Option<&Status>) -> (Level, char) {
    match status {
        Some(Status::Ended { .. }) => (Level::Usual, '○'),
        Some(status) if status.is_normal() => (Level::Notice, '○'),
        _ => (Level::Bad, '✗'),
    }
}

fn left(stragglers: &[Straggler]) -> String {
    match stragglers.len() {
        0 => String::new(),
        count => format!(" · left {count} behind"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a time of centuries")]
fn millis(millis: u64) -> String {
    if millis < 1000 { format!("{millis} ms") } else { brief(millis as f64 / 1e3) }
}

/// How much time is left until a child that stops is forced, and how much there was, if there is a limit.
pub(crate) fn time_left(child: &Child, now: f64) -> Option<(f64, f64)> {
    let stop = child.stop.as_ref()?;
    Some((stop.due? - now, stop.due? - stop.at))
}

/// What is said of a stop that is put off.
pub(crate) fn put_off(draining: &Draining, now: f64) -> String {
    format!("stops in {} ({})", brief((draining.until - now).max(0.0)), safe(&draining.cause))
}

#[cfg(test)]
mod tests {
    use rootward_observer::wire::Kind;

    use super::*;

    fn event(what: What) -> Event {
        let (time, path) = (String::new(), "root/a".to_owned());
        Event { seq: 1, at: 0.0, time, what, path, incarnation: 1, kind: Kind::Process }
    }

    #[test]
    fn what_is_bad_is_told_from_what_is_usual() {
        let exited = |code, stragglers, hint| {
            let status = Some(Status::Code { code, success: false });
            What::Exited { status, stragglers, hint }
        };
        let code = |code| exited(code, vec![], None);
        let left = Straggler { pid: 8, command: "worker".to_owned(), outcome: Outcome::Graceful };
        for (what, level, text) in [
            (What::Started { pid: Some(7) }, Level::Usual, "running · pid 7"),
            (code(0), Level::Notice, "exit code 0"),
            (code(1), Level::Bad, "exit code 1"),
            (
                exited(0, vec![left], Some("tell it to stay".to_owned())),
                Level::Notice,
                "exit code 0 · left 1 behind · tell it to stay",
            ),
            (
                What::Restarting { attempt: 2, delay_ms: 1500 },
                Level::Notice,
                "is started again in 1.5s, attempt 2",
            ),
            (What::Escalated { to: "SIGKILL".to_owned() }, Level::Notice, "forced · SIGKILL"),
            (
                What::Notified {
                    said: Some("17 clients".to_owned()),
                    stopping: false,
                    reloading: true,
                    monotonic_usec: None,
                    reloaded: false,
                    main_pid: None,
                    errno: None,
                    exit_status: None,
                },
                Level::Usual,
                "says 17 clients · reads its configuration again",
            ),
            (
                What::HandlerFailed { handler: "SIGHUP".to_owned(), error: "panic: a bug".to_owned() },
                Level::Bad,
                "handler of SIGHUP failed · panic: a bug",
            ),
            (What::MadeToCrash { by: "chaos 3".to_owned() }, Level::Notice, "is made to crash by chaos 3"),
        ] {
            let said = say(&event(what));

            assert_eq!((said.level, said.text.as_str()), (level, text));
        }
    }

    #[test]
    fn a_line_of_output_is_harmless() {
        let line = "\u{1b}]0;title\u{7}".to_owned();

        let said = say(&event(What::Output {
            stream: "stdout".to_owned(),
            line,
            truncated: false,
            lossy: false,
            continued: false,
        }));

        assert_eq!(said.text, "\u{fffd}]0;title\u{fffd}");
    }
}
