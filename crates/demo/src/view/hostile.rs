//! R21: whatever text comes from outside, in whatever place of whatever event or report, no printer hands on what would
//! drive a terminal or forge a line.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use rootward::error::StartError;
use rootward::event::{OutputStream, SignalAction, StopCause};
use rootward::report::{NodeReport, Outcome, Panic, Straggler};
use rootward::{Event, EventKind, Exit, StopReport, Supervisor};
use rootward_observer::model::Model;
use rootward_observer::wire;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{EventLines, Style, summary};
use crate::safe::{safe_json, safe_lines};
use crate::terminal::plain_tree;

/// Every character that a terminal obeys, between two that it shows.
fn hostile() -> String {
    let c0_and_c1 = (0..0x20).chain(0x7f..0xa0).filter(|c| *c != 0x09);
    let direction = [0x61c, 0x200e, 0x200f].into_iter().chain(0x2028..=0x202e).chain(0x2066..=0x2069);
    let all = c0_and_c1.chain(direction).filter_map(char::from_u32);
    format!("a{}b\nexit status 0: FAKE\r\u{1b}[2J\u{1b}]0;title\u{7}", all.collect::<String>())
}

/// Every event that holds a text, with this text in it.
fn events(text: &str) -> Vec<EventKind> {
    let text = || text.to_owned();
    let stragglers = || vec![Straggler::new(7, text(), Outcome::Killed)];
    let exits = || {
        let mut panic = Panic::new(text());
        panic.location = Some(text());
        panic.backtrace = Some(text());
        [
            Exit::Failed { error: text() },
            Exit::Panicked(panic),
            Exit::Signal { name: text(), number: 9, core_dumped: true, out_of_memory: false },
        ]
    };
    let exited = exits().map(|exit| EventKind::Exited { status: Some(exit), stragglers: stragglers() });
    let stopped = exits().map(|exit| EventKind::Stopped {
        outcome: Outcome::Killed,
        status: Some(exit),
        elapsed: Duration::ZERO,
        stragglers: stragglers(),
    });
    let others = [
        EventKind::StartFailed { error: text(), stragglers: stragglers() },
        EventKind::Retrying { error: text(), attempt: 1, delay: Duration::ZERO },
        EventKind::Signal { signal: text(), action: SignalAction::Stop },
        EventKind::Stopping { cause: StopCause::Api, signal: Some(text().into()), grace: None },
        EventKind::Asked { with: text(), elapsed: Duration::ZERO, error: Some(text()) },
        EventKind::Escalated { to: text().into() },
        EventKind::Stalled { elapsed: Duration::ZERO, thread: text() },
        EventKind::HandlerFailed { handler: text(), error: text() },
        EventKind::Degraded { what: text().into(), reason: text() },
        EventKind::Unhealthy { error: text(), failures: 1, threshold: 3 },
        EventKind::MadeToCrash { by: text() },
        EventKind::GuestPanicked { panic: Panic::new(text()) },
        EventKind::Output {
            stream: OutputStream::Stdout,
            line: text(),
            truncated: false,
            lossy: false,
            continued: false,
        },
        EventKind::Output {
            stream: OutputStream::Stderr,
            line: text(),
            truncated: true,
            lossy: true,
            continued: false,
        },
    ];
    exited.into_iter().chain(stopped).chain(others).collect()
}

/// A report with this text wherever there may be one.
fn report(of: &StopReport, text: &str) -> StopReport {
    let mut report = of.clone();
    report.start_error = Some(StartError::new(std::io::Error::other(text.to_owned())));
    let mut child: NodeReport = report.root.clone();
    child.status = Some(Exit::Failed { error: text.to_owned() });
    child.stragglers = vec![Straggler::new(7, text, Outcome::Unreapable)];
    report.root.children.push(child);
    report
}

/// A document that a door sends, with one of its texts made hostile, and with the same one made harmless.
pub(crate) struct OneText<T> {
    /// Where the text stands.
    pub(crate) place: String,
    pub(crate) bad: T,
    pub(crate) good: T,
}

/// The documents of this kind that a door sends, once for each of their texts. They are those in which every field of
/// every kind of event stands: a new one is refused by the tests of the observer until it stands there, too.
pub(crate) fn with_each_text<T: DeserializeOwned>(is_meant: impl Fn(&Value) -> bool) -> Vec<OneText<T>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/observer-1.every-field.jsonl");
    let lines = std::fs::read_to_string(file).expect("it is committed");
    let documents = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    let mut all = Vec::new();
    for document in documents.filter(is_meant) {
        let mut places = Vec::new();
        texts_in(&document, "", &mut places);
        for place in places {
            let with = |text: &str| {
                let mut document = document.clone();
                *document.pointer_mut(&place).expect("a text stands there") = text.into();
                serde_json::from_value(document).ok()
            };
            // A word of a closed list is refused when it is read.
            if let (Some(bad), Some(good)) = (with(&hostile()), with("good")) {
                all.push(OneText { place: format!("{place} of {}", document["event"]), bad, good });
            }
        }
    }
    assert!(!all.is_empty());
    all
}

