//! Signals that are heard already, and what becomes of them once there is a tree.

use std::sync::Arc;
use std::time::Duration;

use ractor::{ActorRef, ActorRuntime};
use rootward_core::{Tree, sibling};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::SignalsGuard;
use crate::actor::{RootSignalActor, SignalMessage, SignalState};
use crate::handler_registry::SignalHandlers;
use crate::handler_threads::HandlerThreads;
use crate::last_kill::LastKill;
use crate::policy::{CallQueue, Escalation, SignalRules, StopDelay};
use crate::source::{OpenSource, SignalReceiver};

/// Signals that are heard, and kept until there is a tree for them: what
/// [`Signals::listen`](crate::Signals::listen) returns.
///
/// Several signals of one kind that arrive before the tree does count as one.
#[derive(Debug)]
#[must_use = "signals that are heard go nowhere until they are attached to a tree"]
pub struct Listening {
    pub(crate) source: OpenSource,
    pub(crate) rules: SignalRules,
    pub(crate) handlers: SignalHandlers,
    pub(crate) handler_threads: Arc<HandlerThreads>,
    pub(crate) handler_timeout: Option<Duration>,
    pub(crate) last_kill: LastKill,
}

impl Listening {
    /// Has every signal act upon this tree as long as the guard is held, beginning with those that have
    /// arrived meanwhile.
    ///
    /// # Panics
    ///
    /// If the source is a [channel](crate::SignalSource::channel) and it is called outside a tokio runtime.
    pub fn attach(self, tree: &Tree) -> SignalsGuard {
        let Self { source, rules, handlers, handler_threads, handler_timeout, last_kill } = self;
        let (receiver, held) = source.split();
        let entered = held.as_ref().map(|held| held.thread.runtime().enter());
        let (sender, left) = watch::channel(None);
        let state = SignalState {
            tree: Some(Arc::new(tree.clone())),
            escalation: Escalation::new(rules),
            calls: CallQueue::default(),
            stop_delay: StopDelay::new(handler_timeout),
            looks_at: None,
            handlers,
            handler_threads,
            last_kill,
            leaving: None,
            left: sender,
            caught: held.as_ref().map(|held| Arc::clone(&held.signals)),
        };
        let runtime = Handle::current();
        let actor = spawn(state, &sibling::place(&runtime));
        // It belongs to the actor, and the guard ends both.
        let listener = sibling::place(&runtime).spawn(listen(receiver, actor.clone())).abort_handle();
        drop(entered);
        SignalsGuard { actor, listener, left, held, _hears: sibling::hear_signals(tree) }
    }
}

/// Starts the actor. Its mailbox is open at once, so that attaching need not be async.
fn spawn(state: SignalState, runtime: &Handle) -> ActorRef<SignalMessage> {
    let _inside = runtime.enter();
    let (actor, _) = ActorRuntime::spawn_instant(None, RootSignalActor, state)
        .expect("an actor without a name cannot clash with another one");
    actor
}

/// Passes on what it hears for as long as there is an actor to hear it.
async fn listen(mut receiver: SignalReceiver, actor: ActorRef<SignalMessage>) {
    loop {
        let signal = receiver.next().await;
        let at = sibling::now();
        if actor.cast(SignalMessage::Arrived { signal, at }).is_err() {
            break;
        }
    }
}
