//! What a supervisor shares with its parent, its handles and its callers: where to send messages, and what may be seen.

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use ractor::ActorRef;

use super::message::Message;
use super::refusals::Refusals;
use super::reserved_place::ReservesPlaces;
use super::view::View;
use crate::child::ChildPath;
use crate::child_kind::Inspect;
use crate::context::{StopScope, TreeContext};
use crate::panics::drop_quietly;
use crate::policy::AutoShutdown;
use crate::sync::point;

/// The part of one incarnation of a supervisor that others may touch. Nothing in it waits for the actor.
pub(crate) struct SharedSupervisor {
    pub(super) path: ChildPath,
    pub(super) incarnation: u32,
    pub(super) tree: TreeContext,
    /// Whether a stop has begun here or above.
    pub(super) scope: Arc<StopScope>,
    pub(super) view: View,
    pub(super) auto_shutdown: AutoShutdown,
    /// Set as soon as there is an actor.
    actor: OnceLock<ActorRef<Message>>,
    /// How many messages are in the mailbox or on their way into it.
    waiting: AtomicUsize,
    /// How many starts have been refused.
    pub(super) refusals: Refusals,
}

impl SharedSupervisor {
    pub(super) fn new(
        (path, incarnation): (ChildPath, u32),
        tree: TreeContext,
        scope: Arc<StopScope>,
        auto_shutdown: AutoShutdown,
        view: View,
    ) -> Arc<Self> {
        let (actor, waiting, refusals) = (OnceLock::new(), AtomicUsize::new(0), Refusals::default());
        Arc::new(Self { path, incarnation, tree, scope, view, auto_shutdown, actor, waiting, refusals })
    }

    pub(super) fn runs_as(&self, actor: ActorRef<Message>) {
        let _ = self.actor.set(actor);
    }

    /// Puts a message into the actor's mailbox. A message for an actor that has ended is dropped.
    pub(super) fn send(&self, message: Message) {
        point();
        if let Some(actor) = self.actor.get() {
            // Before it is there, so that the actor never sees fewer messages than it has.
            self.waiting.fetch_add(1, Ordering::AcqRel);
            point();
            if let Err(undelivered) = actor.cast(message) {
                self.waiting.fetch_sub(1, Ordering::AcqRel);
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
        self.waiting.fetch_sub(1, Ordering::AcqRel) > 1
    }
}

impl ReservesPlaces for SharedSupervisor {
    fn leave(&self) {
        self.send(Message::ReservationDropped);
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
