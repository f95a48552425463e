//! What there is besides the supervisors: how often everything was started, and which workers live.
//!
//! Nothing here asks a supervisor. The children that are started report here.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rootward::snapshot::NodeSnapshot;
use rootward::{AutoShutdown, ChildPath};
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
    /// The definition behind each id that supervisors know: an instance of a template has got a number for an id.
    names: HashMap<String, Id>,
    /// What attempts have come to and the record has not told yet, by the path at which they were made.
    untold: HashMap<ChildPath, VecDeque<Birth>>,
    /// The workers that live, and how they are told to end.
    workers: BTreeMap<Incarnation, Option<oneshot::Sender<Reason>>>,
    /// Workers that have ended with OTP's `{shutdown, _}`, for which the library has no exit of its own.
    terms: HashSet<Incarnation>,
}

/// Which start of what.
type Incarnation = (Id, u32);

#[derive(Debug, Default)]
struct History {
    attempts: usize,
    incarnation: u32,
    /// Where it stood when it last ran.
    path: Option<ChildPath>,
    definition: Option<Arc<Definition>>,
}

/// What one attempt to start something has come to.
#[derive(Clone, Debug)]
pub(crate) struct Birth {
    pub(crate) id: Id,
    pub(crate) outcome: Outcome,
    /// How many successful starts there have been, this one included.
    pub(crate) incarnation: u32,
}

impl Birth {
    fn incarnation(&self) -> Incarnation {
        (Arc::clone(&self.id), self.incarnation)
    }
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
        self.state().workers.insert(birth.incarnation(), Some(orders));
        (Alive { world: Arc::clone(self), incarnation: birth.incarnation() }, order)
    }

    /// Orders a worker to end. `false` says that there is none.
    pub(crate) fn order(&self, id: &str, reason: Reason) -> bool {
        let mut state = self.state();
        let latest = state.workers.range_mut(all_of(id)).next_back();
        latest.and_then(|(_, orders)| orders.take()).is_some_and(|orders| orders.send(reason).is_ok())
    }

    pub(crate) fn is_alive(&self, id: &str) -> bool {
        self.state().workers.range(all_of(id)).next().is_some()
    }

    /// All workers that live.
    pub(crate) fn alive(&self) -> Vec<Incarnation> {
        self.state().workers.keys().cloned().collect()
    }

    /// A worker says that it ends with `{shutdown, _}`.
    pub(crate) fn note_term(&self, birth: &Birth) {
        self.state().terms.insert(birth.incarnation());
    }

    /// Whether this worker has ended with `{shutdown, _}`.
    pub(crate) fn ended_with_term(&self, birth: &Birth) -> bool {
        self.state().terms.contains(&birth.incarnation())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All incarnations of a worker.
fn all_of(id: &str) -> RangeInclusive<Incarnation> {
    let id = Id::from(id);
    (Arc::clone(&id), 0)..=(id, u32::MAX)
}

/// Held by a worker for as long as it lives.
pub(crate) struct Alive {
    world: Arc<World>,
    incarnation: Incarnation,
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.world.state().workers.remove(&self.incarnation);
    }
}
