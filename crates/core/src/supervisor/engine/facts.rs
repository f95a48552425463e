//! Messages become facts: what children say is written in the view, written into the record, and handed to the machine.

use std::time::Instant;

use super::Engine;
use crate::child::{Exit, ExitClass, Restart, StartError, StopCause, Straggler};
use crate::child_kind::{ChildReport, CompactEnd, Report, StopRequest};
use crate::event::EventKind;
use crate::failure::StartFailure;
use crate::panics::drop_quietly;
use crate::policy::{ChildKey, Input};
use crate::report::Below;
use crate::spec::ChildSpec;
use crate::supervisor::entry::{ChildEntry, ChildStop, LatestIncarnation, StartProgress, outcome};
use crate::supervisor::mailbox::SupervisorMessage;

/// The stop of an incarnation that is gone, if it had begun, and what was known of it.
type Before = (Option<ChildStop>, LatestIncarnation);

impl Engine {
    pub(super) fn receive(&mut self, message: SupervisorMessage, now: Instant) {
        let fact = match message {
            SupervisorMessage::Begin => Some(Input::Begin),
            SupervisorMessage::Child(ChildReport { key, incarnation, report, activity }) => {
                self.settling = activity.or(self.settling.take());
                self.hear(key, incarnation, report, now)
            }
            SupervisorMessage::Call(call) => self.take_call(call),
            SupervisorMessage::Ask(question) => {
                self.calls.ask(question);
                None
            }
            SupervisorMessage::ReservationDropped => Some(Input::ReservationDropped),
            SupervisorMessage::Close => Some(Input::Close),
            SupervisorMessage::Stop(StopRequest { deadline, .. }) => {
                Some(Input::Stop { cause: StopCause::Parent, deadline })
            }
            SupervisorMessage::Kill => Some(Input::Kill),
            SupervisorMessage::Force => Some(Input::Force),
            SupervisorMessage::Alarm => {
                self.alarm.rang();
                Some(Input::Alarm)
            }
            SupervisorMessage::Decide => {
                (self.will_decide, self.has_heard_all) = (false, true);
                None
            }
            #[cfg(test)]
            SupervisorMessage::Poison => panic!("a test poisoned this supervisor"),
        };
        self.facts.extend(fact);
    }

    /// Notes what a child said, writes it into the record, and makes it a fact.
    fn hear(&mut self, key: ChildKey, incarnation: u32, report: Report, now: Instant) -> Option<Input> {
        if let Report::Ended { end, handled } = report {
            self.handled.extend(handled);
            return self.ended(key, incarnation, end, now);
        }
        let is_meant = self.shared.view.with(key, |entry| entry.is_live_as(incarnation))?;
        if !is_meant {
            return None;
        }
        match report {
            Report::Started { pid } => {
                let change = |entry: &mut ChildEntry| {
                    let live = entry.live_mut()?;
                    live.pid = pid;
                    if live.stop.is_some() || matches!(live.start, StartProgress::TimedOut(_)) {
                        return None;
                    }
                    live.start = StartProgress::Done;
                    live.since = now;
                    Some(())
                };
                self.publish(key, change, |_, ()| EventKind::Started { pid })?;
                Some(Input::Started(key))
            }
            Report::Ignored => Some(self.ignored(key, now)),
            Report::Failed { failure, children } => {
                let start = |entry: &mut ChildEntry| entry.live().map(|live| live.start);
                let failure = match self.shared.view.with(key, start).flatten() {
                    Some(StartProgress::TimedOut(after)) => StartFailure::new(StartError::TimedOut(after)),
                    Some(StartProgress::Begun | StartProgress::Done) | None => *failure,
                };
                Some(self.start_failed(key, failure, Some(children), now))
            }
            Report::Stuck => Some(Input::Stuck(key)),
            // Only the root's end is bounded by a deadline of the tree, and only the guardian cares.
            Report::Stopping { .. } | Report::Ended { .. } => None,
        }
    }

