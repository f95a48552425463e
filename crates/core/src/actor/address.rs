//! Where an actor can be found, whichever incarnation of it is there.

use std::fmt;
use std::sync::Arc;

use ractor::{ActorRef, Message, MessagingErr};
use tokio::sync::watch;

use super::registration::{Abandoned, AddressState};

/// Leads to an actor under supervision across its restarts.
///
/// An [`ActorRef`] belongs to one incarnation and leads nowhere when that has ended. An address is made before the
/// actor is, given to [`ChildSpec::actor_at`](crate::ChildSpec::actor_at), and leads to the incarnation that runs: from
/// the moment its `pre_start` has succeeded until it is asked to stop or ends. Clones are cheap and lead to the same
/// actor.
///
/// A mailbox ends with its incarnation: a message that an actor has taken but not handled when it stops is lost, as it
/// is with any actor of ractor. A sender that must know that its message was handled asks the actor for a reply.
///
/// One address is meant for one child. If two have it, it leads to the one that started last.
///
/// # Examples
///
/// ```
/// use rootward_core::ractor::{self, Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
/// use rootward_core::{Address, ChildSpec, Supervisor};
///
/// struct Counter;
///
/// enum Ask {
///     Next(RpcReplyPort<u32>),
/// }
///
/// impl Actor for Counter {
///     type Msg = Ask;
///     type State = u32;
///     type Arguments = u32;
///
///     async fn pre_start(&self, _: ActorRef<Ask>, first: u32) -> Result<u32, ActorProcessingErr> {
///         Ok(first)
///     }
///
///     async fn handle(&self, _: ActorRef<Ask>, ask: Ask, next: &mut u32) -> Result<(), ActorProcessingErr> {
///         let Ask::Next(reply) = ask;
///         let _ = reply.send(*next);
///         *next += 1;
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let counter = Address::new();
/// let child = ChildSpec::actor_at("counter", &counter, || (Counter, 7));
/// let tree = Supervisor::new("root").child(child).start().await?;
///
/// let actor = counter.wait().await?;
/// assert_eq!(ractor::call!(actor, Ask::Next)?, 7);
/// assert_eq!(ractor::call!(actor, Ask::Next)?, 8);
/// assert!(tree.stop().await.clean);
/// # Ok(())
/// # }
/// ```
pub struct Address<M> {
    state: Arc<watch::Sender<AddressState<M>>>,
}

/// Says that a message was not taken, and gives it back.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no actor was there to take the message")]
pub struct Undelivered<M>(
    /// The message.
    pub M,
);

impl<M: Message> Address<M> {
    /// An address at which there is no actor yet.
    pub fn new() -> Self {
        Self { state: Arc::new(watch::Sender::new(AddressState::default())) }
    }

    /// The incarnation that is there now. `None` while there is none: before the first start, during a restart, from
    /// the request to stop on.
    ///
    /// An [`ActorRef`] refers to one incarnation: call this again when that one does not answer.
    pub fn current(&self) -> Option<ActorRef<M>> {
        self.state.borrow().present()
    }

    /// Waits until an incarnation is there.
    ///
    /// # Errors
    ///
    /// [`Abandoned`] if a child had this address, and neither it nor its spec is there any more: the tree has stopped,
    /// for example. Before the first spec is made with it, an address is waited for.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a caller that gives up waiting changes nothing.
    pub async fn wait(&self) -> Result<ActorRef<M>, Abandoned> {
        let mut state = self.state.subscribe();
        loop {
            let outlook = state.borrow_and_update().outlook();
            if let Some(found) = outlook {
                return found;
            }
            // This address holds the sending side itself, so that there is always a next change to wait for.
            let _ = state.changed().await;
        }
    }

    /// Puts a message into the mailbox of the incarnation that is there now.
    ///
    /// # Errors
    ///
    /// [`Undelivered`], with the message, if none is there.
    pub fn cast(&self, message: M) -> Result<(), Undelivered<M>> {
        match self.current() {
            Some(actor) => cast(&actor, message),
            None => Err(Undelivered(message)),
        }
    }

    /// Waits until an incarnation is there that takes the message.
    ///
    /// The message is then in a mailbox, and not yet handled. There is no limit to the wait: put it into a `timeout` if
    /// there is to be one.
    ///
    /// # Errors
    ///
    /// [`Undelivered`], with the message, if no actor will come any more: see [`wait`](Self::wait).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the message has either been taken or is dropped with it.
    pub async fn send(&self, mut message: M) -> Result<(), Undelivered<M>> {
        while let Ok(actor) = self.wait().await {
            match cast(&actor, message) {
                Ok(()) => return Ok(()),
                Err(Undelivered(returned)) => message = returned,
            }
            // It has closed its mailbox and is about to say so.
            tokio::task::yield_now().await;
        }
        Err(Undelivered(message))
    }

    pub(super) fn state(&self) -> &Arc<watch::Sender<AddressState<M>>> {
        &self.state
    }
}

fn cast<M: Message>(actor: &ActorRef<M>, message: M) -> Result<(), Undelivered<M>> {
    match actor.cast(message) {
        Ok(()) => Ok(()),
        Err(MessagingErr::SendErr(message)) => Err(Undelivered(message)),
        Err(MessagingErr::ChannelClosed | MessagingErr::InvalidActorType) => {
            unreachable!("an actor of this very type gives back what it does not take")
        }
    }
}

impl<M: Message> Default for Address<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> Clone for Address<M> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state) }
    }
}

impl<M> fmt::Debug for Address<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("is_taken", &self.state.borrow().is_taken()).finish()
    }
}

impl<M> fmt::Debug for Undelivered<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Undelivered").finish_non_exhaustive()
    }
}
