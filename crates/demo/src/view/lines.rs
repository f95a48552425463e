//! The view `lines`: what happens in the tree, one line an event.
//!
//! Arrows show where a stop is: it goes down from the root (`↓`) and comes back acknowledged (`↑`). The lines of
//! another program's tree are the same, because both are made of what a door sends.

use std::io::Write;
use std::time::Duration;

use rootward::EventKind;
use rootward::event::StopCause;
use rootward::process::visible_text;
use rootward_observer::wire::{Event, Kind, Outcome, Status, Straggler, What};

use super::names::Names;
use super::style::{Style, Tone};
use super::time;

/// Writes events as lines.
#[derive(Debug)]
pub(crate) struct EventLines {
    style: Style,
    names: Names,
    /// The number of the next event, if none is missing, and if one has to be the next.
    next: Option<u64>,
    /// The signal that stops the tree, if it is known.
    signal: Option<String>,
}

/// What a line says: a sign, the tone of it, and words.
struct LineText {
    sign: char,
    tone: Tone,
    words: String,
}

impl EventLines {
    /// For all events of this program's own tree.
    pub(crate) fn new(style: Style) -> Self {
        Self { next: Some(1), ..Self::of_another(style) }
    }

    /// For those of another program's tree, from any event on.
    pub(crate) fn of_another(style: Style) -> Self {
        Self { style, names: Names::new(), next: None, signal: None }
    }

    /// The same where these children are known to come.
    pub(crate) fn expecting(mut self, paths: &[String]) -> Self {
        self.names.expect(paths);
        self
    }

    /// Appends the line of an event of this program's own tree.
    pub(crate) fn write(&mut self, event: &rootward::Event, buffer: &mut Vec<u8>) {
        // What a door sends has no name here, and the event of the signal may come after that of the stop.
        if let EventKind::Stopping { cause: StopCause::Signal(name), .. } = &event.what {
            self.signal = Some((*name).to_owned());
        }
        self.write_sent(&event.into(), buffer);
    }

    /// The lines of an event that a door has sent.
    pub(crate) fn sent(&mut self, event: &Event) -> String {
        let mut buffer = Vec::new();
        self.write_sent(event, &mut buffer);
        String::from_utf8(buffer).expect("lines are made of texts")
    }

    /// The line that says that a door has lost events, up to that number.
    pub(crate) fn lost(&mut self, count: u64, to: u64) -> String {
        self.next = Some(to.saturating_add(1));
        let mut buffer = Vec::new();
        self.write_missing(count, &mut buffer);
        String::from_utf8(buffer).expect("lines are made of texts")
    }

    fn write_missing(&self, count: u64, buffer: &mut Vec<u8>) {
        let words = self.style.paint(Tone::Bad, format!("{count} events are missing here: too many at once"));
        // Writing to memory does not fail.
        let _ = writeln!(buffer, "           ! {words}");
    }

    fn write_sent(&mut self, event: &Event, buffer: &mut Vec<u8>) {
        let is_stop = matches!(&event.what, What::Signal { action, .. } if action == "stop");
        if let (true, What::Signal { signal, .. }) = (is_stop, &event.what) {
            self.signal = Some(signal.clone());
        }
        let LineText { sign, tone, words } = say(event, self.signal.as_deref());
        let missing = event.seq.saturating_sub(self.next.unwrap_or(event.seq));
        self.next = Some(event.seq.saturating_add(1));
        if missing > 0 {
            self.write_missing(missing, buffer);
        }
        let at = self.style.paint(Tone::Quiet, format!("{:9.3}", event.at));
        let sign = self.style.paint(tone, sign);
        let name = self.names.column(&event.path);
        let words = self.style.paint(tone, words);
        // Writing to memory does not fail.
        let _ = writeln!(buffer, "{at}  {sign} {name}  {words}");
    }
}

