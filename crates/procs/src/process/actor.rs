//! The ractor actor of a process: the machine of its life, behind a mailbox.

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::policy::{Action, Input, Life, Rules};

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
    type Arguments = (Rules, UnboundedSender<Action>);

    async fn pre_start(
        &self,
        myself: ActorRef<Message>,
        (rules, orders): Self::Arguments,
    ) -> Result<State, ActorProcessingErr> {
        let mut state = State { life: Life::new(rules), orders };
        state.tell(Input::Begin, &myself);
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Fact(fact) => state.tell(fact, &myself),
            #[cfg(test)]
            Message::Poison => panic!("a test poisoned this process's actor"),
        }
        Ok(())
    }
}

impl State {
    fn tell(&mut self, fact: Input, myself: &ActorRef<Message>) {
        for action in self.life.step(fact, Instant::now().into_std()) {
            if matches!(action, Action::Finish(_)) {
                myself.stop(None);
            }
            // A keeper that is gone has taken its process with it.
            let _ = self.orders.send(action);
        }
    }
}
