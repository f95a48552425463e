//! The view `lines`: what happens in the tree, one line an event.
//!
//! Arrows show where a stop is: it goes down from the root (`↓`) and comes back acknowledged (`↑`).

use std::io::Write;
use std::time::Duration;

use rootward::event::{Notice, OutputStream, SignalAction, StopCause};
use rootward::process::visible_text;
use rootward::report::{ExitClass, Outcome, Straggler};
use rootward::{Event, EventKind, Exit};

use super::names::Names;
use super::style::{Style, Tone};
use super::time::short;

/// Writes events as lines.
#[derive(Debug)]
pub(crate) struct EventLines {
    style: Style,
    names: Names,
    /// The number of the next event, if none is missing.
    next: u64,
}

/// What a line says: a sign, the tone of it, and words.
struct LineText {
    sign: char,
    tone: Tone,
    words: String,
}

impl EventLines {
    pub(crate) fn new(style: Style) -> Self {
        Self { style, names: Names::new(), next: 1 }
    }

    /// Appends the line of an event.
    pub(crate) fn write(&mut self, event: &Event, buffer: &mut Vec<u8>) {
        let LineText { sign, tone, words } = say(event);
        let missing = event.seq.saturating_sub(self.next);
        self.next = event.seq + 1;
        if missing > 0 {
            let words =
                self.style.paint(Tone::Bad, format!("{missing} events are missing here: too many at once"));
            // Writing to memory does not fail.
            let _ = writeln!(buffer, "           ! {words}");
        }
        let at = self.style.paint(Tone::Quiet, format!("{:9.3}", event.at.as_secs_f64()));
        let sign = self.style.paint(tone, sign);
        let name = self.names.column(&event.path);
        let words = self.style.paint(tone, words);
        // Writing to memory does not fail.
        let _ = writeln!(buffer, "{at}  {sign} {name}  {words}");
    }
}

fn say(event: &Event) -> LineText {
    match &event.what {
        EventKind::Starting => said('·', Tone::Quiet, starting(event)),
        EventKind::Started { pid } => said('●', Tone::Good, started(event, *pid)),
        EventKind::StartFailed { error, stragglers } => {
            let behind = left_behind(stragglers);
            said('✗', Tone::Bad, format!("could not be started: {}{behind}", error))
        }
        EventKind::Exited { status, stragglers } => exited(status.as_ref(), stragglers),
        EventKind::Restarting { attempt, delay } => said('↻', Tone::Notice, restarting(*attempt, *delay)),
        EventKind::GaveUp { restarts, within } => {
            let words = format!("gave up: more than {restarts} restarts within {}", short(*within));
            said('✗', Tone::Bad, words)
        }
        EventKind::Signal { signal, action } => {
            said('!', Tone::Busy, format!("{signal}: {}", meaning(*action)))
        }
        EventKind::Draining { cause, delay } => {
            said('…', Tone::Busy, format!("drains for {} before it stops · {cause}", short(*delay)))
        }
        EventKind::Stopping { cause, signal, .. } => {
            said('↓', Tone::Busy, stopping(*cause, signal.as_deref()))
        }
        EventKind::Asked { with, elapsed, error } => {
            let words =
                format!("is asked with {with} after {}{}", short(*elapsed), because(error.as_deref()));
            said('↓', if error.is_some() { Tone::Notice } else { Tone::Busy }, words)
        }
        EventKind::Escalated { to } => said('!', Tone::Bad, escalation(to)),
        EventKind::Stopped { outcome, status, elapsed, stragglers } => {
            stopped(*outcome, status.as_ref(), *elapsed, stragglers)
        }
        EventKind::Output { stream, line, .. } => said(' ', Tone::Quiet, output(*stream, line)),
        EventKind::Notified(notice) => said('·', Tone::Quiet, notified(notice)),
        EventKind::Retrying { error, attempt, delay } => {
            let words = format!("attempt {attempt} failed, the next in {}: {}", short(*delay), error);
            said('↻', Tone::Notice, words)
        }
        EventKind::NotReady { elapsed } => {
            said('!', Tone::Notice, format!("has not been ready for {}", short(*elapsed)))
        }
        EventKind::Unhealthy { error, failures, threshold } => {
            said('!', Tone::Notice, format!("unhealthy, {failures} of {threshold}: {error}"))
        }
        EventKind::MadeToCrash { by } => said('✕', Tone::Notice, format!("is made to crash by {by}")),
        EventKind::Healthy => said('●', Tone::Good, "healthy again".to_owned()),
        EventKind::Stalled { elapsed, thread } => {
            said('!', Tone::Bad, format!("has not yielded for {} on thread {}", short(*elapsed), thread))
        }
        EventKind::HandlerFailed { handler, error } => {
            said('!', Tone::Bad, format!("handler of {handler} failed: {error}"))
        }
        EventKind::GuestPanicked { panic } => said('!', Tone::Bad, format!("a guest panicked: {panic}")),
        EventKind::Degraded { what, reason } => {
            said('!', Tone::Notice, format!("weaker {what} than usual: {}", reason))
        }
        EventKind::Ignored => said('·', Tone::Quiet, "has nothing to run, which is fine".to_owned()),
        // The record may learn new events; their names will do until this view knows them.
        new => said('?', Tone::Quiet, new.name().to_owned()),
    }
}

