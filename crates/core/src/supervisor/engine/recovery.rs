//! How an engine goes on after a turn that failed, and how it ends when it is dropped in the middle of something.

use std::time::Duration;

use super::{Engine, FAILURES};
use crate::child::StopCause;
use crate::clock::awake_now;
use crate::event::EventKind;
use crate::panics::{catch, drop_quietly};
use crate::policy::{Input, Machine, Ordered, SupervisorEnd};
use crate::supervisor::entry::{ChildEntry, ChildStop, StopStage};
use crate::supervisor::mailbox::{Acknowledgement, Unwritten};

impl Engine {
    /// Goes on after a turn that failed: what is left is stopped in order, and nothing is started any more.
    pub(super) fn recover(&mut self) {
        self.facts.clear();
        self.todo.clear();
        self.is_held = false;
        if self.failures > FAILURES {
            return self.force_all();
        }
        let mut machine = Machine::new(self.policy, super::seed());
        self.shared.view.for_each(|key, entry| match entry.live() {
            Some(_) => machine.adopt(key, entry.id(), entry.traits()),
            None => machine.add(key, entry.id(), entry.traits()),
        });
        if self.machine.is_closed() {
            self.facts.push_back(Input::Close);
        }
        self.machine = machine;
        self.dismiss_callers();
        self.facts.push_back(Input::Fail);
    }

    /// Whether turns have failed so often that the children are ended without a machine, and all of them are gone.
    pub(super) fn end_without_a_machine(&mut self) -> Option<SupervisorEnd> {
        if self.failures <= FAILURES {
            return None;
        }
        self.facts.clear();
        self.todo.clear();
        let mut is_any_left = false;
        self.shared.view.for_each(|_, entry| is_any_left |= entry.live().is_some());
        (!is_any_left).then_some(SupervisorEnd::Failed)
    }

    fn force_all(&mut self) {
        let stop = ChildStop { since: awake_now(), stage: StopStage::Forced };
        for key in self.live_children() {
            self.shared.view.with(key, |entry| entry.live_mut().map(|live| live.stop = Some(stop)));
            self.before_calling(key);
            if let Some(child) = self.child(key) {
                let _ = catch(|| child.force());
            }
            self.lifo_slot.note();
        }
    }

    /// The children that are there, the last started first.
    fn live_children(&self) -> Vec<crate::policy::ChildKey> {
        let mut keys = Vec::new();
        self.shared.view.for_each(|key, entry| keys.extend(entry.live().map(|_| key)));
        keys.reverse();
        keys
    }
}

/// The actor's task has ended in the middle of something: its runtime is shut down, or ractor failed. Everything below
/// is forced, and the parent is told once all of it is gone: OTP rule 16.
impl Drop for Engine {
    fn drop(&mut self) {
        let Some(reporter) = self.reporter.take() else { return };
        self.shared.scope.begin_stop();
        let tree = self.shared.tree.clone();
        let mut left = Vec::new();
        for key in self.live_children() {
            let Some(child) = self.child(key) else { continue };
            let to = catch(|| child.force_name()).unwrap_or("force");
            let forced = tree.record().section(|writer| {
                let change = |entry: &mut ChildEntry| {
                    let was_asked = entry.live()?.stop.is_some();
                    if !was_asked {
                        let what = EventKind::Stopping {
                            cause: StopCause::Failed,
                            signal: None,
                            grace: Some(Duration::ZERO),
                        };
                        writer.emit(&entry.path, entry.kind(), entry.incarnation, what);
                    }
                    let what = EventKind::Escalated { to: to.into() };
                    writer.emit(&entry.path, entry.kind(), entry.incarnation, what);
                    let stop = ChildStop { since: awake_now(), stage: StopStage::Forced };
                    entry.live_mut()?.stop.get_or_insert(stop).stage = stop.stage;
                    Some((entry.path.clone(), entry.kind(), entry.incarnation))
                };
                self.shared.view.with(key, change).flatten()
            });
            let Some(forced) = forced else { continue };
            if let Some(child) = self.child(key) {
                let _ = catch(|| child.force());
            }
            left.push(forced);
        }
        let (children, entries) = self.close_view();
        drop_quietly(entries);
        drop_quietly(std::mem::replace(&mut self.running, Ordered::new()));
        self.dismiss_callers();
        let unwritten = Some(Unwritten { tree, below: children.clone(), children: left });
        let report = self.last_report(SupervisorEnd::Failed, children);
        self.link.acknowledge_with(Acknowledgement { reporter, report, unwritten });
    }
}
