//! Which actor is at an address, seen from inside.

use std::sync::Arc;

use ractor::{ActorRef, ActorStatus, Message};

use tokio::sync::watch;

use crate::waking::run_aside;

/// Says that no actor will come to an address any more: the children that were to live there are gone, and so are their specs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no actor will come to this address any more")]
pub struct Abandoned;

/// The board of one address, as its seats and those who wait share it.
pub(super) type SharedBoard<M> = Arc<watch::Sender<Board<M>>>;

/// What is known at an address.
pub(super) struct Board<M> {
    holder: Option<Holder<M>>,
    /// How many seats there have been, so that each has a number of its own.
    seats: u64,
    /// How many child specs have this address, as soon as there has been one.
    tenants: Option<usize>,
}

struct Holder<M> {
    seat: u64,
    actor: ActorRef<M>,
}

impl<M> Default for Board<M> {
    fn default() -> Self {
        Self { holder: None, seats: 0, tenants: None }
    }
}

impl<M> Board<M> {
    pub(super) fn is_taken(&self) -> bool {
        self.holder.is_some()
    }
}

impl<M: Message> Board<M> {
    /// The actor that is there and takes messages.
    pub(super) fn present(&self) -> Option<ActorRef<M>> {
        // An actor may have ended a moment ago, and nobody has said so yet.
        let takes_messages = |actor: &&ActorRef<M>| actor.get_status() < ActorStatus::Draining;
        self.holder.as_ref().map(|holder| &holder.actor).filter(takes_messages).cloned()
    }

    /// Whom to expect: an actor, or nobody ever. `None` says that this is still open.
    pub(super) fn outlook(&self) -> Option<Result<ActorRef<M>, Abandoned>> {
        match self.present() {
            Some(actor) => Some(Ok(actor)),
            None => (self.tenants == Some(0)).then_some(Err(Abandoned)),
        }
    }
}

/// A child spec's hold on an address: as long as there is one, an actor may come.
pub(super) struct Tenancy<M: Message>(SharedBoard<M>);

impl<M: Message> Tenancy<M> {
    pub(super) fn new(board: &SharedBoard<M>) -> Self {
        change(board, |board| *board.tenants.get_or_insert(0) += 1);
        Self(Arc::clone(board))
    }

    /// A seat for one incarnation.
    pub(super) fn seat(&self) -> Seat<M> {
        let number = change(&self.0, |board| {
            board.seats += 1;
            board.seats
        });
        Seat { board: Arc::clone(&self.0), number }
    }
}

impl<M: Message> Drop for Tenancy<M> {
    fn drop(&mut self) {
        change(&self.0, |board| board.tenants = board.tenants.map(|tenants| tenants - 1));
        tell_waiters(&self.0);
    }
}

/// One incarnation's place at an address.
pub(super) struct Seat<M> {
    board: SharedBoard<M>,
    number: u64,
}

impl<M: Message> Seat<M> {
    /// Says that the incarnation is there.
    pub(super) fn take(&self, actor: ActorRef<M>) {
        let holder = Holder { seat: self.number, actor };
        let before = change(&self.board, |board| board.holder.replace(holder));
        drop(before);
        tell_waiters(&self.board);
    }

    /// Says that the incarnation takes no more messages. One that has come after it stays. This is no news for what waits at the address.
    pub(super) fn leave(&self) {
        let gone = change(&self.board, |board| {
            let is_mine = board.holder.as_ref().is_some_and(|holder| holder.seat == self.number);
            if is_mine { board.holder.take() } else { None }
        });
        drop(gone);
    }
}

/// Changes what is known at an address, and wakes nothing. What is taken off the board is returned, and dropped when its lock is free.
fn change<M: Message, R>(board: &SharedBoard<M>, change: impl FnOnce(&mut Board<M>) -> R) -> R {
    let mut result = None;
    board.send_if_modified(|board| {
        result = Some(change(board));
        false
    });
    result.expect("a change is made at once")
}

/// Wakes what waits at an address, and returns at once: a waker may be foreign code, and neither a supervisor nor an actor's keeper waits
/// for it.
fn tell_waiters<M: Message>(board: &SharedBoard<M>) {
    // What comes to wait after this look sees the change itself.
    if board.receiver_count() == 0 {
        return;
    }
    let board = Arc::clone(board);
    run_aside(move || board.send_modify(|_| {}));
}

impl<M> Clone for Seat<M> {
    fn clone(&self) -> Self {
        Self { board: Arc::clone(&self.board), number: self.number }
    }
}
