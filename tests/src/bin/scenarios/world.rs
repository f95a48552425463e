//! What there is besides the supervisors: how often everything was started, and which workers live.
//!
//! Nothing here asks a supervisor. It is told by those who are started.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rootward::{AutoShutdown, ChildPath, NodeSnapshot};
use tokio::sync::oneshot;

use crate::options::{Layout, SupervisorOptions};
use crate::scenario::{Definition, Id, Outcome, Reason, What};

/// Shared by everything in one scenario.
#[derive(Debug, Default)]
pub(crate) struct World {
    header: HashMap<Id, Vec<Arc<Definition>>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    histories: HashMap<Id, History>,
    /// Whose the ids are that supervisors know: an instance of a template has got a number.
    names: HashMap<String, Id>,
    /// What attempts have come to and the record has not told yet, by the path at which they were made.
    untold: HashMap<ChildPath, VecDeque<Birth>>,
    workers: Vec<Worker>,
    /// Workers that have ended with OTP's `{shutdown, _}`, for which the library has no exit of its own.
    terms: Vec<(Id, u32)>,
}

#[derive(Debug, Default)]
struct History {
    attempts: usize,
    incarnation: u32,
    /// Where it stood when it last ran.
    path: Option<ChildPath>,
    definition: Option<Arc<Definition>>,
}

#[derive(Debug)]
struct Worker {
    id: Id,
    incarnation: u32,
    orders: Option<oneshot::Sender<Reason>>,
}

/// What one attempt to start something has come to.
#[derive(Clone, Debug)]
pub(crate) struct Birth {
    pub(crate) id: Id,
    pub(crate) outcome: Outcome,
    /// How many successful starts there have been, this one included.
    pub(crate) incarnation: u32,
}

impl World {
    pub(crate) fn new(definitions: Vec<Arc<Definition>>) -> Self {
        let mut header: HashMap<Id, Vec<Arc<Definition>>> = HashMap::new();
        for definition in definitions {
            if let Some(parent) = definition.parent.clone() {
                header.entry(parent).or_default().push(definition);
            }
        }
        Self { header, state: Mutex::default() }
    }

    /// The children that this supervisor starts with.
    pub(crate) fn children_of(&self, supervisor: &str) -> &[Arc<Definition>] {
        self.header.get(supervisor).map_or(&[], Vec::as_slice)
    }

    /// Counts an attempt to start something, and says what comes of it.
    pub(crate) fn begin(&self, definition: &Arc<Definition>, path: &ChildPath) -> Birth {
        let mut state = self.state();
        state.names.insert(path.id().to_owned(), Arc::clone(&definition.id));
        let history = state.histories.entry(definition.id.clone()).or_default();
        let outcome = definition.plan.outcome(history.attempts);
        history.attempts += 1;
        if outcome == Outcome::Runs {
            history.incarnation += 1;
            history.path = Some(path.clone());
            history.definition = Some(Arc::clone(definition));
        }
        let birth = Birth { id: definition.id.clone(), outcome, incarnation: history.incarnation };
        state.untold.entry(path.clone()).or_default().push_back(birth.clone());
        birth
    }

    /// The attempt that the record tells of when it next says that something is started at this path.
    pub(crate) fn told(&self, path: &ChildPath) -> Option<Birth> {
        self.state().untold.get_mut(path)?.pop_front()
    }

    pub(crate) fn incarnation(&self, id: &str) -> u32 {
        self.state().histories.get(id).map_or(0, |history| history.incarnation)
    }

    /// Where this stood when it last ran.
    pub(crate) fn path(&self, id: &str) -> Option<ChildPath> {
        self.state().histories.get(id)?.path.clone()
    }

    /// As what this last ran.
    pub(crate) fn definition(&self, id: &str) -> Option<Arc<Definition>> {
        self.state().histories.get(id)?.definition.clone()
    }

