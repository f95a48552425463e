//! The root signal actor: hears signals one by one, and does what the policy says.
//!
//! It acts upon a signal first and writes it down afterwards. Nothing that it does waits: handlers and the snapshot
//! have a thread, the last kill has another.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef};
use rootward_core::{StopCause, Tree, sibling};
use tokio::sync::watch;

use crate::Signal;
use crate::handler::SignalReceived;
use crate::handlers::{self, HandlerThread};
use crate::last_kill::LastKill;
use crate::policy::{Calls, Decided, Escalation, Patience, Reaction, Ticket};
use crate::registry::SignalHandlers;
use crate::sys;

/// How long a program that leaves waits for its last kill. To send a signal to a process takes microseconds.
const LAST_KILL: Duration = Duration::from_secs(1);

/// What the actor is told.
#[derive(Debug)]
pub(crate) enum Message {
    /// A signal has arrived.
    Arrived { signal: Signal, at: Instant },
    /// Handlers have been called.
    Handled(Ticket),
    /// A stop may have waited long enough for its handlers.
    Look,
    /// The last kill has been done, or has taken too long.
    Killed,
}

/// The actor's behaviour. What it knows is in its [`SignalState`].
#[derive(Debug)]
pub(crate) struct RootSignalActor;

#[derive(Debug)]
pub(crate) struct SignalState {
    pub(crate) tree: Arc<Tree>,
    pub(crate) escalation: Escalation,
    pub(crate) calls: Calls,
    pub(crate) patience: Patience,
    pub(crate) handlers: SignalHandlers,
    pub(crate) handler_thread: Arc<HandlerThread>,
    pub(crate) last_kill: LastKill,
    /// The signal because of which the program leaves once the last kill is done.
    pub(crate) leaving: Option<Decided>,
    pub(crate) left: watch::Sender<Option<u8>>,
    /// Whether the signals are the process's own, so that SIGTSTP suspends it.
    pub(crate) is_of_process: bool,
}

#[cfg_attr(feature = "async-trait", ractor::async_trait)]
impl Actor for RootSignalActor {
    type Msg = Message;
    type State = SignalState;
    type Arguments = SignalState;

    async fn pre_start(
        &self,
        _: ActorRef<Message>,
        state: SignalState,
    ) -> Result<SignalState, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut SignalState,
    ) -> Result<(), ActorProcessingErr> {
        let due = match message {
            Message::Arrived { signal, at } => state.arrived(signal, at, &myself),
            Message::Handled(ticket) => {
                state.calls.made(ticket);
                state.patience.handled(ticket)
            }
            Message::Look => state.patience.look(now()),
            Message::Killed => {
                state.leave();
                Vec::new()
            }
        };
        for decided in due {
            state.carry_out(decided, &myself);
        }
        state.call_handlers(&myself);
        Ok(())
    }
}

impl SignalState {
    /// Decides what a signal means. Gives back what is to be carried out now.
    fn arrived(&mut self, signal: Signal, at: Instant, myself: &ActorRef<Message>) -> Vec<Decided> {
        let decided = Decided { signal, reaction: self.escalation.step(signal, at) };
        let shows = self.escalation.shows_snapshot(signal, decided.reaction);
        let call = (shows || self.handlers.hear(signal)).then(|| self.calls.add(decided));
        let waited = self.patience.until();
        let due = self.patience.decided(decided, call, at);
        if let Some(until) = self.patience.until().filter(|_| waited.is_none()) {
            myself.send_after(until.saturating_duration_since(now()), || Message::Look);
        }
        due
    }

    fn carry_out(&mut self, decided: Decided, myself: &ActorRef<Message>) {
        // Before it is acted upon: a stop may be over before there is time to write it down.
        sibling::announce_signal(&self.tree, decided.signal.name(), decided.reaction.into());
        match decided.reaction {
            Reaction::Stop => sibling::request_stop_for(&self.tree, StopCause::Signal(decided.signal.name())),
            Reaction::Force => self.tree.force(),
            Reaction::Leave => {
                self.leaving = Some(decided);
                let done = myself.clone();
                // If the actor has gone meanwhile, nothing is left to be carried out.
                self.last_kill.of(Tree::clone(&self.tree), move || drop(done.cast(Message::Killed)));
                myself.send_after(LAST_KILL, || Message::Killed);
                // It is written down when the program may leave.
                return;
            }
            Reaction::Suspend => {
                self.tree.suspend_processes();
                sibling::note_signals(&self.tree);
                return self.pause();
            }
            Reaction::Resume => self.tree.resume_processes(),
            Reaction::Snapshot | Reaction::Ignore => {}
        }
        sibling::note_signals(&self.tree);
    }

    /// Suspends the program, and has the processes go on when it goes on itself, or if nothing suspends it.
    fn pause(&self) {
        if self.is_of_process {
            sys::suspend();
            self.tree.resume_processes();
        }
    }

    fn leave(&mut self) {
        if let Some(decided) = self.leaving.take() {
            self.left.send_replace(Some(decided.signal.exit_status()));
            sibling::note_signals(&self.tree);
        }
    }

    /// Has the next handlers called, unless handlers are being called.
    fn call_handlers(&mut self, myself: &ActorRef<Message>) {
        let Some(call) = self.calls.next() else { return };
        let Decided { signal, reaction } = call.decided;
        let myself = myself.clone();
        self.handler_thread.call(handlers::Call {
            received: SignalReceived { signal, action: reaction.into(), times: call.times },
            shown: self.escalation.shows_snapshot(signal, reaction).then(|| Arc::downgrade(&self.tree)),
            done: Box::new(move || drop(myself.cast(Message::Handled(call.ticket)))),
        });
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
