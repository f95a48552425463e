//! Mail becomes facts: what children say is noted in the view, written into the record, and handed to the machine.

use std::time::Instant;

use super::Engine;
use crate::child::{StartError, StopCause};
use crate::event::EventKind;
use crate::failure::StartFailure;
use crate::panics::drop_quietly;
use crate::policy::{ChildKey, Input};
use crate::port::{ChildReport, Fate, Report, StopRequest};
use crate::supervisor::entry::{Stop, Tag, Was, outcome};
use crate::supervisor::mail::Mail;

impl Engine {
    pub(super) fn receive(&mut self, mail: Mail, now: Instant) {
        let fact = match mail {
            Mail::Begin => Some(Input::Begin),
            Mail::Child(ChildReport { key, incarnation, report, activity }) => {
                self.settling = activity.or(self.settling.take());
                self.hear(key, incarnation, report, now)
            }
            Mail::Call(call) => self.take_call(call),
            Mail::Close => Some(Input::Close),
            Mail::Stop(StopRequest { deadline, .. }) => {
                Some(Input::Stop { cause: StopCause::Parent, deadline })
            }
            Mail::Kill => Some(Input::Kill),
            Mail::Force => Some(Input::Force),
            Mail::Alarm => {
                self.alarm.rang();
                Some(Input::Alarm)
            }
            Mail::Decide => {
                (self.will_decide, self.has_heard_all) = (false, true);
                None
            }
            #[cfg(test)]
            Mail::Poison => panic!("a test poisoned this supervisor"),
        };
        self.facts.extend(fact);
    }

    /// Notes what a child said, writes it into the record, and makes it a fact.
    fn hear(&mut self, key: ChildKey, incarnation: u32, report: Report, now: Instant) -> Option<Input> {
        if let Report::Ended { fate, noted } = report {
            self.noted.extend(noted);
            return self.ended(key, incarnation, fate, now);
        }
        let is_meant = self.shared.view.with(key, |entry| entry.is_live_as(incarnation))?;
        if !is_meant {
            return None;
        }
        match report {
            Report::Started { pid } => {
                let started = self.shared.view.with(key, |entry| {
                    let live = entry.live_mut()?;
                    live.pid = pid;
                    if live.stop.is_some() || live.timed_out.is_some() {
                        return None;
                    }
                    live.started = true;
                    live.since = now;
                    Some(entry.tag())
                });
                self.emit(started??, EventKind::Started { pid });
                Some(Input::Started(key))
            }
            Report::Ignored => {
                let (tag, was) = self.not_started(key, Vec::new(), now)?;
                self.emit(tag, was.stop.map_or(EventKind::Ignored, |stop| stopped(stop, now)));
                Some(Input::Ignored(key))
            }
            Report::Failed { failure, children } => {
                let (tag, was) = self.not_started(key, children, now)?;
                let failure = match was.timed_out {
                    Some(after) => StartFailure::new(StartError::TimedOut(after)),
                    None => *failure,
                };
                Some(self.start_failed(key, tag, failure, was.stop.map(|stop| stopped(stop, now))))
            }
            Report::Stuck => Some(Input::Stuck(key)),
            // Only the root's end is bounded by a deadline of the tree, and only the guardian cares.
            Report::Stopping { .. } | Report::Ended { .. } => None,
        }
    }

    fn ended(&mut self, key: ChildKey, incarnation: u32, fate: Fate, now: Instant) -> Option<Input> {
        let class = fate.class();
        let ended = self.shared.view.with(key, |entry| {
            if !entry.is_live_as(incarnation) {
                return None;
            }
            let start_failed = entry.live().is_some_and(|live| live.stop.is_none() && !live.started);
            let exit = start_failed.then(|| fate.exit());
            let (was, before) = entry.gone(fate, now);
            Some((entry.tag(), start_failed, exit, was, before))
        });
        let (tag, start_failed, exit, was, before) = ended.flatten()?;
        drop_quietly(before);
        self.let_go(key);
        match (was, exit) {
            (Was { stop: Some(stop), .. }, _) => {
                let elapsed = now.saturating_duration_since(stop.since);
                self.emit_end(key, tag, |status, stragglers| EventKind::Stopped {
                    outcome: outcome(Some(stop)),
                    status,
                    elapsed,
                    stragglers,
                });
                Some(Input::Ended(key, class))
            }
            (Was { timed_out, .. }, Some(exit)) if start_failed => {
                let error = timed_out.map_or(StartError::Ended(exit), StartError::TimedOut);
                Some(self.start_failed(key, tag, StartFailure::new(error), None))
            }
            (Was { .. }, _) => {
                self.emit_end(key, tag, |status, stragglers| EventKind::Exited { status, stragglers });
                Some(Input::Ended(key, class))
            }
        }
    }

    /// Notes that an incarnation never came to run.
    pub(super) fn not_started(
        &mut self,
        key: ChildKey,
        children: Vec<crate::report::NodeReport>,
        now: Instant,
    ) -> Option<(Tag, Was)> {
        let (tag, was, before) = self.shared.view.with(key, |entry| {
            let (was, before) = entry.not_started(children, now);
            (entry.tag(), was, before)
        })?;
        drop_quietly(before);
        self.let_go(key);
        Some((tag, was))
    }

    /// A child could not be started. `what` is how that is written down if it is not a failed start for those who read.
    pub(super) fn start_failed(
        &mut self,
        key: ChildKey,
        tag: Tag,
        failure: StartFailure,
        what: Option<EventKind>,
    ) -> Input {
        self.before_foreign_code();
        // In any case: the supervisor above does not ask an error for its text.
        let failure = failure.write_down();
        let Tag { path, kind, incarnation } = tag;
        self.shared.tree.record().emit_with(kind, incarnation, || {
            let what = what.unwrap_or_else(|| EventKind::StartFailed { error: failure.text() });
            (path.clone(), what)
        });
        let failure = failure.of_child(&path);
        self.calls.note_failure(key, &failure);
        self.start_failure = Some(failure);
        Input::StartFailed(key)
    }

    /// Drops what stopped a child that is gone.
    fn let_go(&mut self, key: ChildKey) {
        self.before_calling(key);
        self.foreign.remove(&key);
        let child = self.running.get_mut(key).and_then(Option::take);
        drop_quietly(child);
    }

    pub(super) fn emit(&self, tag: Tag, what: EventKind) {
        let Tag { path, kind, incarnation } = tag;
        self.shared.tree.record().emit_with(kind, incarnation, || (path, what));
    }

    /// Writes how a child ended. What it left behind is copied only if the event is read.
    fn emit_end(
        &self,
        key: ChildKey,
        tag: Tag,
        make: impl FnOnce(Option<crate::child::Exit>, Vec<crate::child::Straggler>) -> EventKind,
    ) {
        let Tag { path, kind, incarnation } = tag;
        let end = || self.shared.view.with(key, |entry| entry.end()).unwrap_or_default();
        self.shared.tree.record().emit_with(kind, incarnation, || {
            let (status, stragglers) = end();
            (path, make(status, stragglers))
        });
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
