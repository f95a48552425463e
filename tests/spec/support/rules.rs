//! What is true of every complete record, whatever happened in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rootward::report::Outcome;
use rootward::{Event, EventKind};

use super::Record;

/// Panics if a complete record breaks a rule.
pub(crate) fn check(events: &[Arc<Event>]) {
    let mut tree = Tree::default();
    for (event, seq) in events.iter().zip(1..) {
        assert_eq!(event.seq, seq, "events are counted from 1 without gaps:\n{}", Record::of(events));
        if let Err(rule) = tree.follow(event) {
            panic!("{rule}: event {seq} in\n{}", Record::of(events));
        }
    }
    let last = events.last().expect("a record has a last event");
    assert!(
        is_root(last) && last.what.name() == "stopped",
        "the root's `stopped` is the last event: {last:?}"
    );
    // What is stalled is seen by the system's clock, which does not stand still with that of a test.
    let timed = events.iter().filter(|event| !matches!(event.what, EventKind::Stalled { .. }));
    assert!(timed.is_sorted_by_key(|event| event.at), "time does not run backwards:\n{}", Record::of(events));
}

/// How far each child has come at one point of a record.
#[derive(Default)]
struct Tree<'a> {
    /// All children that are not down.
    stages: BTreeMap<&'a str, Stage>,
    /// The children that are starting: at most one on every level.
    starting: Vec<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Down,
    Starting,
    Up,
    Stopping,
}

impl<'a> Tree<'a> {
    fn follow(&mut self, event: &'a Event) -> Result<(), &'static str> {
        let path = event.path.as_str();
        let stage = self.stages.get(path).copied().unwrap_or(Stage::Down);
        let next = match (&event.what, stage) {
            (EventKind::Starting, _) if self.has_sibling_that_starts(path) => {
                return Err("a child starts when the one before it has started");
            }
            (EventKind::Starting, Stage::Down) => Stage::Starting,
            (EventKind::Starting, _) => return Err("a child is started when its last incarnation is gone"),
            (EventKind::Started { .. }, Stage::Starting) => Stage::Up,
            (EventKind::Stopping { .. }, Stage::Starting | Stage::Up) => Stage::Stopping,
            (EventKind::Draining { .. }, Stage::Up) if is_root(event) => Stage::Up,
            (EventKind::Escalated { .. } | EventKind::Asked { .. }, Stage::Stopping) => Stage::Stopping,
            // A process that is unhealthy is ended without its supervisor's request.
            (
                EventKind::Escalated { .. }
                | EventKind::Asked { .. }
                | EventKind::Unhealthy { .. }
                | EventKind::MadeToCrash { .. }
                | EventKind::Healthy,
                Stage::Up,
            ) => Stage::Up,
            (EventKind::Restarting { .. }, Stage::Down) => Stage::Down,
            (EventKind::NotReady { .. }, Stage::Starting)
            | (EventKind::Retrying { .. }, Stage::Starting | Stage::Stopping)
            | (
                EventKind::Stalled { .. } | EventKind::Notified(_) | EventKind::GuestPanicked { .. },
                Stage::Starting | Stage::Up | Stage::Stopping,
            )
            | (EventKind::Output { .. } | EventKind::GaveUp { .. }, _)
            | (EventKind::Signal { .. } | EventKind::HandlerFailed { .. } | EventKind::Degraded { .. }, _) => {
                stage
            }
            // The root reports its end in every case.
            (EventKind::StartFailed { .. }, Stage::Stopping) if is_root(event) => Stage::Stopping,
            (EventKind::Ignored, Stage::Starting)
            | (EventKind::StartFailed { .. }, Stage::Starting | Stage::Stopping)
            | (EventKind::Exited { .. }, Stage::Up)
            | (EventKind::Stopped { .. }, Stage::Stopping) => Stage::Down,
            _ => return Err("nothing is written about a child that contradicts what was written before"),
        };
        if next == Stage::Down && is_complete(event) && self.has_any_below(path) {
            return Err("a supervisor is gone when everything below it is");
        }
        self.note(path, next);
        Ok(())
    }

    fn note(&mut self, path: &'a str, stage: Stage) {
        self.starting.retain(|other| *other != path);
        if stage == Stage::Starting {
            self.starting.push(path);
        }
        match stage {
            Stage::Down => self.stages.remove(path),
            Stage::Starting | Stage::Up | Stage::Stopping => self.stages.insert(path, stage),
        };
    }

    fn has_sibling_that_starts(&self, path: &'a str) -> bool {
        let parent = |path: &'a str| path.rsplit_once('/').map(|(parent, _)| parent);
        self.starting.iter().any(|other| *other != path && parent(other) == parent(path))
    }

    fn has_any_below(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.stages.range(below.as_str()..).next().is_some_and(|(other, _)| other.starts_with(&below))
    }
}

/// Whether the event says that everything below is gone as well.
fn is_complete(event: &Event) -> bool {
    !matches!(event.what, EventKind::Stopped { outcome: Outcome::Unreapable, .. })
}

fn is_root(event: &Event) -> bool {
    event.path.depth() == 0
}
