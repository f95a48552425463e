//! Pure: what an event says in a few words, and how bad it is.

use rootward_observer::wire::{Child, Event, Outcome, Status, Straggler, What};

use super::text::{brief, safe};

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
pub(crate) struct Said {
    pub(crate) level: Level,
    /// One sign that says in which direction it goes.
    pub(crate) sign: char,
    pub(crate) text: String,
}

/// How an event is shown. Everything in it that comes from outside is harmless.
pub(crate) fn say(event: &Event) -> Said {
    let (level, sign, text) = match &event.what {
        What::Starting if event.incarnation > 1 => {
            (Level::Usual, '→', format!("starting, number {}", event.incarnation))
        }
        What::Starting => (Level::Usual, '→', "starting".to_owned()),
        What::Started { pid: Some(pid) } => (Level::Usual, '●', format!("running · pid {pid}")),
        What::Started { pid: None } => (Level::Usual, '●', "running".to_owned()),
        What::StartFailed { error, stragglers } => {
            (Level::Bad, '✗', format!("could not be started: {error}{}", left(stragglers)))
        }
        What::Retrying { error, attempt, .. } => {
            (Level::Notice, '↻', format!("attempt {attempt} to start it has failed: {error}"))
        }
        What::Ignored => (Level::Usual, '○', "has nothing to run".to_owned()),
        What::Exited { status, stragglers } => {
            let how = status.as_ref().map_or_else(|| "ended".to_owned(), ToString::to_string);
            let (level, sign) = exit(status.as_ref());
            (level, sign, format!("{how}{}", left(stragglers)))
        }
        What::Restarting { attempt, delay_ms: 0 } => {
            (Level::Notice, '↻', format!("is started again, attempt {attempt}"))
        }
        What::Restarting { attempt, delay_ms } => {
            (Level::Notice, '↻', format!("is started again in {}, attempt {attempt}", millis(*delay_ms)))
        }
        What::GaveUp { restarts, within_ms } => {
            (Level::Bad, '✗', format!("gave up: more than {restarts} restarts in {}", millis(*within_ms)))
        }
        What::Signal { signal, action } => (Level::Notice, '!', format!("{signal}: {action}")),
        What::Stopping { cause, signal: None, .. } => (Level::Usual, '↓', format!("asked to stop · {cause}")),
        What::Stopping { cause, signal: Some(signal), .. } => {
            (Level::Usual, '↓', format!("asked to stop with {signal} · {cause}"))
        }
        What::Asked { with, elapsed_ms, error } => {
            let why = error.as_ref().map_or_else(String::new, |error| format!(" · {error}"));
            let level = if error.is_some() { Level::Notice } else { Level::Usual };
            (level, '↓', format!("asked with {with} after {}{why}", millis(*elapsed_ms)))
        }
        What::Escalated { to } => (Level::Notice, '↓', format!("forced · {to}")),
        What::Stopped { outcome, status, elapsed_ms, stragglers } => {
            let how = status.as_ref().map_or_else(String::new, |status| format!(" · {status}"));
            let (level, words) = match outcome {
                Outcome::Graceful => (Level::Usual, "gone"),
                Outcome::AlreadyGone => (Level::Usual, "was gone already"),
                Outcome::Unreapable => (Level::Bad, "still there"),
                Outcome::Killed | _ => (Level::Notice, "gone by force"),
            };
            (level, '↑', format!("{words} after {}{how}{}", millis(*elapsed_ms), left(stragglers)))
        }
        What::Draining { cause, delay_ms } => {
            (Level::Notice, '…', format!("drains for {} before it stops ({cause})", millis(*delay_ms)))
        }
        What::NotReady { elapsed_ms } => {
            (Level::Notice, '…', format!("not ready for {}", millis(*elapsed_ms)))
        }
        What::Unhealthy { error, failures, threshold } => {
            (Level::Notice, '!', format!("unhealthy {failures}/{threshold} · {error}"))
        }
        What::Healthy => (Level::Usual, '●', "healthy again".to_owned()),
        What::Stalled { elapsed_ms, thread } => {
            (Level::Bad, '…', format!("has not yielded for {} on {thread}", millis(*elapsed_ms)))
        }
        What::Degraded { what, reason } => (Level::Notice, '!', format!("{what}: {reason}")),
        What::Output { stream, line, .. } => {
            (Level::Output, if stream == "stderr" { '┆' } else { '│' }, line.clone())
        }
        What::Unknown | _ => (Level::Usual, '?', "something new".to_owned()),
    };
    Said { level, sign, text: safe(&text) }
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
        let code =
            |code| What::Exited { status: Some(Status::Code { code, success: false }), stragglers: vec![] };
        for (what, level, text) in [
            (What::Started { pid: Some(7) }, Level::Usual, "running · pid 7"),
            (code(0), Level::Notice, "exit code 0"),
            (code(1), Level::Bad, "exit code 1"),
            (
                What::Restarting { attempt: 2, delay_ms: 1500 },
                Level::Notice,
                "is started again in 1.5s, attempt 2",
            ),
            (What::Escalated { to: "SIGKILL".to_owned() }, Level::Notice, "forced · SIGKILL"),
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
