//! Actions become effects: what the machine wants is done to the children.

use std::sync::Arc;
use std::time::Instant;

use super::{Engine, child_error, emit, emit_with};
use crate::child::ChildKind;
use crate::event::{EventKind, StopCause};
use crate::panics::{catch, drop_quietly};
use crate::policy::{Action, ChildKey, Closing, Input};
use crate::port::{Launch, Reporter, Running, StartContext, StartError, StopRequest};
use crate::supervisor::entry::{Press, Stop};

impl Engine {
    pub(super) fn perform(&mut self, action: Action, now: Instant) {
        match action {
            Action::Start(key) => {
                if let Some(fact) = self.start(key, now) {
                    // Before all that waits: the start was over before anything else could be heard.
                    self.facts.push_front(fact);
                }
            }
            Action::StartCleanUp(key) => {
                if let Some(fact) = self.launch(key, now) {
                    self.facts.push_front(fact);
                }
            }
            Action::Stop { key, cause, deadline } => {
                self.press(key, Press::Asked, StopRequest::new(cause, deadline), now);
            }
            Action::Kill { key, cause } => {
                self.press(key, Press::Killed, StopRequest::new(cause, None), now);
            }
            Action::Force { key, cause } => {
                self.press(key, Press::Forced, StopRequest::new(cause, None), now);
            }
            Action::AbandonStart(key) => self.abandon_start(key, now),
            Action::Keep(key) => self.keep(key),
            Action::Decline(key) => self.decline(key),
            Action::Refuse(key) => {
                self.inbox.note_refusal();
                self.decline(key);
            }
            Action::Reply { call, reply } => self.reply(call, reply),
            Action::Forget(key) => {
                drop_quietly(self.children.remove(key));
            }
            Action::Restarting { key, attempt, delay } => {
                if let Some(entry) = self.children.get_mut(key) {
                    entry.restarts += 1;
                    emit(&self.tree, entry, EventKind::Restarting { attempt, delay });
                }
            }
            Action::GaveUp(limit) => {
                let what = EventKind::GaveUp { restarts: limit.max_restarts, within: limit.within };
                self.tree.record().emit(&self.path, self.kind(), self.incarnation, what);
                self.facts.push_front(Input::GaveUp);
            }
            Action::Stuck => {}
            Action::Ready => {
                if let Some(reporter) = &mut self.reporter {
                    reporter.ready();
                }
            }
            Action::Stopping(cause) => {
                if let Some(reporter) = &mut self.reporter {
                    reporter.rouse(self.tree.begin_activity());
                    let start_error = self.start_error.clone().filter(|_| cause == StopCause::StartFailed);
                    reporter.stopping(cause, start_error);
                }
            }
            Action::Finish(end) => self.end = Some(end),
        }
    }

    /// What stands at this path: a supervisor, or a task with children.
    fn kind(&self) -> ChildKind {
        match self.policy.closing {
            Closing::WhenEmpty => ChildKind::Supervisor,
            Closing::WhenTold => ChildKind::Task,
        }
    }

    /// Starts a child. What can be said at once is returned.
    fn start(&mut self, key: ChildKey, now: Instant) -> Option<Input> {
        if self.inbox.is_on_hold() {
            // A stop is on its way, and nothing starts once that is known.
            return Some(Input::Cancelled(key));
        }
        self.launch(key, now)
    }

    fn launch(&mut self, key: ChildKey, now: Instant) -> Option<Input> {
        let entry = self.children.get_mut(key)?;
        entry.incarnation += 1;
        emit(&self.tree, entry, EventKind::Starting);
        let activity = Some(self.tree.begin_activity());
        let cx = StartContext {
            path: entry.path.clone(),
            incarnation: entry.incarnation,
            shutdown: entry.spec.get_shutdown(),
            reporter: Reporter::new(Arc::clone(&self.inbox), key, entry.incarnation, activity),
            tree: self.tree.clone(),
        };
        let starter = Arc::clone(entry.spec.starter());
        match catch(|| starter.start(cx)) {
            Ok(Launch::Running { child, pid }) => {
                entry.launched(Running { child, pid }, true, now);
                emit(&self.tree, entry, EventKind::Started { pid });
                Some(Input::Started(key))
            }
            Ok(Launch::Starting { child }) => {
                entry.launched(Running { child, pid: None }, false, now);
                None
            }
            Ok(Launch::Ignored) => {
                entry.not_started(Vec::new(), now);
                emit(&self.tree, entry, EventKind::Ignored);
                Some(Input::Ignored(key))
            }
            Ok(Launch::Failed(error)) => Some(self.not_started(key, error, now)),
            Err(panic) => Some(self.not_started(key, StartError::Panicked(panic), now)),
        }
    }

    fn not_started(&mut self, key: ChildKey, error: StartError, now: Instant) -> Input {
        if let Some(entry) = self.children.get_mut(key) {
            entry.not_started(Vec::new(), now);
            emit(&self.tree, entry, EventKind::StartFailed { error: error.describe() });
            let error = child_error(entry, error);
            entry.start_error = Some(Box::new(error.clone()));
            self.start_error = Some(error);
        }
        Input::StartFailed(key)
    }

    /// Has a child stopped, with as much pressure as the machine wants.
    fn press(&mut self, key: ChildKey, press: Press, request: StopRequest, now: Instant) {
        let Some(entry) = self.children.get_mut(key) else { return };
        let Some(live) = entry.live_mut() else { return };
        let before = live.stop.map(|stop| stop.press);
        live.stop.get_or_insert(Stop { since: now, press }).press = press;
        let names = catch(|| (live.child.stop_signal(), live.child.force_name()));
        let (asks, force_name) = names.unwrap_or((None, "force"));
        if before.is_none() {
            let _ = catch(|| live.child.hold());
            live.since = now;
            let signal = match press {
                Press::Asked => asks,
                Press::Killed | Press::Forced => asks.map(|_| force_name.into()),
            };
            emit_with(&self.tree, entry, || EventKind::Stopping { cause: request.cause, signal });
        }
        if press == Press::Forced && before != Some(Press::Forced) {
            emit_with(&self.tree, entry, || EventKind::Escalated { to: force_name.into() });
        }
        let Some(live) = entry.live_mut() else { return };
        let pressed = catch(|| match press {
            Press::Asked => live.child.stop(request),
            Press::Killed => live.child.kill(),
            Press::Forced => live.child.force(),
        });
        match (pressed, press) {
            (Ok(()), _) => {}
            // A child that cannot even be asked has no use for a grace.
            (Err(_), Press::Asked) => {
                self.press(key, Press::Forced, request, now);
                self.facts.push_front(Input::Forced(key));
            }
            (Err(_), Press::Killed | Press::Forced) => {
                let _ = catch(|| live.child.force());
            }
        }
    }
}
