//! Which actor is at an address, seen from inside.

use std::sync::Arc;

use ractor::{ActorRef, ActorStatus, Message};

use tokio::sync::watch;

use crate::foreign_wakers::run_on_helper;

/// Says that no actor will come to an address any more: the children that were to live there are gone, and so are their
/// specs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no actor will come to this address any more")]
pub struct Abandoned;

/// The state of one address, which its registrations and its waiting callers share.
pub(super) type SharedAddressState<M> = Arc<watch::Sender<AddressState<M>>>;

/// What is known at an address.
pub(super) struct AddressState<M> {
    registered: Option<RegisteredActor<M>>,
    /// How many registrations there have been, so that each has a number of its own.
    registrations: u64,
    /// How many child specs have this address, as soon as there has been one.
    specs: Option<usize>,
    /// Whether what waits here is about to be told. However often something changes until then, that is once.
    is_telling: bool,
}

struct RegisteredActor<M> {
    registration: u64,
    actor: ActorRef<M>,
}

impl<M> Default for AddressState<M> {
    fn default() -> Self {
        Self { registered: None, registrations: 0, specs: None, is_telling: false }
    }
}

impl<M> AddressState<M> {
    pub(super) fn is_taken(&self) -> bool {
        self.registered.is_some()
    }
}

impl<M: Message> AddressState<M> {
    /// The actor that is there and takes messages.
    pub(super) fn present(&self) -> Option<ActorRef<M>> {
        // An actor may have ended a moment ago, before its registration was cleared.
        let takes_messages = |actor: &&ActorRef<M>| actor.get_status() < ActorStatus::Draining;
        self.registered.as_ref().map(|registered| &registered.actor).filter(takes_messages).cloned()
    }

    /// What a caller can expect here: an actor, or that none will ever come. `None` says that this is still open.
    pub(super) fn outlook(&self) -> Option<Result<ActorRef<M>, Abandoned>> {
        match self.present() {
            Some(actor) => Some(Ok(actor)),
            None => (self.specs == Some(0)).then_some(Err(Abandoned)),
        }
    }
}

/// A child spec's registration at an address: as long as there is one, an actor may come.
pub(super) struct SpecRegistration<M: Message>(SharedAddressState<M>);

impl<M: Message> SpecRegistration<M> {
    pub(super) fn new(state: &SharedAddressState<M>) -> Self {
        change(state, |state| *state.specs.get_or_insert(0) += 1);
        Self(Arc::clone(state))
    }

    /// A registration for one incarnation.
    pub(super) fn registration(&self) -> Registration<M> {
        let number = change(&self.0, |state| {
            state.registrations += 1;
            state.registrations
        });
        Registration { state: Arc::clone(&self.0), number }
    }
}

impl<M: Message> Drop for SpecRegistration<M> {
    fn drop(&mut self) {
        change(&self.0, |state| state.specs = state.specs.map(|specs| specs - 1));
        tell_waiters(&self.0);
    }
}

/// One incarnation's place at an address.
pub(super) struct Registration<M> {
    state: SharedAddressState<M>,
    number: u64,
}

impl<M: Message> Registration<M> {
    /// Says that the incarnation is there.
    pub(super) fn take(&self, actor: ActorRef<M>) {
        let registered = RegisteredActor { registration: self.number, actor };
        let before = change(&self.state, |state| state.registered.replace(registered));
        drop(before);
        tell_waiters(&self.state);
    }

    /// Says that the incarnation takes no more messages. One that has come after it stays. This is no news for what
    /// waits at the address.
    pub(super) fn leave(&self) {
        let gone = change(&self.state, |state| {
            let is_mine =
                state.registered.as_ref().is_some_and(|registered| registered.registration == self.number);
            if is_mine { state.registered.take() } else { None }
        });
        drop(gone);
    }
}

/// Changes what is known at an address, and wakes nothing. What is taken off the state is returned, and dropped when
/// its lock is free.
fn change<M: Message, R>(state: &SharedAddressState<M>, change: impl FnOnce(&mut AddressState<M>) -> R) -> R {
    let mut result = None;
    state.send_if_modified(|state| {
        result = Some(change(state));
        false
    });
    result.expect("a change is made at once")
}

/// Wakes what waits at an address, and returns at once: a waker may be foreign code, and neither a supervisor nor an
/// actor's owner waits for it.
fn tell_waiters<M: Message>(state: &SharedAddressState<M>) {
    // What comes to wait after this look sees the change itself.
    if state.receiver_count() == 0 {
        return;
    }
    if change(state, |state| std::mem::replace(&mut state.is_telling, true)) {
        return;
    }
    let state = Arc::clone(state);
    run_on_helper(move || state.send_modify(|state| state.is_telling = false));
}

impl<M> Clone for Registration<M> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), number: self.number }
    }
}
