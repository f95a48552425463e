//! What is promised of tasks with children, judged by the record and by what the tasks have noticed.

use std::collections::BTreeMap;
use std::fmt::Write;

use rootward::report::Outcome;
use rootward::{Event, EventKind};

use super::tell::Told;

/// How far a child has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Down,
    Starting,
    Up,
    Stopping,
}

/// Judges a story. What is wrong comes with the record.
pub(crate) fn judge(told: &Told) -> Result<(), String> {
    let show = |wrong: String| format!("{wrong}\n{}", record(told));
    if let Some(wrong) = told.wrong.first() {
        return Err(show(wrong.clone()));
    }
    let mut stages = BTreeMap::new();
    for (event, seq) in told.events.iter().zip(1..) {
        let wrong = |promise: &str| Err(show(format!("{promise}, but see event {seq}, {}", event.path)));
        if event.seq != seq {
            return wrong("events are counted from 1 without gaps");
        }
        let path = event.path.as_str();
        let stage = stages.get(path).copied().unwrap_or(Stage::Down);
        let Some(next) = next(stage, event) else {
            return wrong("what is said of a child does not contradict what was said before");
        };
        let begins = matches!(
            event.what,
            EventKind::Starting | EventKind::Restarting { .. } | EventKind::GaveUp { .. }
        );
        if begins && !is_clean_up(path) && has_stopping_ancestor(&stages, path) {
            return wrong("nothing starts once the stop of an ancestor has begun");
        }
        let below = format!("{path}/");
        let mut all_below = stages.range(below.clone()..).take_while(|(path, _)| path.starts_with(&below));
        if next == Stage::Down && stage != Stage::Down && all_below.any(|(_, stage)| *stage != Stage::Down) {
            return wrong("a task acknowledges after everything below it");
        }
        stages.insert(path.to_owned(), next);
    }
    let is_last = |event: &Event| event.path.depth() == 0 && event.what.name() == "stopped";
    if !told.events.last().is_some_and(|event| is_last(event)) {
        return Err(show("the root's `stopped` is the last line".to_owned()));
    }
    if let Some((path, _)) = stages.iter().find(|(_, stage)| **stage != Stage::Down) {
        return Err(show(format!("every incarnation that was started has ended, but {path} has not")));
    }
    match told.present {
        0 => Ok(()),
        left => Err(show(format!("when everything is gone {left} futures are still there"))),
    }
}

/// How far a child has come after this, if it can be said of it.
fn next(stage: Stage, event: &Event) -> Option<Stage> {
    let is_root = event.path.depth() == 0;
    match (&event.what, stage) {
        (EventKind::Starting, Stage::Down) => Some(Stage::Starting),
        (EventKind::Restarting { .. }, Stage::Down) => Some(Stage::Down),
        (EventKind::Started { .. }, Stage::Starting) => Some(Stage::Up),
        (EventKind::StartFailed { .. }, Stage::Starting) => Some(Stage::Down),
        // The root reports its end in every case.
        (EventKind::StartFailed { .. }, Stage::Stopping) if is_root => Some(Stage::Stopping),
        (EventKind::Ignored, Stage::Starting) | (EventKind::Exited { .. }, Stage::Up) => Some(Stage::Down),
        (EventKind::Stopping { .. }, Stage::Starting | Stage::Up) => Some(Stage::Stopping),
        (EventKind::Escalated { .. }, Stage::Stopping) => Some(Stage::Stopping),
        (EventKind::Stopped { outcome: Outcome::Unreapable, .. }, _) => None,
        (EventKind::Stopped { .. }, Stage::Stopping) => Some(Stage::Down),
        // A supervisor gives up, or a task whose children have.
        (EventKind::GaveUp { .. }, Stage::Starting | Stage::Up | Stage::Stopping) => Some(stage),
        _ => None,
    }
}

/// What is let in while everything stops.
fn is_clean_up(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|id| id.starts_with("clean-up"))
}

fn has_stopping_ancestor(stages: &BTreeMap<String, Stage>, path: &str) -> bool {
    let mut above = path;
    while let Some((parent, _)) = above.rsplit_once('/') {
        if stages.get(parent) == Some(&Stage::Stopping) {
            return true;
        }
        above = parent;
    }
    false
}

fn record(told: &Told) -> String {
    let mut text = String::new();
    for event in &told.events {
        let (seq, at, incarnation) = (event.seq, event.at.as_millis(), event.incarnation);
        let _ = writeln!(text, "{seq:5} {at:>6} ms  {}#{incarnation} {}", event.path, event.what.name());
    }
    text
}
