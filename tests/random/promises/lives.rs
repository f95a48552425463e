//! Every incarnation that is started ends exactly once, and nothing is said of it after that.

use std::collections::BTreeSet;

use rootward::{Event, EventKind};

use super::{Verdict, keep};
use crate::ledger::{Ledger, Stage};
use crate::story::Story;

pub(super) fn event(ledger: &Ledger<'_>, event: &Event) -> Verdict {
    let path = event.path.as_str();
    let is_root = event.path.depth() == 0;
    let stage = ledger.get(path).map_or(Stage::Down, |node| node.stage);
    let is_in_place = match &event.what {
        EventKind::Starting | EventKind::Restarting { .. } => stage == Stage::Down,
        EventKind::Started { .. } | EventKind::Ignored => stage == Stage::Starting,
        // The root reports its end in every case.
        EventKind::StartFailed { .. } => stage == Stage::Starting || (is_root && stage == Stage::Stopping),
        EventKind::Exited { .. } => stage == Stage::Up,
        EventKind::Stopping { .. } => matches!(stage, Stage::Starting | Stage::Up),
        EventKind::Escalated { .. } | EventKind::Stopped { .. } => stage == Stage::Stopping,
        EventKind::GaveUp { .. } => stage != Stage::Down,
        EventKind::Signal { .. } => is_root && stage != Stage::Down,
        _ => false,
    };
    keep(is_in_place, "what is said of a child does not contradict what was said before")?;
    match event.what {
        EventKind::StartFailed { .. } | EventKind::Exited { .. } | EventKind::Stopped { .. } => {
            keep(!ledger.has_any_below(path), "a supervisor acknowledges after everything below it")
        }
        _ => Ok(()),
    }
}

/// No incarnation ends twice, and its end is the last that is said of it.
pub(super) fn once(story: &Story) -> Verdict {
    let mut over = BTreeSet::new();
    for event in &story.events {
        let incarnation = (event.path.as_str(), event.incarnation);
        // A child that was deleted and added again is counted anew, and so are those below one that is started again.
        if event.what == EventKind::Starting {
            let below = format!("{}/", event.path);
            over.retain(|(path, count): &(&str, u32)| {
                let is_it = *path == event.path.as_str() && *count >= event.incarnation;
                !is_it && !path.starts_with(&below)
            });
        }
        let is_of_next = matches!(event.what, EventKind::Restarting { .. });
        keep(is_of_next || !over.contains(&incarnation), "nothing is said of an incarnation after its end")?;
        let is_end = match event.what {
            // The root reports its end in every case.
            EventKind::StartFailed { .. } => event.path.depth() > 0,
            EventKind::Ignored | EventKind::Exited { .. } | EventKind::Stopped { .. } => true,
            _ => false,
        };
        if is_end {
            over.insert(incarnation);
        }
    }
    Ok(())
}

/// Nothing comes after the report of the root's end, also if something is still there.
pub(super) fn last(story: &Story) -> Verdict {
    let is_last = |event: &Event| event.path.depth() == 0 && event.what.name() == "stopped";
    keep(story.events.last().is_some_and(|event| is_last(event)), "the root's `stopped` is the last line")
}

/// When the record ends.
pub(super) fn end(ledger: &Ledger<'_>) -> Verdict {
    keep(!ledger.nodes().any(|node| node.is_live()), "every incarnation that was started has ended")
}
