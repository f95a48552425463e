//! Actions become effects: what the machine wants is done to the children.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Engine, HeldChild};
use crate::child::{ChildKind, StartError, StopCause};
use crate::child_kind::{Inspect, Launch, Reporter, RunningChild, StartContext, StopRequest};
use crate::event::EventKind;
use crate::failure::StartFailure;
use crate::panics::{catch, drop_quietly};
use crate::policy::{Action, ChildKey, Closing, Input, SupervisorEnd};
use crate::stuck::{Stuck, StuckIn};
use crate::supervisor::entry::{ChildEntry, ChildStop, StartProgress, StopStage, Tag};

/// A child that has been inside one poll or one drop for this long when it is forced counts as stuck at once.
const CANNOT_GO: Duration = Duration::from_secs(1);

impl Engine {
    /// Does one thing. Answers how the supervisor ends, if that was the last.
    pub(super) fn perform(&mut self, action: Action, now: Instant) -> Option<SupervisorEnd> {
        match action {
            Action::Start(key) => self.start(key, now),
            Action::StartCleanUp(key) => self.launch(key, None, now),
            Action::Stop { key, cause, deadline } => {
                self.advance_stop(key, StopStage::Asked, StopRequest::new(cause, deadline), now);
            }
            Action::Kill { key, cause } => {
                self.advance_stop(key, StopStage::Killed, StopRequest::new(cause, None), now);
            }
            Action::Force { key, cause } => {
                self.advance_stop(key, StopStage::Forced, StopRequest::new(cause, None), now);
            }
            Action::AbandonStart(key) => self.abandon_start(key, now),
            Action::SaySlow { key, after } => self.say_slow(key, after),
            Action::Keep(key) => self.keep(key),
            Action::Decline(key) => self.decline(key),
            Action::Refuse(key) => {
                self.shared.refusals.note();
                self.decline(key);
            }
            Action::Reply { call, reply } => self.reply(call, reply),
            // What the spec had captured goes with it: OTP rule 46.
            Action::Forget(key) => {
                self.before_foreign_code();
                drop_quietly((self.shared.view.remove(key), self.running.remove(key)));
            }
            Action::Restarting { key, attempt, delay } => self.restarting(key, attempt, delay),
            Action::GaveUp(limit) => {
                let what = EventKind::GaveUp { restarts: limit.max_restarts, within: limit.within };
                if let Some(key) = self.machine.blamed() {
                    self.faults.stops_for(key, &self.shared.path, Some(limit));
                }
                // Marked in the section that writes it, so that nothing further down starts after it.
                let scope = &self.shared.scope;
                let Tag { path, kind, incarnation } = self.own_tag();
                let written = self.shared.tree.record().emit_if(
                    || scope.begin_stop_unless_stopping(),
                    kind,
                    incarnation,
                    || (path, what),
                );
                self.facts.push_front(if written { Input::GaveUp } else { Input::Hold });
            }
            Action::Ready => {
                self.lifo_slot.note();
                if let Some(reporter) = &mut self.reporter {
                    reporter.ready();
                }
            }
            Action::Stopping(cause) => {
                if let (StopCause::AutoShutdown, Some(key)) = (cause, self.machine.blamed()) {
                    self.faults.stops_for(key, &self.shared.path, None);
                }
                // Before it is written, so that nothing further down starts after it.
                self.shared.scope.begin_stop();
                self.lifo_slot.note();
                if let Some(reporter) = &mut self.reporter {
                    reporter.rouse(self.shared.tree.begin_activity());
                    let failure = self.start_failure.clone().filter(|_| cause == StopCause::StartFailed);
                    reporter.stopping(cause, failure);
                }
            }
            Action::Stuck => {
                self.lifo_slot.note();
                if let Some(reporter) = &self.reporter {
                    reporter.stuck();
                }
            }
            Action::Finish(end) => return Some(end),
        }
        None
    }

