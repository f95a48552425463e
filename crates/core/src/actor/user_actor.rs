//! What an incarnation of a user's actor consists of, wrapped where its owner finds it.

use std::sync::{Mutex, PoisonError};

use ractor::{Actor, ActorProcessingErr, Message};
use tokio::sync::MutexGuard;

use super::catch_panic::CatchPanic;
use super::orders::ActorOrders;
use super::registration::AddressRegistration;
use crate::child::{Exit, Panic, StartError};
use crate::detector::{AtWork, Doing, WorkerId};
use crate::event::ChildSpan;
use crate::panics::catch;
use crate::task::failed_in_a_stop;

/// A user's actor and its state, and what they have said of their end.
///
/// The state does not live in the state that ractor
/// knows: ractor sends that one in supervision events to the actors that this one is linked to, and they drop it when
/// they like. Here the owner finds it when the actor's task has been joined.
pub(super) struct UserActor<A: Actor> {
    actor: A,
    /// Only the actor's own task locks it, until that has been joined: there is never anything to wait for.
    state: tokio::sync::Mutex<Option<A::State>>,
    /// How the actor ended, in its own words. The first one counts.
    word: Mutex<Option<ReportedEnd>>,
    orders: ActorOrders,
    registration: Option<AddressRegistration<A::Msg>>,
    worker: WorkerId,
    span: ChildSpan,
}

/// What an actor has said of its own end.
pub(super) enum ReportedEnd {
    NotStarted(StartError),
    Ended(Exit),
}

impl<A: Actor> UserActor<A> {
    pub(super) fn new(
        actor: A,
        orders: ActorOrders,
        registration: Option<AddressRegistration<A::Msg>>,
        worker: WorkerId,
        span: ChildSpan,
    ) -> Self {
        Self {
            actor,
            state: tokio::sync::Mutex::new(None),
            word: Mutex::new(None),
            orders,
            registration,
            worker,
            span,
        }
    }

    pub(super) fn actor(&self) -> &A {
        &self.actor
    }

    /// The state, for whichever callback runs.
    pub(super) fn state(&self) -> MutexGuard<'_, Option<A::State>> {
        self.state.try_lock().expect("an actor does one thing at a time")
    }

    /// Runs a callback of the user's and makes a panic in it a value.
    pub(super) async fn run<T>(&self, callback: impl Future<Output = T>) -> Result<T, Panic> {
        CatchPanic::new(callback, self.worker, &self.span).await
    }

    /// Runs a callback of the user's that ends the actor if it fails.
    pub(super) async fn judge(
        &self,
        callback: impl Future<Output = Result<(), ActorProcessingErr>>,
    ) -> Result<(), ActorProcessingErr> {
        // The text of an error comes from the user's code, so it is made where the detector sees the actor at work.
        let judged = async {
            let failed = |error: ActorProcessingErr| match self.orders.are_of_a_stop() {
                true => (failed_in_a_stop(error.as_ref()), error),
                false => (Exit::failed(error.as_ref()), error),
            };
            callback.await.map_err(failed)
        };
        match self.run(judged).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err((exit, error))) => {
                self.say(ReportedEnd::Ended(exit));
                Err(error)
            }
            Err(panic) => {
                let error = panic.to_string();
                self.say(ReportedEnd::Ended(Exit::Panicked(panic)));
                Err(error.into())
            }
        }
    }

    /// Notes how the actor ended, or why it could not start.
    pub(super) fn say(&self, word: ReportedEnd) {
        self.leave();
        let mut first = self.word.lock().unwrap_or_else(PoisonError::into_inner);
        let surplus = if first.is_none() { first.replace(word) } else { Some(word) };
        drop(first);
        // It may hold an error of the user's, whose drop is foreign code.
        drop(surplus);
    }

    pub(super) fn take_reported_end(&self) -> Option<ReportedEnd> {
        self.word.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Says at the actor's address that it takes no more messages.
    pub(super) fn leave(&self) {
        leave(self.registration.as_ref());
    }

    /// Drops all there is, the state first, and says which panic came of it.
    pub(super) fn give_back(self) -> Result<(), Panic> {
        let Self { actor, state, worker, span, .. } = self;
        let _at_work = AtWork::on(worker, Doing::Drop);
        let _inside = span.enter();
        let state = catch(move || drop(state));
        let actor = catch(move || drop(actor));
        state.and(actor)
    }
}

/// Says at an address, if there is one, that an actor takes no more messages.
pub(super) fn leave<M: Message>(registration: Option<&AddressRegistration<M>>) {
    if let Some(registration) = registration {
        registration.leave();
    }
}