/// What is said of an event, when this signal stops the tree.
fn say(event: &Event, stop_signal: Option<&str>) -> LineText {
    match &event.what {
        What::Starting => said('·', Tone::Quiet, starting(event)),
        What::Started { pid } => said('●', Tone::Good, started(event, *pid)),
        What::StartFailed { error, stragglers } => {
            let behind = left_behind(stragglers);
            said('✗', Tone::Bad, format!("could not be started: {}{behind}", error))
        }
        What::Exited { status, stragglers, hint } => exited(status.as_ref(), stragglers, hint.as_deref()),
        What::Restarting { attempt, delay_ms } => said('↻', Tone::Notice, restarting(*attempt, *delay_ms)),
        What::GaveUp { restarts, within_ms } => {
            let words = format!("gave up: more than {restarts} restarts within {}", short(*within_ms));
            said('✗', Tone::Bad, words)
        }
        What::Signal { signal, action } => said('!', Tone::Busy, format!("{signal}: {}", meaning(action))),
        What::Draining { cause, delay_ms } => {
            said('…', Tone::Busy, format!("drains for {} before it stops · {cause}", short(*delay_ms)))
        }
        What::Stopping { cause, signal, .. } => {
            said('↓', Tone::Busy, stopping(cause, signal.as_deref(), stop_signal))
        }
        What::Asked { with, elapsed_ms, error } => {
            let words =
                format!("is asked with {with} after {}{}", short(*elapsed_ms), because(error.as_deref()));
            said('↓', if error.is_some() { Tone::Notice } else { Tone::Busy }, words)
        }
        What::Escalated { to } => said('!', Tone::Bad, escalation(to)),
        What::Stopped { outcome, status, elapsed_ms, stragglers } => {
            stopped(*outcome, status.as_ref(), *elapsed_ms, stragglers)
        }
        What::Output { stream, line, .. } => said(' ', Tone::Quiet, output(stream, line)),
        What::Notified { .. } => said('·', Tone::Quiet, notified(&event.what)),
        What::Retrying { error, attempt, delay_ms } => {
            let words = format!("attempt {attempt} failed, the next in {}: {}", short(*delay_ms), error);
            said('↻', Tone::Notice, words)
        }
        What::NotReady { elapsed_ms } => {
            said('!', Tone::Notice, format!("has not been ready for {}", short(*elapsed_ms)))
        }
        What::Unhealthy { error, failures, threshold } => {
            said('!', Tone::Notice, format!("unhealthy, {failures} of {threshold}: {error}"))
        }
        What::MadeToCrash { by } => said('✕', Tone::Notice, format!("is made to crash by {by}")),
        What::Healthy => said('●', Tone::Good, "healthy again".to_owned()),
        What::Stalled { elapsed_ms, thread } => {
            said('!', Tone::Bad, format!("has not yielded for {} on thread {}", short(*elapsed_ms), thread))
        }
        What::HandlerFailed { handler, error } => {
            said('!', Tone::Bad, format!("handler of {handler} failed: {error}"))
        }
        What::GuestPanicked { panic, location, .. } => {
            let at = location.as_ref().map_or_else(String::new, |at| format!(" at {at}"));
            said('!', Tone::Bad, format!("a guest panicked: {panic}{at}"))
        }
        What::Degraded { what, reason } => {
            said('!', Tone::Notice, format!("weaker {what} than usual: {}", reason))
        }
        What::Ignored => said('·', Tone::Quiet, "has nothing to run, which is fine".to_owned()),
        // A later version has events that this one does not know.
        What::Unknown | _ => said('?', Tone::Quiet, "something new".to_owned()),
    }
}

fn said(sign: char, tone: Tone, words: String) -> LineText {
    LineText { sign, tone, words }
}

fn starting(event: &Event) -> String {
    format!("starting · {}", kind(event.kind))
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Process => "process",
        Kind::Task => "task",
        Kind::Actor => "actor",
        Kind::Supervisor => "supervisor",
        Kind::Unknown | _ => "child",
    }
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

fn exited(status: Option<&Status>, stragglers: &[Straggler], hint: Option<&str>) -> LineText {
    let hint = hint.map_or_else(String::new, |hint| format!(" · {hint}"));
    let behind = format!("{}{hint}", left_behind(stragglers));
    match status {
        None => said('✗', Tone::Notice, format!("ended by itself{behind}")),
        Some(Status::Ended { shutdown: false, .. }) => said('○', Tone::Quiet, format!("done{behind}")),
        Some(status) if status.is_normal() => said('○', Tone::Quiet, format!("done: {}{behind}", status)),
        Some(status) => said('✗', Tone::Bad, format!("ended by itself: {}{behind}", status)),
    }
}

fn restarting(attempt: u32, delay_ms: u64) -> String {
    match (attempt, delay_ms == 0) {
        (0 | 1, true) => "is started again".to_owned(),
        (attempt, true) => format!("is started again · attempt {attempt}"),
        (attempt, false) => format!("is started again in {} · attempt {attempt}", short(delay_ms)),
    }
}