    /// What stands at this path: a supervisor, or a task with children.
    fn own_tag(&self) -> Tag {
        let kind = match self.policy.closing {
            Closing::WhenEmpty => ChildKind::Supervisor,
            Closing::WhenTold => ChildKind::Task,
        };
        Tag { path: self.shared.path.clone(), kind, incarnation: self.shared.incarnation }
    }

    /// Changes what is seen of a child and writes what has happened, in one section of the record, unless `change`
    /// changes nothing.
    ///
    /// In that section a stop that has begun here or above can be heeded: what is written then stands before the
    /// `stopping` of every ancestor.
    pub(super) fn publish<R>(
        &self,
        key: ChildKey,
        change: impl FnOnce(&mut ChildEntry) -> Option<R>,
        what: impl FnOnce(&ChildEntry, &R) -> EventKind,
    ) -> Option<R> {
        self.shared.tree.record().section(|writer| {
            let change = |entry: &mut ChildEntry| {
                let changed = change(entry)?;
                let make = || (entry.path.clone(), what(entry, &changed));
                writer.emit_with(entry.kind(), entry.incarnation, make);
                Some(changed)
            };
            self.shared.view.with(key, change).flatten()
        })
    }

    /// Says that a child has not started for a while. A supervisor is passed over: what it waits for is below it.
    fn say_slow(&self, key: ChildKey, elapsed: Duration) {
        let is_slow = |entry: &mut ChildEntry| (entry.kind() != ChildKind::Supervisor).then_some(());
        self.publish(key, is_slow, |_, ()| EventKind::NotReady { elapsed });
    }

    fn restarting(&mut self, key: ChildKey, attempt: u32, delay: Duration) {
        let change = |entry: &mut ChildEntry| {
            (!self.shared.scope.is_stopping()).then(|| {
                entry.awaits_restart = true;
                entry.restarts += 1;
            })
        };
        let written = self.publish(key, change, |_, ()| EventKind::Restarting { attempt, delay });
        self.facts.push_front(if written.is_some() { Input::Announced(key) } else { Input::Hold });
    }

    /// Starts a child, unless a stop has begun here or above.
    fn start(&mut self, key: ChildKey, now: Instant) {
        self.launch(key, Some(Input::Cancelled(key)), now);
    }

    /// Starts a child. What can be said at once is the next fact, before everything that waits: the start was over
    /// before anything else could be heard. With `refusal` the start is not carried out once a stop has begun, and that
    /// is the fact.
    fn launch(&mut self, key: ChildKey, refusal: Option<Input>, now: Instant) {
        let change = |entry: &mut ChildEntry| {
            if refusal.is_some() && self.shared.scope.is_stopping() {
                return None;
            }
            let spec = entry.spec()?;
            let (starter, shutdown, is_own) =
                (Arc::clone(spec.starter()), spec.shutdown_type(), spec.is_own());
            let before = entry.begin(now);
            Some((entry.tag(), before, starter, shutdown, is_own))
        };
        let Some((tag, before, starter, shutdown, is_own)) =
            self.publish(key, change, |_, _| EventKind::Starting)
        else {
            self.facts.extend_front(refusal);
            return;
        };
        drop_quietly(before);
        let activity = Some(self.shared.tree.begin_activity());
        let listener = Arc::clone(&self.link) as _;
        let cx = StartContext {
            path: tag.path,
            incarnation: tag.incarnation,
            shutdown,
            reporter: Reporter::new(listener, key, tag.incarnation, activity),
            tree: self.shared.tree.clone(),
            scope: Arc::clone(&self.shared.scope),
        };
        if !is_own {
            self.foreign.insert(key);
        }
        self.before_calling(key);
        let launched = catch(|| starter.start(cx));
        self.lifo_slot.note();
        // This may be the last reference to the starter, and its drop may run a user's code.
        drop_quietly(starter);
        // OTP rule 2.
        let fact = match launched {
            Ok(Launch::Running { child, pid }) => {
                let inspect = catch(|| child.inspect()).unwrap_or_default();
                let change = |entry: &mut ChildEntry| {
                    let live = entry.live_mut()?;
                    (live.inspect, live.pid, live.start) = (inspect, pid, StartProgress::Done);
                    Some(())
                };
                self.publish(key, change, |_, ()| EventKind::Started { pid });
                self.holds(key, child);
                Some(Input::Started(key))
            }
            Ok(Launch::Starting { child }) => {
                let inspect = catch(|| child.inspect()).unwrap_or_default();
                self.shared.view.with(key, |entry| entry.live_mut().map(|live| live.inspect = inspect));
                self.holds(key, child);
                None
            }
            Ok(Launch::Ignored) => Some(self.ignored(key, now)),
            Ok(Launch::Failed(error)) => Some(self.start_failed(key, StartFailure::new(error), None, now)),
            Err(panic) => {
                let failure = StartFailure::new(StartError::Panicked(panic));
                Some(self.start_failed(key, failure, None, now))
            }
        };
        self.facts.extend_front(fact);
    }

