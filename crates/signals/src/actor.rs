//! The root signal actor: hears signals one by one, and does what the policy says.
//!
//! It acts upon a signal first and writes it down afterwards. Nothing that it does waits, but for the suspension of the
//! program, before which it waits for ten milliseconds: handlers and the snapshot have threads, the last kill has
//! another. To suspend the processes, or to have them go on, it uses their handles: one that is a user's and blocks is
//! waited for, a tenth of a second and no more than eight times ([`Tree::suspend_processes`]).

use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef};
use rootward_core::{StopCause, Tree, sibling};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::Signal;
use crate::handler::SignalReceived;
use crate::handler_registry::SignalHandlers;
use crate::handler_threads::{HandlerCall, HandlerThreads};
use crate::last_kill::LastKill;
use crate::policy::{
    CallPlace, CallQueue, Escalation, HandlerCallId, OverdueCall, QueuedCall, Reaction, SignalDecision,
    StopDelay, goes_on,
};
use crate::sys;
use crate::system_signals::CaughtSignals;

/// How long a program that leaves waits for its last kill. To send a signal to a process takes microseconds.
const LAST_KILL: Duration = Duration::from_secs(1);

/// What the actor is told.
#[derive(Debug)]
pub(crate) enum SignalMessage {
    /// A signal has arrived.
    Arrived { signal: Signal, at: Instant },
    /// A handler has begun, and is to return by then; or none is that has a limit.
    Begun { call: HandlerCallId, due: Option<Instant> },
    /// Handlers have been called.
    Handled(HandlerCallId),
    /// A stop may have waited long enough for its handlers, or a handler may have run beyond its limit.
    Look,
    /// The last kill has been done, or has taken too long.
    Killed,
    /// The program has nothing left to do but to tell how its tree has ended.
    Concluding,
}

/// The actor's behaviour. What it knows is in its [`SignalState`].
#[derive(Debug)]
pub(crate) struct RootSignalActor;

#[derive(Debug)]
pub(crate) struct SignalState {
    /// `None` when the tree is gone, and all that is left to do is to tell how it has ended.
    pub(crate) tree: Option<Arc<Tree>>,
    pub(crate) escalation: Escalation,
    pub(crate) calls: CallQueue,
    pub(crate) stop_delay: StopDelay,
    /// When it looks next whether handlers take too long, and what tells it then.
    pub(crate) looks_at: Option<(Instant, AbortHandle)>,
    pub(crate) handlers: SignalHandlers,
    pub(crate) handler_threads: Arc<HandlerThreads>,
    pub(crate) last_kill: LastKill,
    /// The signal because of which the program leaves once the last kill is done.
    pub(crate) leaving: Option<SignalDecision>,
    pub(crate) left: watch::Sender<Option<u8>>,
    /// The process's signals, if it is those that are heard.
    pub(crate) caught: Option<Arc<CaughtSignals>>,
}

#[cfg_attr(feature = "async-trait", ractor::async_trait)]
impl Actor for RootSignalActor {
    type Msg = SignalMessage;
    type State = SignalState;
    type Arguments = SignalState;

