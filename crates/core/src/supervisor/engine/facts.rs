//! Mail becomes facts: what children say is noted, written into the record, and handed to the machine.

use std::time::Instant;

use super::{Engine, child_error, emit, emit_with};
use crate::event::{EventKind, StopCause};
use crate::policy::{ChildKey, Input};
use crate::port::{Fate, Mail, Report, StartError, StopRequest};
use crate::supervisor::entry::{Stop, Was, outcome};

impl Engine {
    pub(super) fn receive(&mut self, mail: Mail, now: Instant) {
        match mail {
            Mail::Child { key, incarnation, report, activity } => {
                self.settling = activity.or(self.settling.take());
                if let Some(fact) = self.hear(key, incarnation, report, now) {
                    self.facts.push_back(fact);
                }
            }
            Mail::Call(call) => {
                let fact = self.take_call(call);
                self.facts.extend(fact);
            }
            Mail::Close => self.facts.push_back(Input::Close),
            Mail::Stop(StopRequest { deadline, .. }) => {
                self.facts.push_back(Input::Stop { cause: StopCause::Parent, deadline });
            }
            Mail::Kill => self.facts.push_back(Input::Kill),
            Mail::Force => self.facts.push_back(Input::Force),
            Mail::Alarm => {
                self.alarm.rang();
                self.facts.push_back(Input::Alarm);
            }
            #[cfg(test)]
            Mail::Poison => panic!("a test poisoned this supervisor"),
        }
    }

    /// Notes what a child said, writes it into the record, and makes it a fact.
    pub(super) fn hear(
        &mut self,
        key: ChildKey,
        incarnation: u32,
        report: Report,
        now: Instant,
    ) -> Option<Input> {
        let entry = self.children.get_mut(key)?;
        if entry.incarnation != incarnation || entry.live().is_none() {
            return None;
        }
        match report {
            Report::Started { pid } => {
                let live = entry.live_mut()?;
                live.pid = pid;
                if live.stop.is_some() || live.timed_out.is_some() {
                    return None;
                }
                live.started = true;
                live.since = now;
                emit(&self.tree, entry, EventKind::Started { pid });
                Some(Input::Started(key))
            }
            Report::Ignored => {
                let stop = entry.not_started(Vec::new(), now).and_then(|was| was.stop);
                match stop {
                    Some(stop) => emit(&self.tree, entry, stopped(stop, now)),
                    None => emit(&self.tree, entry, EventKind::Ignored),
                }
                Some(Input::Ignored(key))
            }
            Report::Failed { error, children } => {
                let stop = entry.live().and_then(|live| live.stop);
                let timed_out = entry.live().and_then(|live| live.timed_out);
                let error = timed_out.map_or(*error, StartError::TimedOut);
                entry.not_started(children, now);
                match stop {
                    Some(stop) => emit(&self.tree, entry, stopped(stop, now)),
                    None => emit(&self.tree, entry, EventKind::StartFailed { error: error.describe() }),
                }
                let error = child_error(entry, error);
                entry.start_error = Some(Box::new(error.clone()));
                self.start_error = Some(error);
                Some(Input::StartFailed(key))
            }
            Report::Ended(fate) => Some(self.ended(key, fate, now)),
            // Only the root's end is bounded by a deadline of the tree, and only the guardian cares.
            Report::Stopping { .. } => None,
        }
    }

    fn ended(&mut self, key: ChildKey, fate: Fate, now: Instant) -> Input {
        let entry = self.children.get_mut(key).expect("only a child that is there is heard");
        let class = fate.class();
        let start_failed = entry.live().is_some_and(|live| live.stop.is_none() && !live.started);
        let exit = start_failed.then(|| fate.exit());
        match (entry.gone(fate, now), exit) {
            (Some(Was { stop: Some(stop), .. }), _) => {
                emit_with(&self.tree, entry, || {
                    let (status, stragglers) = entry.end();
                    let elapsed = now.saturating_duration_since(stop.since);
                    EventKind::Stopped { outcome: outcome(Some(stop)), status, elapsed, stragglers }
                });
                Input::Ended(key, class)
            }
            (Some(Was { timed_out, .. }), Some(exit)) => {
                let error = timed_out.map_or(StartError::Ended(exit), StartError::TimedOut);
                emit(&self.tree, entry, EventKind::StartFailed { error: error.describe() });
                let error = child_error(entry, error);
                entry.start_error = Some(Box::new(error.clone()));
                self.start_error = Some(error);
                Input::StartFailed(key)
            }
            (Some(_) | None, _) => {
                emit_with(&self.tree, entry, || {
                    let (status, stragglers) = entry.end();
                    EventKind::Exited { status, stragglers }
                });
                Input::Ended(key, class)
            }
        }
    }
}

fn stopped(stop: Stop, now: Instant) -> EventKind {
    EventKind::Stopped {
        outcome: outcome(Some(stop)),
        status: None,
        elapsed: now.saturating_duration_since(stop.since),
        stragglers: Vec::new(),
    }
}