    pub(crate) fn auto_shutdown(&self, supervisor: &str) -> AutoShutdown {
        self.options(supervisor).and_then(|options| options.auto_shutdown.ok()).unwrap_or_default()
    }

    /// The template of a `simple_one_for_one` supervisor, if it is one.
    pub(crate) fn template(&self, supervisor: &str) -> Option<Arc<Definition>> {
        match (self.options(supervisor)?.layout, self.children_of(supervisor)) {
            (Ok(Layout::Simple), [template]) => Some(Arc::clone(template)),
            _ => None,
        }
    }

    /// The `simple_one_for_one` supervisor whose instance this is, if it is one.
    pub(crate) fn spawned_by(&self, id: &str) -> Option<Id> {
        let parent = self.definition(id)?.parent.clone()?;
        self.template(&parent).map(|_| parent)
    }

    fn options(&self, supervisor: &str) -> Option<SupervisorOptions> {
        match &self.definition(supervisor)?.what {
            What::Supervisor(options) => Some(*options),
            What::Worker(_) => None,
        }
    }

    /// Names children and puts them in the order in which they are printed: start order, or by id if
    /// there is no such order.
    pub(crate) fn in_order(&self, supervisor: &str, children: Vec<NodeSnapshot>) -> Vec<(Id, NodeSnapshot)> {
        let mut named: Vec<_> = {
            let state = self.state();
            let name = |child: &NodeSnapshot| match state.names.get(child.path.id()) {
                Some(id) => Arc::clone(id),
                None => Id::from(child.path.id()),
            };
            children.into_iter().map(|child| (name(&child), child)).collect()
        };
        if self.template(supervisor).is_some() {
            named.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        named
    }

    // --- workers ---

    /// A worker has begun. The order to end comes out of the receiver.
    pub(crate) fn enlist(self: &Arc<Self>, birth: &Birth) -> (Alive, oneshot::Receiver<Reason>) {
        let (orders, order) = oneshot::channel();
        let (id, incarnation) = (birth.id.clone(), birth.incarnation);
        self.state().workers.push(Worker { id: id.clone(), incarnation, orders: Some(orders) });
        (Alive { world: Arc::clone(self), id, incarnation }, order)
    }

    /// Orders a worker to end. `false` says that there is none.
    pub(crate) fn order(&self, id: &str, reason: Reason) -> bool {
        let mut state = self.state();
        let Some(worker) = state.workers.iter_mut().rev().find(|worker| *worker.id == *id) else {
            return false;
        };
        worker.orders.take().is_some_and(|orders| orders.send(reason).is_ok())
    }

    pub(crate) fn is_alive(&self, id: &str) -> bool {
        self.state().workers.iter().any(|worker| *worker.id == *id)
    }

    /// All workers that live.
    pub(crate) fn alive(&self) -> Vec<(Id, u32)> {
        self.state().workers.iter().map(|worker| (worker.id.clone(), worker.incarnation)).collect()
    }

    /// A worker says that it ends with `{shutdown, _}`.
    pub(crate) fn note_term(&self, birth: &Birth) {
        self.state().terms.push((birth.id.clone(), birth.incarnation));
    }

    /// Whether this worker has ended with `{shutdown, _}`.
    pub(crate) fn ended_with_term(&self, birth: &Birth) -> bool {
        let mut state = self.state();
        let found = state.terms.iter().position(|(id, n)| *id == birth.id && *n == birth.incarnation);
        found.map(|index| state.terms.swap_remove(index)).is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by a worker for as long as it lives.
pub(crate) struct Alive {
    world: Arc<World>,
    id: Id,
    incarnation: u32,
}

impl Drop for Alive {
    fn drop(&mut self) {
        let mut state = self.world.state();
        let is_me = |worker: &Worker| worker.id == self.id && worker.incarnation == self.incarnation;
        if let Some(index) = state.workers.iter().position(is_me) {
            state.workers.swap_remove(index);
        }
    }
}
