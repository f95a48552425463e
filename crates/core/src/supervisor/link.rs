//! Ties the children of one supervisor to its actor, and acknowledges the supervisor.
//!
//! The actor and every reporter of a child hold the link. When the last of them lets go, the supervisor and everything
//! below it are gone: then, and only then, its parent is told. In the ordinary case the actor is the last, and ractor
//! drops it as the last thing that its task does. Should ractor's task end in the middle of something, the children
//! have been forced by the drop of the actor's state, and the last child that goes acknowledges the supervisor too.

use std::sync::{Arc, OnceLock};

use super::message::Message;
use super::shared::SharedSupervisor;
use crate::blame::Failures;
use crate::child::{ChildKind, ChildPath, Exit, Outcome, Panic};
use crate::child_kind::{ChildReport, Ended, Listener, Reporter};
use crate::context::TreeContext;
use crate::event::EventKind;
use crate::failure::StartFailure;
use crate::iterative_drop::iteratively;
use crate::policy::End;
use crate::report::Below;

/// Where the children of one supervisor report.
pub(super) struct ChildLink {
    supervisor: Arc<SharedSupervisor>,
    acknowledgement: OnceLock<Acknowledgement>,
}

/// How a supervisor ended, on its way to the parent.
pub(super) struct Acknowledgement {
    pub(super) reporter: Reporter,
    pub(super) end: End,
    pub(super) start_failure: Option<StartFailure>,
    pub(super) children: Below,
    pub(super) failures: Failures,
    /// Children that were forced because the actor's task had ended. No other code writes their ends into the record.
    pub(super) unwritten: Option<Unwritten>,
}

/// Children whose ends are written when the supervisor is acknowledged: they are gone by then.
pub(super) struct Unwritten {
    pub(super) tree: TreeContext,
    /// In reverse start order.
    pub(super) children: Vec<(ChildPath, ChildKind, u32)>,
}

impl ChildLink {
    pub(super) fn new(supervisor: Arc<SharedSupervisor>) -> Arc<Self> {
        Arc::new(Self { supervisor, acknowledgement: OnceLock::new() })
    }

    /// Says what the parent is told once the last holder of the link has let go.
    pub(super) fn acknowledge_with(&self, acknowledgement: Acknowledgement) {
        let _ = self.acknowledgement.set(acknowledgement);
    }
}

impl Listener for ChildLink {
    fn hear(&self, report: ChildReport) {
        // An actor that has ended has nothing to learn any more: its acknowledgement waits for the reporter itself.
        self.supervisor.send(Message::Child(report));
    }
}

impl Drop for ChildLink {
    fn drop(&mut self) {
        if let Some(acknowledgement) = self.acknowledgement.take() {
            // In turn and not by recursion: each acknowledgement may be what held the link of the supervisor above.
            iteratively(move || acknowledgement.send());
        }
    }
}

impl Unwritten {
    /// What had been forced and was not seen to go is gone.
    fn write(self, below: &Below) {
        self.tree.record().section(|writer| {
            below.each(|child| {
                if child.outcome == Outcome::Unreapable {
                    (child.outcome, child.forced) = (Outcome::Killed, true);
                }
            });
            for (path, kind, incarnation) in &self.children {
                let what = EventKind::Stopped {
                    outcome: Outcome::Killed,
                    status: None,
                    elapsed: std::time::Duration::ZERO,
                    stragglers: Vec::new(),
                };
                writer.emit(path, *kind, *incarnation, what);
            }
        });
    }
}

impl Acknowledgement {
    fn send(self) {
        let Self { reporter, end, start_failure, children, failures, unwritten } = self;
        if let Some(unwritten) = unwritten {
            unwritten.write(&children);
        }
        match (end, start_failure) {
            (End::StartFailed(_), Some(failure)) => reporter.failed_after(failure, children),
            (End::Failed, _) => {
                let exit = Exit::Panicked(Panic::new("the supervisor's actor failed"));
                reporter.ended(Ended::new(exit).with_children(children).with_failures(failures));
            }
            // Giving up and being asked end alike: OTP's `shutdown`, so that a transient supervisor stays down.
            // OTP rule 15, OTP rule 20, OTP rule 41.
            (End::Stopped | End::GaveUp | End::AutoShutdown | End::StartFailed(_), _) => {
                let ended = Ended::new(Exit::Shutdown).with_children(children);
                reporter.ended(ended.with_failures(failures));
            }
        }
    }
}