    async fn pre_start(
        &self,
        _: ActorRef<SignalMessage>,
        state: SignalState,
    ) -> Result<SignalState, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<SignalMessage>,
        message: SignalMessage,
        state: &mut SignalState,
    ) -> Result<(), ActorProcessingErr> {
        let due = match message {
            SignalMessage::Arrived { signal, at } => state.arrived(signal, at, &myself),
            SignalMessage::Begun { call, due } => {
                state.calls.begun(call, due);
                Vec::new()
            }
            SignalMessage::Handled(call) => {
                state.calls.made(call);
                state.stop_delay.handled(call)
            }
            SignalMessage::Look => state.stop_delay.look(sibling::now()),
            SignalMessage::Killed => {
                state.leave();
                Vec::new()
            }
            SignalMessage::Concluding => {
                state.tree = None;
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
    fn arrived(
        &mut self,
        signal: Signal,
        at: Instant,
        myself: &ActorRef<SignalMessage>,
    ) -> Vec<SignalDecision> {
        let decided = SignalDecision { signal, reaction: self.escalation.step(signal, at) };
        if self.tree.is_none() {
            if self.escalation.ends_program(signal, decided.reaction, at) {
                self.end_program(signal);
            }
            return Vec::new();
        }
        let shows = self.escalation.shows_snapshot(signal, decided.reaction);
        let call = (shows || self.handlers.hear(signal)).then(|| self.calls.add(decided));
        let waited = self.stop_delay.until();
        let due = self.stop_delay.decided(decided, call, at);
        if let Some(until) = self.stop_delay.until().filter(|_| waited.is_none()) {
            tell_at(until, SignalMessage::Look, myself);
        }
        due
    }

    fn carry_out(&mut self, decided: SignalDecision, myself: &ActorRef<SignalMessage>) {
        let Some(tree) = &self.tree else { return };
        // Before it is acted upon: a stop may be over before there is time to write it down.
        sibling::announce_signal(tree, decided.signal.name(), decided.reaction.into());
        match decided.reaction {
            Reaction::Stop => sibling::request_stop_for(tree, StopCause::Signal(decided.signal.name())),
            Reaction::Force => tree.force(),
            Reaction::Leave => {
                self.leaving = Some(decided);
                let done = myself.clone();
                // If the actor has gone meanwhile, nothing is left to be carried out.
                self.last_kill.of(Tree::clone(tree), move || drop(done.cast(SignalMessage::Killed)));
                tell_awake_at(sibling::awake_now() + LAST_KILL, SignalMessage::Killed, myself);
                // It is written down when the program may leave.
                return;
            }
            Reaction::Suspend => {
                tree.suspend_processes();
                sibling::note_signals(tree);
                return self.pause(tree);
            }
            Reaction::Resume => tree.resume_processes(),
            Reaction::Snapshot | Reaction::Ignore => {}
        }
        sibling::note_signals(tree);
    }

    /// Suspends the program, and has the processes go on when it goes on itself, or if nothing suspends it.
    fn pause(&self, tree: &Tree) {
        if self.caught.is_some() {
            sys::suspend(|| goes_on(sys::last_arrival(libc::SIGTSTP), sys::last_arrival(libc::SIGCONT)));
            tree.resume_processes();
        }
    }

    /// Has every signal do what it did before, beginning with this one. A handler that was there before has been
    /// called already.
    fn end_program(&self, signal: Signal) {
        let Some(caught) = &self.caught else { return };
        caught.end_all();
        if sys::is_default(signal.number()) {
            sys::die_of(signal.number());
        }
    }

    fn leave(&mut self) {
        if let Some(decided) = self.leaving.take() {
            self.left.send_replace(Some(decided.signal.exit_status()));
            if let Some(tree) = &self.tree {
                sibling::note_signals(tree);
            }
        }
    }

    /// Has the handlers called whose turn it is.
    fn call_handlers(&mut self, myself: &ActorRef<SignalMessage>) {
        let Some(tree) = self.tree.clone() else { return };
        while let Some(overdue) = self.calls.overdue(sibling::awake_now()) {
            self.leave_alone(&tree, overdue);
        }
        while let Some((call, place)) = self.calls.next(sibling::awake_now()) {
            self.call(&tree, call, place, myself);
        }
        let until = self.calls.until();
        if self.looks_at.as_ref().map(|(at, _)| *at) != until {
            // What is not due any more does not wait.
            self.looks_at.take().inspect(|(_, waits)| waits.abort());
            self.looks_at = until.map(|until| (until, tell_awake_at(until, SignalMessage::Look, myself)));
        }
    }

    /// Has the calls behind one that does not return made on another thread, if there may be one, and says what becomes
    /// of them.
    fn leave_alone(&mut self, tree: &Tree, overdue: OverdueCall) {
        let OverdueCall { call, place, may_be_left, is_told } = overdue;
        let what_follows = if !may_be_left {
            "handlers of other signals wait for it, because others are running beyond their limit as well"
        } else if self.handler_threads.replace(place) {
            self.calls.leave(place);
            "handlers of other signals are called on another thread"
        } else {
            "handlers of other signals wait for it, because there is no other thread to be had"
        };
        if is_told {
            return;
        }
        let failure = format!("it is still running beyond its limit; {what_follows}");
        sibling::note_handler_failure(tree, call.decided.signal.name(), failure);
    }

    fn call(&self, tree: &Arc<Tree>, call: QueuedCall, place: CallPlace, myself: &ActorRef<SignalMessage>) {
        let SignalDecision { signal, reaction } = call.decided;
        let (myself, tells_begun) = (myself.clone(), myself.clone());
        let call = HandlerCall {
            received: SignalReceived { signal, action: reaction.into(), times: call.times },
            tree: Arc::downgrade(tree),
            is_shown: self.escalation.shows_snapshot(signal, reaction),
            begun: Box::new(move |due| {
                // An actor that has gone calls nothing any more.
                let _ = tells_begun.cast(SignalMessage::Begun { call: call.id, due });
            }),
            done: Box::new(move || drop(myself.cast(SignalMessage::Handled(call.id)))),
        };
        self.handler_threads.call(call, place);
    }
}

/// Tells the actor something at this moment, if it is still there.
fn tell_at(at: Instant, message: SignalMessage, actor: &ActorRef<SignalMessage>) {
    let actor = actor.clone();
    let sleeper = async move {
        sibling::sleep_until(at).await;
        let _ = actor.cast(message);
    };
    drop(sibling::place(&Handle::current()).spawn(sleeper));
}

/// The same at a moment of awake time, unless it is aborted.
fn tell_awake_at(at: Instant, message: SignalMessage, actor: &ActorRef<SignalMessage>) -> AbortHandle {
    let actor = actor.clone();
    let sleeper = async move {
        sibling::sleep_awake_until(at).await;
        let _ = actor.cast(message);
    };
    sibling::place(&Handle::current()).spawn(sleeper).abort_handle()
}