    fn ended(&mut self, key: ChildKey, incarnation: u32, end: CompactEnd, now: Instant) -> Option<Input> {
        let class = end.class();
        let seen = self.shared.view.with(key, |entry| {
            let live = entry.is_live_as(incarnation).then(|| entry.live()).flatten()?;
            let was_asked = live.stop.is_some();
            let start_error = match live.start {
                StartProgress::Begun if !was_asked => Some(end.start_error()),
                StartProgress::TimedOut(after) if !was_asked => Some(StartError::TimedOut(after)),
                StartProgress::Begun | StartProgress::Done | StartProgress::TimedOut(_) => None,
            };
            let restart = entry.spec().map_or(Restart::Permanent, ChildSpec::restart_type);
            Some((start_error, was_asked, restart))
        });
        let (start_error, was_asked, restart) = seen.flatten()?;
        // It may have been sent to the whole tree.
        let may_be_a_stop = end.may_be_a_stop() && self.shared.tree.hears_signals();
        if let Some(error) = start_error {
            let is_timeout = matches!(error, StartError::TimedOut(_));
            let failed =
                self.start_failed_as(key, StartFailure::new(error), now, |entry| entry.gone(end, now));
            return Some(if may_be_a_stop && !is_timeout { Input::StartFailedBySignal(key) } else { failed });
        }
        if let Some(failures) = end.failures() {
            self.faults.heard(failures);
        }
        if !was_asked {
            self.note_fault(key, &end, restart, now);
        }
        let what = |entry: &ChildEntry, (stop, _): &Before| {
            // What it left behind is copied only if the event is read.
            let (status, stragglers) = entry.end();
            match *stop {
                Some(stop) => stopped(stop, now, status, stragglers),
                None => EventKind::Exited { status, stragglers },
            }
        };
        self.gone(self.publish(key, |entry| Some(entry.gone(end, now)), what), key);
        Some(if may_be_a_stop { Input::EndedBySignal(key, class) } else { Input::Ended(key, class) })
    }

    /// Remembers how a child ended that has not been asked to, and what it says of failures below it.
    fn note_fault(&mut self, key: ChildKey, end: &CompactEnd, restart: Restart, now: Instant) {
        let below = end.failures().and_then(|failures| failures.blame.clone());
        let has_failed = end.class() == ExitClass::Abnormal || below.is_some();
        match has_failed.then(|| self.shared.view.with(key, |entry| entry.path.clone())).flatten() {
            Some(path) => self.faults.failed(key, path, end.exit(), below),
            None => self.faults.ended(key),
        }
        let is_for_good = match restart {
            Restart::Permanent => false,
            Restart::Transient => end.class() != ExitClass::Abnormal,
            Restart::Temporary => true,
        };
        if is_for_good {
            self.faults.ended_for_good(key, now);
        }
    }

    /// An incarnation had nothing to run.
    pub(super) fn ignored(&mut self, key: ChildKey, now: Instant) -> Input {
        let what = |_: &ChildEntry, (stop, _): &Before| {
            stop.map_or(EventKind::Ignored, |stop| stopped(stop, now, None, Vec::new()))
        };
        self.gone(self.publish(key, |entry| Some(entry.not_started(None, now)), what), key);
        Input::Ignored(key)
    }

    /// A child could not be started. `children` says how what had been started of it came down.
    pub(super) fn start_failed(
        &mut self,
        key: ChildKey,
        failure: StartFailure,
        children: Option<Below>,
        now: Instant,
    ) -> Input {
        self.start_failed_as(key, failure, now, |entry| entry.not_started(children, now))
    }

    fn start_failed_as(
        &mut self,
        key: ChildKey,
        failure: StartFailure,
        now: Instant,
        change: impl FnOnce(&mut ChildEntry) -> Before,
    ) -> Input {
        self.before_foreign_code();
        // Also if the text is not read here: the supervisor above does not ask an error for its text.
        let failure = failure.write_down();
        let what = |entry: &ChildEntry, (stop, _): &Before| match *stop {
            Some(stop) => stopped(stop, now, None, Vec::new()),
            None => {
                let (_, stragglers) = entry.end();
                EventKind::StartFailed { error: failure.text(), stragglers }
            }
        };
        self.gone(self.publish(key, |entry| Some(change(entry)), what), key);
        if let Some(path) = self.shared.view.with(key, |entry| entry.path.clone()) {
            let failure = failure.of_child(&path);
            self.calls.note_failure(key, &failure);
            self.start_failure = Some(failure);
        }
        Input::StartFailed(key)
    }

    /// Drops what was known of an incarnation that is gone, and what stopped it.
    fn gone(&mut self, before: Option<Before>, key: ChildKey) {
        self.before_calling(key);
        self.foreign.remove(&key);
        let child = self.running.get_mut(key).and_then(Option::take);
        drop_quietly((before, child));
    }
}

fn stopped(stop: ChildStop, now: Instant, status: Option<Exit>, stragglers: Vec<Straggler>) -> EventKind {
    let elapsed = now.saturating_duration_since(stop.since);
    EventKind::Stopped { outcome: outcome(Some(stop)), status, elapsed, stragglers }
}
