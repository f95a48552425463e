//! The tree's record in the words of the scenarios.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use rootward::report::Outcome as StopOutcome;
use rootward::snapshot::ChildKind;
use rootward::{ChildPath, Event, EventKind, Exit};

use crate::scenario::{Id, Outcome};
use crate::world::{Birth, World};

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: Id,
    pub(crate) what: Happened,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Happened {
    Started(u32),
    Stopped(u32, &'static str),
    StartFailed,
    Ignored,
}

/// The reason with which a supervisor goes whose start has failed after it had begun.
pub(crate) const START_FAILED: &str = "start_failed";

/// Reads events in their order and keeps in mind which children are there.
#[derive(Default)]
pub(crate) struct Log {
    /// Attempts that have begun and incarnations that run.
    present: HashMap<ChildPath, Birth>,
}

impl Log {
    /// What an event means, if it means anything.
    pub(crate) fn read(&mut self, world: &World, event: &Event) -> Option<Entry> {
        let is_supervisor = event.child_kind == ChildKind::Supervisor;
        match &event.what {
            EventKind::Starting => {
                let birth = world.told(&event.path)?;
                let started = entry(&birth, Happened::Started(birth.incarnation));
                let enters_init = is_supervisor && birth.outcome == Outcome::Runs;
                self.present.insert(event.path.clone(), birth);
                enters_init.then_some(started)
            }
            EventKind::Started { .. } => {
                let birth = self.present.get(&event.path)?;
                (!is_supervisor).then(|| entry(birth, Happened::Started(birth.incarnation)))
            }
            EventKind::Ignored => {
                let birth = self.present.remove(&event.path)?;
                Some(entry(&birth, Happened::Ignored))
            }
            EventKind::StartFailed { .. } => {
                let birth = self.present.remove(&event.path)?;
                match birth.outcome {
                    Outcome::Runs => Some(entry(&birth, Happened::Stopped(birth.incarnation, START_FAILED))),
                    Outcome::Fails | Outcome::Ignored => Some(entry(&birth, Happened::StartFailed)),
                }
            }
            EventKind::Exited { status, .. } => self.left(world, event, status.as_ref(), false),
            EventKind::Stopped { status, outcome, .. } => {
                self.left(world, event, status.as_ref(), *outcome == StopOutcome::Killed)
            }
            EventKind::Restarting { .. }
            | EventKind::GaveUp { .. }
            | EventKind::Signal { .. }
            | EventKind::Stopping { .. }
            | EventKind::Escalated { .. }
            | EventKind::Output { .. }
            | _ => None,
        }
    }

    /// The supervisors that are there.
    pub(crate) fn supervisors(&self) -> impl Iterator<Item = (&Id, u32)> {
        let is_running = |birth: &&Birth| birth.outcome == Outcome::Runs;
        self.present.values().filter(is_running).map(|birth| (&birth.id, birth.incarnation))
    }

    fn left(
        &mut self,
        world: &World,
        event: &Event,
        status: Option<&Exit>,
        was_killed: bool,
    ) -> Option<Entry> {
        let birth = self.present.remove(&event.path)?;
        let reason = match status {
            Some(Exit::Normal) => "normal",
            Some(Exit::Shutdown) if world.ended_with_term(&birth) => "shutdown_term",
            Some(Exit::Shutdown) => "shutdown",
            Some(Exit::Failed { .. }) => "abnormal",
            Some(Exit::Aborted) => "killed",
            Some(_) => "other",
            // Supervisors have no status. They end for `shutdown`, whatever brought them to it.
            None if was_killed => "killed",
            None => "shutdown",
        };
        Some(entry(&birth, Happened::Stopped(birth.incarnation, reason)))
    }
}

fn entry(birth: &Birth, what: Happened) -> Entry {
    Entry { id: Arc::clone(&birth.id), what }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, what } = self;
        match what {
            Happened::Started(incarnation) => write!(f, "start {id} {incarnation}"),
            Happened::Stopped(incarnation, reason) => write!(f, "stop {id} {incarnation} {reason}"),
            Happened::StartFailed => write!(f, "startfail {id}"),
            Happened::Ignored => write!(f, "ignore {id}"),
        }
    }
}