    fn holds(&mut self, key: ChildKey, child: Box<dyn RunningChild>) {
        if let Some(place) = self.running.get_mut(key) {
            *place = Some(HeldChild { child, stage: None });
        }
    }

    /// Has a child stopped, as hard as the machine wants it.
    fn advance_stop(&mut self, key: ChildKey, stage: StopStage, request: StopRequest, now: Instant) {
        self.before_calling(key);
        let Some(running) = self.running.get_mut(key).and_then(Option::as_mut) else { return };
        let HeldChild { child, stage: now_at } = running;
        let before = now_at.replace(stage);
        let names = catch(|| {
            if before.is_none() {
                // Before it is written, so that nothing below the child starts after it.
                child.hold();
            }
            (child.stop_signal(), child.force_name())
        });
        let (asks, force_name) = names.unwrap_or((None, "force"));
        let (signal, grace) = match stage {
            StopStage::Asked => {
                (asks, request.deadline.map(|deadline| deadline.saturating_duration_since(now)))
            }
            StopStage::Killed | StopStage::Forced => (asks.map(|_| force_name.into()), Some(Duration::ZERO)),
        };
        let inspect = self.shared.tree.record().section(|writer| {
            let change = |entry: &mut ChildEntry| {
                if before.is_none() {
                    let what = EventKind::Stopping { cause: request.cause, signal, grace };
                    writer.emit(&entry.path, entry.kind(), entry.incarnation, what);
                }
                if stage == StopStage::Forced && before != Some(StopStage::Forced) {
                    let what = EventKind::Escalated { to: force_name.into() };
                    writer.emit(&entry.path, entry.kind(), entry.incarnation, what);
                }
                let live = entry.live_mut()?;
                live.stop.get_or_insert(ChildStop { since: now, stage }).stage = stage;
                if before.is_none() {
                    live.since = now;
                }
                (stage != StopStage::Asked).then(|| live.inspect.clone()).flatten()
            };
            self.shared.view.with(key, change).flatten()
        });
        let done = catch(|| match stage {
            StopStage::Asked => child.stop(request),
            StopStage::Killed => child.kill(),
            StopStage::Forced => child.force(),
        });
        self.lifo_slot.note();
        match (done, stage) {
            (Ok(()), StopStage::Asked) => {}
            (Ok(()), StopStage::Killed | StopStage::Forced) => {
                if inspect.is_some_and(|inspect| cannot_go(&inspect)) {
                    self.facts.push_back(Input::Stuck(key));
                }
            }
            // A child that cannot even be asked has no use for a grace.
            (Err(_), StopStage::Asked) => {
                self.advance_stop(key, StopStage::Forced, request, now);
                self.facts.push_front(Input::Forced(key));
            }
            (Err(_), StopStage::Killed | StopStage::Forced) => {
                let _ = catch(|| child.force());
            }
        }
    }
}

/// Whether a child that is forced is seen inside one poll or one drop that does not end.
fn cannot_go(inspect: &Arc<dyn Inspect>) -> bool {
    match inspect.stuck() {
        Some(Stuck { why: StuckIn::Poll | StuckIn::Drop, elapsed, .. }) => {
            elapsed.is_some_and(|elapsed| elapsed >= CANNOT_GO)
        }
        Some(_) | None => false,
    }
}