/// The places of all texts in a document.
fn texts_in(value: &Value, at: &str, places: &mut Vec<String>) {
    match value {
        Value::String(_) => places.push(at.to_owned()),
        Value::Array(items) => {
            (0..).zip(items).for_each(|(number, item): (usize, _)| {
                texts_in(item, &format!("{at}/{number}"), places);
            });
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| texts_in(field, &format!("{at}/{name}"), places));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

pub(crate) fn is_harmless(shown: &str) -> bool {
    // The colours of our own.
    let own = ["2", "32", "36", "33", "1;31", "0"].map(|code| format!("\u{1b}[{code}m"));
    let rest = own.iter().fold(shown.to_owned(), |rest, code| rest.replace(code, ""));
    !rest.chars().any(|c| c != '\n' && hostile().contains(c) && (c.is_control() || c > '\u{600}'))
        && !rest.lines().any(|line| line.starts_with("exit status"))
}

/// An event of a tree, and its report.
pub(crate) fn any_run() -> (Event, StopReport) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut builder = Supervisor::new("root").into_tree().unwrap();
        let mut events = builder.subscribe();
        let tree = builder.start().await.unwrap();
        let event = events.next().await.unwrap().unwrap();
        (Event::clone(&event), StopReport::clone(&*tree.stop().await))
    })
}

#[test]
fn no_text_of_an_event_drives_the_terminal() {
    let (mut event, _) = any_run();
    for style in [Style::Plain, Style::Coloured] {
        for (bad, good) in events(&hostile()).into_iter().zip(events("good")) {
            let mut shown = |what: EventKind| {
                event.what = what;
                let mut buffer = Vec::new();
                EventLines::new(style).write(&event, &mut buffer);
                String::from_utf8(buffer).unwrap()
            };
            let (bad, good) = (shown(bad), shown(good));

            assert!(is_harmless(&bad), "{bad:?}");
            assert_eq!(bad.lines().count(), good.lines().count(), "{bad:?}");
        }
    }
}

#[test]
fn no_text_of_a_report_drives_the_terminal() {
    let (_, run) = any_run();
    for style in [Style::Plain, Style::Coloured] {
        let [bad, good] = [hostile().as_str(), "good"].map(|text| summary(&report(&run, text), style));

        assert!(is_harmless(&bad), "{bad:?}");
        assert_eq!(bad.lines().count(), good.lines().count(), "{bad:?}");
    }
}

/// What a program behind a door sends: to `events` and `attach`, as lines and as the tree that comes of it, and as
/// documents.
#[test]
fn no_text_that_a_door_sends_drives_the_terminal_or_forges_a_line() {
    let events = with_each_text::<wire::Event>(|document| document["event"].is_string());
    for OneText { place, bad, good } in &events {
        for style in [Style::Plain, Style::Coloured] {
            let [bad, good] = [bad, good].map(|event| EventLines::of_another(style).sent(event));
            assert!(is_harmless(&bad), "{place}: {bad:?}");
            assert_eq!(bad.lines().count(), good.lines().count(), "{place}: {bad:?}");
        }
        let [bad_tree, good_tree] = [bad, good].map(|event| {
            let mut model = Model::new();
            model.apply(event);
            safe_lines(&plain_tree(&model, "The tree:", &HashMap::new()))
        });
        assert!(is_harmless(&bad_tree), "{place}: {bad_tree:?}");
        assert_eq!(bad_tree.lines().count(), good_tree.lines().count(), "{place}: {bad_tree:?}");
        let json = safe_json(serde_json::to_string(bad).unwrap());
        assert!(is_harmless(&json) && json.lines().count() == 1, "{place}: {json:?}");
    }
}

/// P6: what is missing is said in every view, where it is missing.
#[test]
fn the_lines_say_where_events_are_missing_and_how_many() {
    let (mut event, _) = any_run();
    let mut lines = EventLines::new(Style::Plain);
    let mut buffer = Vec::new();

    for seq in [1, 2, 9, 10] {
        event.seq = seq;
        lines.write(&event, &mut buffer);
    }

    let shown = String::from_utf8(buffer).unwrap();
    let missing: Vec<usize> = (0..)
        .zip(shown.lines())
        .filter(|(_, line)| line.contains("6 events are missing"))
        .map(|(n, _)| n)
        .collect();
    assert_eq!(missing, [2], "{shown}");
}
