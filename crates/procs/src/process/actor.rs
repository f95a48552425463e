//! The ractor actor of a process: the machine of its life, behind a mailbox.

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::policy::{Action, Input, Life};

pub(super) struct ProcessActor;

/// What a process's actor is told.
pub(super) enum Message {
    Fact(Input),
    /// Makes the actor panic, so that a test can see what becomes of the process.
    #[cfg(test)]
    Poison,
}

/// What the actor has: the machine, and the keeper's ear.
pub(super) struct State {
    life: Life,
    orders: UnboundedSender<Action>,
}

impl Actor for ProcessActor {
    type Msg = Message;
    type State = State;
    type Arguments = State;

    async fn pre_start(&self, _: ActorRef<Message>, state: State) -> Result<State, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Fact(fact) => {
                if state.tell(fact) {
                    myself.stop(None);
                }
            }
            #[cfg(test)]
            Message::Poison => panic!("a test poisoned this process's actor"),
        }
        Ok(())
    }
}

impl State {
    pub(super) fn new(life: Life, orders: UnboundedSender<Action>) -> Self {
        Self { life, orders }
    }

    /// Takes a fact and gives the orders that follow. `true` says that the last one is among them.
    fn tell(&mut self, fact: Input) -> bool {
        let mut finished = false;
        for action in self.life.step(fact, Instant::now().into_std()) {
            finished |= matches!(action, Action::Finish(_));
            // A keeper that is gone has taken its process with it.
            let _ = self.orders.send(action);
        }
        finished
    }
}