/// What is said of a program that has succeeded and left processes behind.
const BACKGROUND: &str = " · it seems to have gone to the background: tell it to stay in the foreground";

fn said(sign: char, tone: Tone, words: String) -> LineText {
    LineText { sign, tone, words }
}

fn starting(event: &Event) -> String {
    format!("starting · {}", event.child_kind)
}

fn started(event: &Event, pid: Option<u32>) -> String {
    let mut words = "started".to_owned();
    if let Some(pid) = pid {
        words.push_str(&format!(" · pid {pid}"));
    }
    if event.incarnation > 1 {
        words.push_str(&format!(" · for the {} time", ordinal(event.incarnation)));
    }
    words
}

fn exited(status: Option<&Exit>, stragglers: &[Straggler]) -> LineText {
    let behind = left_behind(stragglers);
    match status {
        None => said('✗', Tone::Notice, format!("ended by itself{behind}")),
        Some(Exit::Normal) => said('○', Tone::Quiet, format!("done{behind}")),
        Some(status) if status.class() == ExitClass::Normal => {
            let hint = if stragglers.is_empty() { "" } else { BACKGROUND };
            said('○', Tone::Quiet, format!("done: {}{behind}{hint}", status))
        }
        Some(status) => said('✗', Tone::Bad, format!("ended by itself: {}{behind}", status)),
    }
}

fn restarting(attempt: u32, delay: Duration) -> String {
    match (attempt, delay.is_zero()) {
        (0 | 1, true) => "is started again".to_owned(),
        (attempt, true) => format!("is started again · attempt {attempt}"),
        (attempt, false) => format!("is started again in {} · attempt {attempt}", short(delay)),
    }
}

fn meaning(action: SignalAction) -> &'static str {
    match action {
        SignalAction::Stop => "stop, in order",
        SignalAction::Force => "force, every grace ends now",
        SignalAction::Leave => "leave, without waiting any longer",
        SignalAction::Snapshot => "show the tree",
        SignalAction::Suspend => "suspend, together with the processes",
        SignalAction::Resume => "the processes go on",
        SignalAction::Ignore => "nothing, it belongs to the request before",
        _ => "something new",
    }
}

fn because(error: Option<&str>) -> String {
    error.map_or_else(String::new, |error| format!(" · {error}"))
}

fn stopping(cause: StopCause, signal: Option<&str>) -> String {
    let how = signal.map_or_else(String::new, |signal| format!(" with {signal}"));
    let why = match cause {
        // On the way down there is nothing new to say.
        StopCause::Parent => String::new(),
        StopCause::Signal(name) => format!(" · {name}"),
        StopCause::Api => " · the program asked for it".to_owned(),
        StopCause::Sibling => " · a sibling failed".to_owned(),
        StopCause::Deadline => " · the deadline is over".to_owned(),
        StopCause::GaveUp => " · too many restarts".to_owned(),
        StopCause::AutoShutdown => " · a significant child ended".to_owned(),
        StopCause::StartFailed => " · a start failed".to_owned(),
        StopCause::Idle => " · nothing is left to run".to_owned(),
        StopCause::Dropped => " · the last handle of the tree was dropped".to_owned(),
        StopCause::Token => " · the program's token was cancelled".to_owned(),
        StopCause::Failed => " · its supervisor failed".to_owned(),
        StopCause::Uncontained => " · the warden of its processes has died".to_owned(),
        new => format!(" · {new}"),
    };
    format!("asked to stop{how}{why}")
}

fn escalation(to: &str) -> String {
    match to {
        "abort" => "forced: aborted".to_owned(),
        "kill" => "forced: killed".to_owned(),
        "force" => "forced, with everything below it".to_owned(),
        signal => format!("forced: {signal}"),
    }
}

