//! The view of the tree that this program runs itself.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;

use rootward::Tree;
use rootward::event::Events;
use rootward::sibling::{self, TreeWatch};
use rootward_observer::model::Seen;
use rootward_observer::wire::Event;
use tokio::runtime::Handle;

use super::act::{act, explain, send};
use super::inbox::Inbox;
use super::keys::{hear_deadly_signals, hear_keys, hear_signals};
use super::restorer::Restorer;
use super::screen::{Modes, PATIENCE, Screen};
use super::view_loop::{Hands, ViewLoop};
use crate::chaos::Chaos;
use crate::messages;
use crate::terminal::fit::Fit;
use crate::terminal::state::{Effect, Rights, ViewInput, ViewState};

/// The view of this program's own tree. It is over when this is dropped.
pub(crate) struct OwnView {
    inbox: Arc<Inbox>,
    modes: Modes,
    /// Ends with the view.
    ended: mpsc::Receiver<()>,
}

/// How the view comes to the tree, as soon as there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct TreeReach(Arc<OnceLock<AttachedTree>>);

#[derive(Debug)]
struct AttachedTree {
    tree: TreeWatch,
    runtime: Handle,
}

/// What the view can do to the program whose tree it shows.
#[derive(Debug)]
pub(crate) struct Reaches {
    pub(crate) reach: TreeReach,
    /// Whether the processes are suspended together with the program.
    pub(crate) suspends: bool,
    pub(crate) chaos: Chaos,
}

impl TreeReach {
    /// The tree has been launched. To be called in the runtime of its tasks.
    pub(crate) fn set(&self, tree: &Tree) {
        if let Some(tree) = sibling::watch(&tree.downgrade()) {
            let _ = self.0.set(AttachedTree { tree, runtime: Handle::current() });
        }
    }
}

impl OwnView {
    /// Begins to show the tree of which these are the events, from the first one on.
    ///
    /// # Errors
    ///
    /// If the system refuses the terminal or a thread.
    pub(crate) fn begin(
        fit: Fit,
        events: Events,
        Reaches { suspends, reach, chaos }: Reaches,
    ) -> io::Result<Self> {
        let inbox = Arc::new(Inbox::default());
        inbox.input(ViewInput::Chaos(chaos.words()));
        let hands = OwnHands { inbox: Arc::clone(&inbox), reach, suspends, chaos };
        // A view goes without where there is no process for it.
        let restorer = Restorer::start(io::stderr()).ok();
        Self::show(fit, restorer, events, inbox, hands)
    }

    /// The same with hands of any kind, with a restorer or without.
    pub(super) fn show(
        fit: Fit,
        restorer: Option<Restorer>,
        events: Events,
        inbox: Arc<Inbox>,
        hands: impl Hands + Send + 'static,
    ) -> io::Result<Self> {
        // The end of the view's thread drops the senders, which is all there is to say.
        let ((sender, ended), (for_signals, ended_for_signals)) = (mpsc::channel(), mpsc::channel());
        let (screen, modes) = Screen::take(io::stderr(), restorer)?;
        hear_signals(&inbox, false)?;
        hear_deadly_signals(&inbox, modes.try_clone()?, ended_for_signals)?;
        hear_keys(&inbox)?;
        let rights = Rights { title: "rootward-demo".to_owned(), control: true, is_own: true };
        let view = ViewLoop { screen, state: ViewState::new(rights), inbox: Arc::clone(&inbox), fit, hands };
        thread::Builder::new().name("view".to_owned()).spawn(move || {
            let _senders = (sender, for_signals);
            // The tree goes on without a view. A panic drops the screen, which gives the terminal back.
            match catch_unwind(AssertUnwindSafe(|| view.run())) {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    messages::error(format_args!("the view is over, and the tree goes on: {error}"))
                }
                Err(_) => messages::error("the view is over by a bug in it, and the tree goes on"),
            }
        })?;
        hear_tree(&inbox, events)?;
        Ok(Self { inbox, modes, ended })
    }
}

#[cfg(test)]
impl OwnView {
    /// Waits until the view is over by itself.
    pub(super) fn until_over(&self) {
        // Nothing is ever sent.
        let _ = self.ended.recv();
    }
}

impl Drop for OwnView {
    fn drop(&mut self) {
        self.inbox.input(ViewInput::Leave);
        // Both outcomes mean the same: there is nothing more to wait for.
        let _ = self.ended.recv_timeout(PATIENCE);
        self.modes.restore();
    }
}

fn hear_tree(inbox: &Arc<Inbox>, mut events: Events) -> io::Result<()> {
    let inbox = Arc::clone(inbox);
    thread::Builder::new().name("view-events".to_owned()).spawn(move || {
        loop {
            match events.blocking_next() {
                Ok(Some(event)) => inbox.event(Arc::new(Event::from(&*event))),
                Ok(None) => break inbox.input(ViewInput::Over(None)),
                Err(lagged) => inbox.input(ViewInput::Lost(lagged.missed)),
            }
        }
    })?;
    Ok(())
}

/// Does to the tree what the user wants.
struct OwnHands {
    inbox: Arc<Inbox>,
    reach: TreeReach,
    /// Whether the processes are suspended together with the program.
    suspends: bool,
    chaos: Chaos,
}

impl Hands for OwnHands {
    fn pause(&mut self) {
        if let Some(reach) = self.reach.0.get().filter(|_| self.suspends) {
            reach.tree.suspend_processes();
        }
    }

    fn go_on(&mut self) {
        if let Some(reach) = self.reach.0.get().filter(|_| self.suspends) {
            reach.tree.resume_processes();
        }
    }

    fn perform(&mut self, effect: Effect) {
        // Before it is there, nothing can be done to it, and a signal stops it.
        let Some(reach) = self.reach.0.get() else { return };
        match effect {
            Effect::Stop => reach.tree.request_stop(),
            Effect::Force => reach.tree.force(),
            Effect::Terminate(_) | Effect::Start(_) | Effect::Restart(_) => {
                let (tree, inbox) = (reach.tree.clone(), Arc::clone(&self.inbox));
                reach.runtime.spawn(async move { inbox.input(ViewInput::Answer(act(&tree, &effect).await)) });
            }
            Effect::Signal { path, signal } => {
                self.inbox.input(ViewInput::Answer(send(&reach.tree, &path, signal)));
            }
            Effect::Look => {
                let seen = reach.tree.sighting();
                let containment = reach.tree.containment().map(str::to_owned);
                self.inbox.input(ViewInput::Seen(seen.iter().map(Seen::from).collect(), containment));
            }
            Effect::Chaos(turn) => {
                self.chaos.turn(turn);
                self.inbox.input(ViewInput::Chaos(self.chaos.words()));
            }
            Effect::Explain(path) => {
                let (tree, inbox) = (reach.tree.clone(), Arc::clone(&self.inbox));
                reach.runtime.spawn(async move {
                    inbox.input(ViewInput::Explained(Box::new(explain(&tree, path).await)));
                });
            }
            Effect::Copy(_) | Effect::Redraw | Effect::Leave => {}
        }
    }
}
