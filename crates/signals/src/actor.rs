//! The root signal actor: hears signals one by one, and does what the policy says.

use std::time::Instant;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use rootward_core::{StopCause, Tree};
use tokio::sync::watch;

use crate::Signal;
use crate::handlers::{Call, HandlerThread, SignalReceived};
use crate::policy::{Decided, Escalation, Patience, Reaction, Ticket};

/// What the actor is told.
#[derive(Debug)]
pub(crate) enum Message {
    Arrived { signal: Signal, at: Instant },
    Handled(Ticket),
}

/// The actor's behaviour. What it knows is in its [`State`].
#[derive(Debug)]
pub(crate) struct RootSignalActor;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) tree: Tree,
    pub(crate) escalation: Escalation,
    pub(crate) patience: Patience,
    pub(crate) handlers: Option<HandlerThread>,
    pub(crate) left: watch::Sender<Option<u8>>,
}

impl Actor for RootSignalActor {
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
        let due = match message {
            Message::Arrived { signal, at } => state.arrived(signal, at, myself),
            Message::Handled(ticket) => state.patience.handled(ticket),
        };
        for decided in due {
            state.carry_out(decided);
        }
        Ok(())
    }
}

impl State {
    fn arrived(&mut self, signal: Signal, at: Instant, myself: ActorRef<Message>) -> Vec<Decided> {
        let reaction = self.escalation.step(signal, at);
        let (ticket, mut due) = self.patience.decided(Decided { signal, reaction });
        match &self.handlers {
            Some(handlers) => handlers.call(Call {
                received: SignalReceived { signal, action: reaction.into() },
                snapshot: (reaction == Reaction::Snapshot).then(|| self.tree.snapshot()),
                // If the actor has gone meanwhile, nothing is left to be carried out.
                done: Box::new(move || drop(myself.cast(Message::Handled(ticket)))),
            }),
            None => due.extend(self.patience.handled(ticket)),
        }
        due
    }

    fn carry_out(&mut self, Decided { signal, reaction }: Decided) {
        self.tree.note_signal(signal.name(), reaction.into());
        match reaction {
            Reaction::Stop => self.tree.request_stop(StopCause::Signal(signal.name())),
            Reaction::Force => self.tree.force(),
            Reaction::Leave => {
                self.tree.last_kill();
                self.left.send_replace(Some(signal.exit_status()));
            }
            Reaction::Snapshot | Reaction::Ignore => {}
        }
    }
}
