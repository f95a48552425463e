//! Actions become effects: what the machine wants is done to the children.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Engine;
use crate::child::{ChildKind, ChildPath, StartError, StopCause};
use crate::event::EventKind;
use crate::failure::StartFailure;
use crate::panics::{catch, drop_quietly};
use crate::policy::{Action, ChildKey, Closing, End, Input};
use crate::port::{Inspect, Launch, Reporter, Running, StartContext, StopRequest};
use crate::stuck::{Stuck, StuckIn};
use crate::supervisor::entry::{Stop, StopStage, Tag};

/// A child that has been inside one poll or one drop for so long when it is forced does not go.
const CANNOT_GO: Duration = Duration::from_secs(1);

impl Engine {
    /// Does one thing. Answers how the supervisor ends, if that was the last.
    pub(super) fn perform(&mut self, action: Action, now: Instant) -> Option<End> {
        match action {
            Action::Start(key) => self.start(key, now),
            Action::StartCleanUp(key) => self.launch(key, None, now),
            Action::Stop { key, cause, deadline } => {
                self.press(key, StopStage::Asked, StopRequest::new(cause, deadline), now);
            }
            Action::Kill { key, cause } => {
                self.press(key, StopStage::Killed, StopRequest::new(cause, None), now);
            }
            Action::Force { key, cause } => {
                self.press(key, StopStage::Forced, StopRequest::new(cause, None), now);
            }
            Action::AbandonStart(key) => self.abandon_start(key, now),
            Action::Keep(key) => self.keep(key),
            Action::Decline(key) => self.decline(key),
            Action::Refuse(key) => {
                self.shared.refusals.note();
                self.decline(key);
            }
            Action::Reply { call, reply } => self.reply(call, reply),
            Action::Forget(key) => {
                self.before_foreign_code();
                drop_quietly((self.shared.view.remove(key), self.running.remove(key)));
            }
            Action::Restarting { key, attempt, delay } => self.restarting(key, attempt, delay),
            Action::GaveUp(limit) => {
                let what = EventKind::GaveUp { restarts: limit.max_restarts, within: limit.within };
                // Marked in the section that writes it, so that nothing further down starts after it.
                let scope = &self.shared.scope;
                let written = self.emit_if(|| scope.begin_stop_unless_stopping(), self.own_tag(), what);
                self.facts.push_front(if written { Input::GaveUp } else { Input::Hold });
            }
            Action::Ready => {
                self.woken.note();
                if let Some(reporter) = &mut self.reporter {
                    reporter.ready();
                }
            }
            Action::Stopping(cause) => {
                // Before it is written, so that nothing further down starts after it.
                self.shared.scope.begin_stop();
                self.woken.note();
                if let Some(reporter) = &mut self.reporter {
                    reporter.rouse(self.shared.tree.begin_activity());
                    let failure = self.start_failure.clone().filter(|_| cause == StopCause::StartFailed);
                    reporter.stopping(cause, failure);
                }
            }
            Action::Stuck => {
                self.woken.note();
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

    /// Writes an event, unless a stop has begun here or above. That is looked at while the record numbers the event, so that no such event
    /// stands behind the `stopping` of an ancestor.
    fn emit_unless_stopping(&self, tag: Tag, what: EventKind) -> bool {
        self.emit_if(|| !self.shared.scope.is_stopping(), tag, what)
    }

    fn emit_if(&self, allowed: impl FnOnce() -> bool, tag: Tag, what: EventKind) -> bool {
        let Tag { path, kind, incarnation } = tag;
        self.shared.tree.record().emit_if(allowed, kind, incarnation, || (path, what))
    }

    fn restarting(&mut self, key: ChildKey, attempt: u32, delay: Duration) {
        let tag = self.shared.view.with(key, |entry| {
            entry.awaits_restart = true;
            entry.restarts += 1;
            entry.tag()
        });
        let Some(tag) = tag else { return };
        let written = self.emit_unless_stopping(tag, EventKind::Restarting { attempt, delay });
        if !written {
            self.shared.view.with(key, |entry| {
                entry.awaits_restart = false;
                entry.restarts -= 1;
            });
        }
        self.facts.push_front(if written { Input::Announced(key) } else { Input::Hold });
    }

    /// Starts a child, unless a stop has begun here or above.
    fn start(&mut self, key: ChildKey, now: Instant) {
        self.launch(key, Some(Input::Cancelled(key)), now);
    }

    /// Starts a child. What can be said at once is the next fact, before everything that waits: the start was over before anything else
    /// could be heard. With `refusal` the start is not carried out once a stop has begun, and that is the fact.
    fn launch(&mut self, key: ChildKey, refusal: Option<Input>, now: Instant) {
        let begun = self.shared.view.with(key, |entry| {
            let spec = entry.spec()?;
            let (starter, shutdown, is_own) =
                (Arc::clone(spec.starter()), spec.get_shutdown(), spec.is_own());
            let before = entry.begin(now);
            Some((entry.tag(), before, starter, shutdown, is_own))
        });
        let Some((tag, before, starter, shutdown, is_own)) = begun.flatten() else { return };
        let is_written = match refusal {
            None => {
                self.emit(tag.clone(), EventKind::Starting);
                true
            }
            Some(_) => self.emit_unless_stopping(tag.clone(), EventKind::Starting),
        };
        if !is_written {
            self.shared.view.with(key, |entry| entry.take_back(before));
            self.facts.extend_front(refusal);
            return;
        }
        drop_quietly(before);
        let activity = Some(self.shared.tree.begin_activity());
        let listener = Arc::clone(&self.link) as _;
        let cx = StartContext {
            path: tag.path.clone(),
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
        self.woken.note();
        // It may be the last: the handle of a dynamic supervisor can delete nothing meanwhile, but a spec can be shared.
        drop_quietly(starter);
        let fact = match launched {
            Ok(Launch::Running { child, pid }) => {
                self.launched(key, Running { child, pid }, true);
                self.emit(tag, EventKind::Started { pid });
                Some(Input::Started(key))
            }
            Ok(Launch::Starting { child }) => {
                self.launched(key, Running { child, pid: None }, false);
                None
            }
            Ok(Launch::Ignored) => {
                self.not_started(key, Vec::new(), now);
                self.emit(tag, EventKind::Ignored);
                Some(Input::Ignored(key))
            }
            Ok(Launch::Failed(error)) => Some(self.failed_at_once(key, tag, error, now)),
            Err(panic) => Some(self.failed_at_once(key, tag, StartError::Panicked(panic), now)),
        };
        self.facts.extend_front(fact);
    }

    fn launched(&mut self, key: ChildKey, running: Running, started: bool) {
        let Running { child, pid } = running;
        let inspect = catch(|| child.inspect()).unwrap_or_default();
        self.shared.view.with(key, |entry| {
            if let Some(live) = entry.live_mut() {
                live.inspect = inspect;
                live.pid = pid;
                live.started = started;
            }
        });
        if let Some(place) = self.running.get_mut(key) {
            *place = Some(child);
        }
    }

    fn failed_at_once(&mut self, key: ChildKey, tag: Tag, error: StartError, now: Instant) -> Input {
        self.not_started(key, Vec::new(), now);
        self.start_failed(key, tag, StartFailure::new(error), None)
    }

    /// Has a child stopped, as hard as the machine wants it.
    fn press(&mut self, key: ChildKey, stage: StopStage, request: StopRequest, now: Instant) {
        self.before_calling(key);
        let Some(child) = self.running.get_mut(key).and_then(Option::as_mut) else { return };
        let names = catch(|| (child.stop_signal(), child.force_name()));
        let (asks, force_name) = names.unwrap_or((None, "force"));
        let noted = self.shared.view.with(key, |entry| {
            let tag = entry.tag();
            let live = entry.live_mut()?;
            let before = live.stop.map(|stop| stop.stage);
            live.stop.get_or_insert(Stop { since: now, stage }).stage = stage;
            if before.is_none() {
                live.since = now;
            }
            let inspect = (stage != StopStage::Asked).then(|| live.inspect.clone()).flatten();
            Some((tag, before, inspect))
        });
        let Some((tag, before, inspect)) = noted.flatten() else { return };
        if before.is_none() {
            // Before it is written, so that nothing below the child starts after it.
            let _ = catch(|| child.hold());
            let signal = match stage {
                StopStage::Asked => asks,
                StopStage::Killed | StopStage::Forced => asks.map(|_| force_name.into()),
            };
            let what = EventKind::Stopping { cause: request.cause, signal };
            emit(&self.shared.tree, &tag, what);
        }
        if stage == StopStage::Forced && before != Some(StopStage::Forced) {
            emit(&self.shared.tree, &tag, EventKind::Escalated { to: force_name.into() });
        }
        let pressed = catch(|| match stage {
            StopStage::Asked => child.stop(request),
            StopStage::Killed => child.kill(),
            StopStage::Forced => child.force(),
        });
        self.woken.note();
        match (pressed, stage) {
            (Ok(()), StopStage::Asked) => {}
            (Ok(()), StopStage::Killed | StopStage::Forced) => {
                if inspect.is_some_and(|inspect| cannot_go(&inspect)) {
                    self.facts.push_back(Input::Stuck(key));
                }
            }
            // A child that cannot even be asked has no use for a grace.
            (Err(_), StopStage::Asked) => {
                self.press(key, StopStage::Forced, request, now);
                self.facts.push_front(Input::Forced(key));
            }
            (Err(_), StopStage::Killed | StopStage::Forced) => {
                let _ = catch(|| child.force());
            }
        }
    }
}

fn emit(tree: &crate::context::TreeContext, tag: &Tag, what: EventKind) {
    let path: &ChildPath = &tag.path;
    tree.record().emit_with(tag.kind, tag.incarnation, || (path.clone(), what));
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
