//! A child as the machine knows it, and the table of all of them.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::child::{ChildId, ChildSpec, ExitClass, Restart, Shutdown};
use crate::policy::intensity::RestartWindow;
use crate::policy::ordered::Ordered;
use crate::policy::timers::Timers;
use crate::policy::{Backoff, Intensity};

/// Names a child to the machine. Keys grow in start order and are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ChildKey(pub(crate) u64);

/// No key is below this one.
pub(super) const FIRST: ChildKey = ChildKey(0);

/// What the machine needs to know of a child's spec.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Traits {
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) significant: bool,
    /// What few children have. Shared with the spec, so that the others pay nothing for it.
    pub(crate) tuning: Option<Arc<Tuning>>,
}

/// What goes beyond OTP in a child's spec.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tuning {
    pub(crate) backoff: Option<Backoff>,
    pub(crate) intensity: Option<Intensity>,
    pub(crate) start_timeout: Option<Duration>,
}

#[derive(Debug)]
pub(super) struct Child {
    pub(super) id: ChildId,
    pub(super) traits: Traits,
    pub(super) state: State,
    /// Counts the starts, so that what waits in the queue can be told from what has happened since.
    pub(super) generation: u32,
    /// When it last came to run, if it did since its last start.
    pub(super) running_since: Option<Instant>,
    /// How many restarts in a row, since it last ran well.
    pub(super) attempt: u32,
    /// Its own restarts, if its spec limits them.
    pub(super) window: Option<Box<RestartWindow>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// OTP's `undefined`.
    Down,
    /// Its start is given up at this time, if there is a limit.
    Starting {
        give_up_at: Option<Instant>,
    },
    Running,
    /// Gone by itself; what follows from it has not been decided yet.
    Ended(ExitClass),
    /// Its start failed; what follows from it has not been decided yet.
    Failed,
    /// OTP's `restarting`: another attempt is due at this time, or waits in the queue.
    Restarting {
        due: Option<Instant>,
    },
    /// Asked to stop. `kill_at` is `None` if it may take for ever.
    Stopping {
        kill_at: Option<Instant>,
    },
    /// Killed as its spec wants it, or forced: there is nothing more to be done than to wait.
    Killed,
}

impl Traits {
    pub(crate) fn of(spec: &ChildSpec) -> Self {
        Self {
            restart: spec.get_restart(),
            shutdown: spec.get_shutdown(),
            significant: spec.is_significant(),
            tuning: spec.tuning().cloned(),
        }
    }

    pub(super) fn backoff(&self) -> Option<Backoff> {
        self.tuning.as_ref().and_then(|tuning| tuning.backoff)
    }

    pub(super) fn start_timeout(&self) -> Option<Duration> {
        self.tuning.as_ref().and_then(|tuning| tuning.start_timeout)
    }

    fn window(&self) -> Option<Box<RestartWindow>> {
        let intensity = self.tuning.as_ref().and_then(|tuning| tuning.intensity);
        intensity.map(|intensity| Box::new(RestartWindow::new(intensity)))
    }
}

impl State {
    pub(super) fn is_live(self) -> bool {
        match self {
            Self::Starting { .. } | Self::Running | Self::Stopping { .. } | Self::Killed => true,
            Self::Down | Self::Ended(_) | Self::Failed | Self::Restarting { .. } => false,
        }
    }

    /// When something has to be done about a child in this state.
    fn timer(self) -> Option<Instant> {
        match self {
            Self::Starting { give_up_at: at }
            | Self::Restarting { due: at }
            | Self::Stopping { kill_at: at } => at,
            Self::Down | Self::Running | Self::Ended(_) | Self::Failed | Self::Killed => None,
        }
    }
}

/// All children in start order, and what can be said of them together.
#[derive(Debug)]
pub(super) struct Children {
    table: Ordered<Child>,
    /// Made when somebody asks for a child by its id, which is never in many trees.
    names: OnceCell<HashMap<ChildId, ChildKey>>,
    timers: Timers,
    /// How many are starting, running or stopping.
    live: usize,
    /// How many wait to be started again.
    restarting: usize,
    /// How many significant ones are not down.
    significant: usize,
}

impl Children {
    pub(super) fn new() -> Self {
        let (names, timers) = (OnceCell::new(), Timers::default());
        Self { table: Ordered::new(), names, timers, live: 0, restarting: 0, significant: 0 }
    }

