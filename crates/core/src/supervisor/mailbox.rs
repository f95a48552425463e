//! A supervisor as its parent, its children and its callers reach it: the mailbox, and the acknowledgement.
//!
//! Everything that the actor hears is a [`SupervisorMessage`] in ractor's mailbox. What can be seen without asking the
//! actor is in the [`SupervisorView`], which stands beside it.
//!
//! The actor and every reporter of a child hold the [`ChildLink`]. When the last of them lets go, the supervisor and
//! everything below it are gone: then, and only then, its parent is told. In the ordinary case the actor is the last,
//! and ractor drops it as the last thing that its task does. Should ractor's task end in the middle of something, the
//! children have been forced by the drop of the actor's state, and the last child that goes acknowledges the supervisor
//! too.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use ractor::ActorRef;

use super::call::{Refusals, ReservesPlaces, SupervisorCall};
use super::mailbox_counter::MailboxCounter;
use super::outlook::Question;
use super::view::SupervisorView;
use crate::child::{ChildKind, ChildPath, Outcome};
use crate::child_kind::{
    ChildReport, Inspect, Report, ReportListener, Reporter, RunningChild, StartContext, StopRequest,
};
use crate::context::{StopScope, TreeContext};
use crate::event::EventKind;
use crate::iterative_drop::iteratively;
use crate::panics::drop_quietly;
use crate::policy::AutoShutdown;
use crate::report::Below;
use crate::sync::point;

/// One message of a supervisor's mailbox.
pub(super) enum SupervisorMessage {
    /// Start the children.
    Begin,
    /// A child has said something.
    Child(ChildReport),
    /// A caller wants something.
    Call(SupervisorCall),
    /// A caller wants to know what the supervisor is going to do.
    Ask(Question),
    /// The parent asks the supervisor to stop.
    Stop(StopRequest),
    /// The parent ends everything at once: that is how this supervisor is stopped.
    Kill,
    /// The parent forces the supervisor.
    Force,
    /// A caller that had reserved a place for a child has left without bringing one.
    ReservationDropped,
    /// No child is brought any more: the supervisor ends when its last child is gone.
    Close,
    /// A moment has come that the machine waits for.
    Alarm,
    /// Decide upon what is left, also if there is more in the mailbox behind this.
    ///
    /// The actor decides when its mailbox is empty: facts first, then decisions. Where facts never cease, or there is
    /// more to do than fits into one turn, it sends this to itself; everything that was in the mailbox then is heard
    /// before.
    Decide,
    /// Makes the actor panic, so that a test can see what becomes of its children.
    #[cfg(test)]
    Poison,
}

/// The part of one incarnation of a supervisor that others may touch. Nothing in it waits for the actor.
pub(crate) struct SharedSupervisor {
    pub(super) path: ChildPath,
    pub(super) incarnation: u32,
    pub(super) tree: TreeContext,
    /// Whether a stop has begun here or above.
    pub(super) scope: Arc<StopScope>,
    pub(super) view: SupervisorView,
    pub(super) auto_shutdown: AutoShutdown,
    /// Set as soon as there is an actor.
    actor: OnceLock<ActorRef<SupervisorMessage>>,
    waiting: MailboxCounter,
    /// How many starts have been refused.
    pub(super) refusals: Refusals,
}

impl SharedSupervisor {
    pub(super) fn new(cx: &StartContext, auto_shutdown: AutoShutdown, view: SupervisorView) -> Arc<Self> {
        let StartContext { path, incarnation, tree, .. } = cx;
        let (path, incarnation, tree) = (path.clone(), *incarnation, tree.clone());
        let scope = cx.scope.below();
        let (actor, waiting, refusals) = (OnceLock::new(), MailboxCounter::new(), Refusals::default());
        Arc::new(Self { path, incarnation, tree, scope, view, auto_shutdown, actor, waiting, refusals })
    }

    pub(super) fn runs_as(&self, actor: ActorRef<SupervisorMessage>) {
        let _ = self.actor.set(actor);
    }

    /// Puts a message into the actor's mailbox. A message for an actor that has ended is dropped.
    pub(super) fn send(&self, message: SupervisorMessage) {
        point();
        if let Some(actor) = self.actor.get() {
            self.waiting.sends();
            point();
            if let Err(undelivered) = actor.cast(message) {
                self.waiting.has_not_sent();
                drop_quietly(undelivered);
            }
        }
    }

    /// Waits until the actor is gone, or never if there is none.
    pub(super) async fn gone(&self) {
        match self.actor.get() {
            Some(actor) => drop(actor.wait(None).await),
            None => std::future::pending().await,
        }
    }

    /// The actor has taken a message. Answers whether more are in its mailbox or on their way.
    pub(super) fn has_more(&self) -> bool {
        self.waiting.took_one()
    }
}

impl ReservesPlaces for SharedSupervisor {
    fn leave(&self) {
        self.send(SupervisorMessage::ReservationDropped);
    }
}

impl Inspect for SharedSupervisor {
    fn refused(&self) -> u64 {
        self.refusals.count()
    }

    fn supervisor(self: Arc<Self>) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(self)
    }
}

/// What the parent holds of a supervisor.
pub(super) struct RunningSupervisor {
    pub(super) shared: Arc<SharedSupervisor>,
}

impl RunningChild for RunningSupervisor {
    fn stop(&mut self, request: StopRequest) {
        self.shared.send(SupervisorMessage::Stop(request));
    }

    fn hold(&mut self) {
        self.shared.scope.begin_stop();
    }

    fn kill(&mut self) {
        self.shared.send(SupervisorMessage::Kill);
    }

    fn force(&mut self) {
        self.shared.send(SupervisorMessage::Force);
    }

    fn force_name(&self) -> &'static str {
        "force"
    }

    fn inspect(&self) -> Option<Arc<dyn Inspect>> {
        Some(Arc::clone(&self.shared) as _)
    }
}

/// Where the children of one supervisor report.
pub(super) struct ChildLink {
    supervisor: Arc<SharedSupervisor>,
    acknowledgement: OnceLock<Acknowledgement>,
}

/// What the parent is told once the supervisor is gone.
pub(super) struct Acknowledgement {
    pub(super) reporter: Reporter,
    pub(super) report: Report,
    /// Children that were forced because the actor's task had ended. No other code writes their ends into the record.
    pub(super) unwritten: Option<Unwritten>,
}

/// Children whose ends are written when the supervisor is acknowledged: they are gone by then.
pub(super) struct Unwritten {
    pub(super) tree: TreeContext,
    /// How they came down, in the report.
    pub(super) below: Below,
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

impl ReportListener for ChildLink {
    fn hear(&self, report: ChildReport) {
        // An actor that has ended has nothing to learn any more: its acknowledgement waits for the reporter itself.
        self.supervisor.send(SupervisorMessage::Child(report));
    }
}

impl Drop for ChildLink {
    fn drop(&mut self) {
        if let Some(Acknowledgement { reporter, report, unwritten }) = self.acknowledgement.take() {
            // In turn and not by recursion: each acknowledgement may be what held the link of the supervisor above.
            iteratively(move || {
                if let Some(unwritten) = unwritten {
                    unwritten.write();
                }
                reporter.close_with(report);
            });
        }
    }
}

impl Unwritten {
    /// What had been forced and was not seen to go is gone.
    fn write(self) {
        self.tree.record().section(|writer| {
            self.below.each(|child| {
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