fn meaning(action: &str) -> &str {
    match action {
        "stop" => "stop, in order",
        "force" => "force, every grace ends now",
        "leave" => "leave, without waiting any longer",
        "snapshot" => "show the tree",
        "suspend" => "suspend, together with the processes",
        "resume" => "the processes go on",
        "ignore" => "nothing, it belongs to the request before",
        new => new,
    }
}

fn because(error: Option<&str>) -> String {
    error.map_or_else(String::new, |error| format!(" · {error}"))
}

fn stopping(cause: &str, signal: Option<&str>, stop_signal: Option<&str>) -> String {
    let how = signal.map_or_else(String::new, |signal| format!(" with {signal}"));
    let why = match cause {
        // On the way down there is nothing new to say.
        "parent" => return format!("asked to stop{how}"),
        "signal" => stop_signal.unwrap_or("a signal"),
        "api" => "the program asked for it",
        "sibling" => "a sibling failed",
        "deadline" => "the deadline is over",
        "gave_up" => "too many restarts",
        "auto_shutdown" => "a significant child ended",
        "start_failed" => "a start failed",
        "idle" => "nothing is left to run",
        "dropped" => "the last handle of the tree was dropped",
        "token" => "the program's token was cancelled",
        "failed" => "its supervisor failed",
        "uncontained" => "the warden of its processes has died",
        new => new,
    };
    format!("asked to stop{how} · {why}")
}

fn escalation(to: &str) -> String {
    match to {
        "abort" => "forced: aborted".to_owned(),
        "kill" => "forced: killed".to_owned(),
        "force" => "forced, with everything below it".to_owned(),
        signal => format!("forced: {signal}"),
    }
}

fn stopped(outcome: Outcome, status: Option<&Status>, elapsed_ms: u64, stragglers: &[Straggler]) -> LineText {
    let how = status.map_or_else(String::new, |status| format!(" · {}", status));
    let rest = format!("after {}{how}{}", short(elapsed_ms), left_behind(stragglers));
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

/// What a process has said of itself. Of every other event, nothing.
pub(crate) fn notified(what: &What) -> String {
    let mut parts = Vec::new();
    if let What::Notified { said, stopping, reloading, reloaded, main_pid, errno, exit_status, .. } = what {
        parts.extend(said.as_ref().map(|said| format!("says {said}")));
        parts.extend(stopping.then(|| "says that it stops".to_owned()));
        parts.extend(reloading.then(|| "reads its configuration again".to_owned()));
        parts.extend(reloaded.then(|| "has read its configuration again".to_owned()));
        parts.extend(main_pid.map(|pid| format!("main process {pid}")));
        parts.extend(errno.map(|errno| format!("error {errno}")));
        parts.extend(exit_status.map(|status| format!("will exit with {status}")));
    }
    parts.join(" · ")
}

fn output(stream: &str, line: &str) -> String {
    let bar = if stream == "stderr" { '┆' } else { '│' };
    format!("{bar} {}", visible_text(line))
}

/// A time as precise as it is interesting.
fn short(millis: u64) -> String {
    time::short(Duration::from_millis(millis))
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
        assert_eq!(output("stdout", "\u{1b}[32mok\u{1b}[0m"), "│ ok");
        assert_eq!(output("stderr", "10 %\r\u{1b}[K20 %"), "┆ 20 %");
    }

    #[test]
    fn stragglers_are_told_in_english() {
        let straggler = |outcome| Straggler { pid: 7, command: "sleep 9".to_owned(), outcome };
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
    fn what_would_help_is_said_at_the_end_of_the_line() {
        let left = [Straggler { pid: 7, command: "nginx: worker".to_owned(), outcome: Outcome::Graceful }];
        let status = Status::Code { code: 0, success: false };

        let line = exited(Some(&status), &left, Some("tell it to stay"));

        let expected = "done: exit code 0 · left 1 behind, which went when asked · tell it to stay";
        assert_eq!(line.words, expected);
    }

    #[test]
    fn ordinals_are_english() {
        let words: Vec<_> = [1, 2, 3, 4, 11, 12, 13, 21, 112].map(ordinal).to_vec();

        assert_eq!(words, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]);
    }

    #[test]
    fn on_the_way_down_only_the_first_line_says_why() {
        assert_eq!(stopping("signal", None, Some("SIGINT")), "asked to stop · SIGINT");
        assert_eq!(stopping("signal", None, None), "asked to stop · a signal", "from a view that came later");
        assert_eq!(stopping("parent", Some("SIGTERM"), Some("SIGINT")), "asked to stop with SIGTERM");
    }
}