    /// Makes room for so many more children.
    pub(super) fn reserve(&mut self, additional: usize) {
        self.table.reserve(additional);
        if let Some(names) = self.names.get_mut() {
            names.reserve(additional);
        }
    }

    pub(super) fn insert(&mut self, key: ChildKey, id: ChildId, traits: Traits) {
        if let Some(names) = self.names.get_mut() {
            names.insert(id.clone(), key);
        }
        let window = traits.window();
        let child =
            Child { id, traits, state: State::Down, generation: 0, running_since: None, attempt: 0, window };
        self.table.push(key, child);
    }

    pub(super) fn remove(&mut self, key: ChildKey) {
        self.set(key, State::Down);
        if let Some(child) = self.table.remove(key) {
            if let Some(names) = self.names.get_mut() {
                names.remove(&child.id);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn key(&self, id: &ChildId) -> Option<ChildKey> {
        let names = || self.table.iter().map(|(key, child)| (child.id.clone(), key)).collect();
        self.names.get_or_init(names).get(id).copied()
    }

    pub(super) fn get(&self, key: ChildKey) -> Option<&Child> {
        self.table.get(key)
    }

    pub(super) fn get_mut(&mut self, key: ChildKey) -> Option<&mut Child> {
        self.table.get_mut(key)
    }

    /// The state of a child. One that has been deleted is down for good.
    pub(super) fn state(&self, key: ChildKey) -> State {
        self.table.get(key).map_or(State::Down, |child| child.state)
    }

    /// The first child from this key on.
    pub(super) fn first_from(&self, key: ChildKey) -> Option<ChildKey> {
        self.table.range(key, None).next().map(|(key, _)| key)
    }

    /// The children from one key on and below another one, in start order. No upper key means no bound.
    pub(super) fn range(
        &self,
        from: ChildKey,
        below: Option<ChildKey>,
    ) -> impl DoubleEndedIterator<Item = ChildKey> + '_ {
        self.table.range(from, below).map(|(key, _)| key)
    }

    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The children about whom something has to be done by now, the last started first.
    pub(super) fn due(&self, now: Instant) -> Vec<ChildKey> {
        let mut due: Vec<ChildKey> = self.timers.due(now).collect();
        due.sort_unstable_by(|a, b| b.cmp(a));
        due
    }

    /// Cuts every grace that goes beyond the deadline.
    pub(super) fn tighten(&mut self, deadline: Instant) {
        let stopping = |child: &Child| match child.state {
            State::Stopping { kill_at } => Some(kill_at),
            State::Down
            | State::Starting { .. }
            | State::Running
            | State::Ended(_)
            | State::Failed
            | State::Restarting { .. }
            | State::Killed => None,
        };
        let all: Vec<_> =
            self.table.iter().filter_map(|(key, child)| Some((key, stopping(child)?))).collect();
        for (key, kill_at) in all {
            self.set(key, State::Stopping { kill_at: earlier(kill_at, Some(deadline)) });
        }
    }

    pub(super) fn any_live(&self) -> bool {
        self.live > 0
    }

    pub(super) fn any_significant(&self) -> bool {
        self.significant > 0
    }

    pub(super) fn any_restarting(&self) -> bool {
        self.restarting > 0
    }

    /// Brings a child into a state, and returns it for what else there is to change.
    pub(super) fn set(&mut self, key: ChildKey, state: State) -> &mut Child {
        let child = self.table.get_mut(key).expect("the state of a child that is there");
        let before = std::mem::replace(&mut child.state, state);
        if let Some(at) = before.timer() {
            self.timers.remove(at, key);
        }
        if let Some(at) = state.timer() {
            self.timers.insert(at, key);
        }
        let count = |counter: &mut usize, was: bool, is: bool| match (was, is) {
            (false, true) => *counter += 1,
            (true, false) => *counter -= 1,
            (false, false) | (true, true) => {}
        };
        let restarting = |state| matches!(state, State::Restarting { .. });
        count(&mut self.live, before.is_live(), state.is_live());
        count(&mut self.restarting, restarting(before), restarting(state));
        if child.traits.significant {
            count(&mut self.significant, before != State::Down, state != State::Down);
        }
        child
    }
}

/// The earlier of two moments, where none means never.
pub(super) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (at, None) | (None, at) => at,
    }
}