fn stopped(outcome: Outcome, status: Option<&Exit>, elapsed: Duration, stragglers: &[Straggler]) -> LineText {
    let how = status.map_or_else(String::new, |status| format!(" · {}", status));
    let rest = format!("after {}{how}{}", short(elapsed), left_behind(stragglers));
    match outcome {
        Outcome::Graceful => said('↑', Tone::Good, format!("gone {rest}")),
        Outcome::Unreapable => said('✗', Tone::Bad, format!("still there {rest}")),
        Outcome::AlreadyGone => said('↑', Tone::Good, format!("was gone already{how}")),
        Outcome::Killed | _ => said('↑', Tone::Bad, format!("gone by force {rest}")),
    }
}

fn left_behind(stragglers: &[Straggler]) -> String {
    let count = |outcome| stragglers.iter().filter(|straggler| straggler.outcome == outcome).count();
    let still_there = count(Outcome::Unreapable);
    if still_there > 0 {
        let are = if still_there == 1 { "is" } else { "are" };
        return format!(" · left {} behind, of which {still_there} {are} still there", stragglers.len());
    }
    let killed = stragglers.len() - count(Outcome::Graceful);
    match (stragglers.len(), killed) {
        (0, _) => String::new(),
        (all, 0) => format!(" · left {all} behind, which went when asked"),
        (all, killed) => format!(" · left {all} behind, of which {killed} had to be killed"),
    }
}

fn notified(notice: &Notice) -> String {
    let mut parts = Vec::new();
    parts.extend(notice.status.as_ref().map(|status| format!("says {status}")));
    parts.extend(notice.stopping.then(|| "says that it stops".to_owned()));
    parts.extend(notice.reloading.then(|| "reads its configuration again".to_owned()));
    parts.extend(notice.reloaded.then(|| "has read its configuration again".to_owned()));
    parts.extend(notice.main_pid.map(|pid| format!("main process {pid}")));
    parts.extend(notice.errno.map(|errno| format!("error {errno}")));
    parts.extend(notice.exit_status.map(|status| format!("will exit with {status}")));
    parts.join(" · ")
}

fn output(stream: OutputStream, line: &str) -> String {
    let bar = match stream {
        OutputStream::Stdout => '│',
        OutputStream::Stderr => '┆',
    };
    format!("{bar} {}", visible_text(line))
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case P9.
    #[test]
    fn a_line_is_shown_as_a_person_sees_it() {
        assert_eq!(output(OutputStream::Stdout, "\u{1b}[32mok\u{1b}[0m"), "│ ok");
        assert_eq!(output(OutputStream::Stderr, "10 %\r\u{1b}[K20 %"), "┆ 20 %");
    }

    #[test]
    fn stragglers_are_told_in_english() {
        let straggler = |outcome| Straggler::new(7, "sleep 9", outcome);
        let table = [
            (vec![], ""),
            (vec![straggler(Outcome::Graceful)], " · left 1 behind, which went when asked"),
            (
                vec![straggler(Outcome::Graceful), straggler(Outcome::Killed)],
                " · left 2 behind, of which 1 had to be killed",
            ),
            (vec![straggler(Outcome::Unreapable)], " · left 1 behind, of which 1 is still there"),
            (vec![straggler(Outcome::Unreapable); 2], " · left 2 behind, of which 2 are still there"),
        ];

        for (stragglers, expected) in table {
            assert_eq!(left_behind(&stragglers), expected);
        }
    }

    /// Case P21.
    #[test]
    fn a_program_that_succeeds_and_leaves_processes_behind_gets_a_hint() {
        let left = [Straggler::new(7, "nginx: worker", Outcome::Graceful)];

        assert!(exited(Some(&Exit::Code(0)), &left).words.ends_with("stay in the foreground"));
        assert!(!exited(Some(&Exit::Code(0)), &[]).words.contains("foreground"));
        assert!(!exited(Some(&Exit::Code(1)), &left).words.contains("foreground"));
    }

    #[test]
    fn ordinals_are_english() {
        let words: Vec<_> = [1, 2, 3, 4, 11, 12, 13, 21, 112].map(ordinal).to_vec();

        assert_eq!(words, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]);
    }

    #[test]
    fn on_the_way_down_only_the_first_line_says_why() {
        assert_eq!(stopping(StopCause::Signal("SIGINT"), None), "asked to stop · SIGINT");
        assert_eq!(stopping(StopCause::Parent, Some("SIGTERM")), "asked to stop with SIGTERM");
    }
}
