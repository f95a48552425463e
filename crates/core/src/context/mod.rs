//! What all parts of one tree share: its record, its runtimes, the count of what is active, kill handles, and what
//! stops.

mod activity;
mod containment;
mod kill;
mod provisions;
mod scope;
#[cfg(test)]
mod scope_tests;
mod tokens;

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use self::activity::ActivityCounter;
use self::containment::NotedContainment;
use self::kill::KillRegistry;
use self::provisions::Kept;
use self::tokens::Tokens;
use crate::event::Record;
use crate::foreign_wakers::WakeElsewhere;
use crate::pace::Pacer;
use crate::tree_clock::TreeClock;

pub use self::kill::KillHandle;
pub(crate) use self::kill::Use;
pub use self::scope::StopReach;

pub(crate) use self::activity::Activity;
pub(crate) use self::provisions::Provisions;
pub(crate) use self::scope::StopScope;

/// What all parts of one tree share.
#[derive(Clone, Debug)]
pub(crate) struct TreeContext(Arc<SharedContext>);

#[derive(Debug)]
struct SharedContext {
    record: Arc<Record>,
    clock: TreeClock,
    activity: Arc<ActivityCounter>,
    control: Handle,
    tasks: Handle,
    stopping: CancellationToken,
    tokens: Tokens,
    containment: NotedContainment,
    refuses_degraded: AtomicBool,
    provisions: Provisions,
    kept: Kept,
    kills: KillRegistry,
    pacer: Pacer,
    scope: Arc<StopScope>,
    /// How many hear signals for the tree.
    ears: AtomicUsize,
    /// What the module `tree` has put here for children that want to find their tree.
    tree: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl TreeContext {
    pub(crate) fn new(
        record: Arc<Record>,
        control: Handle,
        tasks: Handle,
        provisions: Provisions,
        reach: StopReach,
    ) -> Self {
        let clock = TreeClock::of(&control);
        record.goes_by(clock.clone());
        Self(Arc::new(SharedContext {
            record,
            clock,
            activity: Arc::default(),
            control,
            tasks,
            stopping: CancellationToken::new(),
            tokens: Tokens::default(),
            containment: NotedContainment::default(),
            refuses_degraded: AtomicBool::new(false),
            provisions,
            kept: Kept::default(),
            kills: KillRegistry::default(),
            pacer: Pacer::default(),
            scope: StopScope::root(Arc::default(), reach),
            ears: AtomicUsize::new(0),
            tree: OnceLock::new(),
        }))
    }

    pub(crate) fn is_of(&self, tree: Box<dyn Any + Send + Sync>) {
        let _ = self.0.tree.set(tree);
    }

    pub(crate) fn tree<T: 'static>(&self) -> Option<&T> {
        self.0.tree.get()?.downcast_ref()
    }

    pub(crate) fn record(&self) -> &Record {
        &self.0.record
    }

    pub(crate) fn clock(&self) -> &TreeClock {
        &self.0.clock
    }

    /// What the tree's clock shows without the time in which the program was suspended, on any thread.
    pub(crate) fn awake_now(&self) -> Instant {
        self.0.clock.awake_now()
    }

    /// Where supervisors and process actors run.
    pub(crate) fn control(&self) -> &Handle {
        &self.0.control
    }

    /// Whether signals stop the tree.
    pub(crate) fn hears_signals(&self) -> bool {
        self.0.ears.load(Ordering::Relaxed) > 0
    }

    /// Notes that something hears signals for the tree, until what this returns is dropped.
    pub(crate) fn hear_signals(&self) -> HearsSignals {
        self.0.ears.fetch_add(1, Ordering::Relaxed);
        HearsSignals(self.clone())
    }

    /// Waits until the tree begins to stop.
    pub(crate) async fn stopping(&self) {
        WakeElsewhere::new(self.0.stopping.cancelled()).await;
    }

    /// Tells all that waits for it that the tree begins to stop. Only the first time counts.
    pub(crate) fn tell_stopping(&self) {
        self.0.stopping.cancel();
        self.0.tokens.cancel(&self.0.control);
    }

    /// A token that is cancelled when the tree begins to stop.
    pub(crate) fn token(&self) -> CancellationToken {
        self.0.tokens.hand_out()
    }

    /// Cancelled when all tokens have been, after the beginning of the stop.
    pub(crate) fn tokens_are_told(&self) -> CancellationToken {
        self.0.tokens.told()
    }

    /// The scope above the root: marked when the stop of the whole tree begins.
    pub(crate) fn scope(&self) -> &Arc<StopScope> {
        &self.0.scope
    }

    /// Where task children and actors run.
    pub(crate) fn task_runtime(&self) -> &Handle {
        &self.0.tasks
    }

    pub(crate) fn begin_activity(&self) -> Activity {
        self.0.activity.begin()
    }

    /// The tree is not idle until what this returns is dropped.
    pub(crate) fn keep_active(&self) -> KeepsActive {
        KeepsActive { _activity: self.begin_activity() }
    }

    /// Waits until nothing runs and nothing is going to be restarted.
    pub(crate) async fn idle(&self) {
        self.0.activity.idle().await;
    }

    /// What the program has given, if it has given something of this type.
    pub(crate) fn provided<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.0.provisions.get()
    }

    pub(crate) fn containment(&self) -> Option<&'static str> {
        self.0.containment.get()
    }

    /// Notes a containment level that is in force from now on. The weakest so far is what the tree claims.
    pub(crate) fn note_containment(&self, level: &'static str) {
        self.0.containment.note(level);
    }

    /// Whether nothing is to start where something weaker than usual would be in force.
    pub(crate) fn refuses_degraded(&self) -> bool {
        self.0.refuses_degraded.load(Ordering::Relaxed)
    }

    pub(crate) fn refuse_degraded(&self) {
        self.0.refuses_degraded.store(true, Ordering::Relaxed);
    }

    /// What a crate beside this one keeps for the tree. It is dropped with the tree.
    pub(crate) fn kept<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.0.kept.get()
    }

    /// Paces a paused clock while something outside of the runtime is waited for.
    pub(crate) fn pacer(&self) -> &Pacer {
        &self.0.pacer
    }

    /// Has this handle used when the program leaves at once, for as long as its child holds it.
    pub(crate) fn register_kill(&self, handle: Weak<dyn KillHandle>) {
        self.0.kills.add(handle);
    }

    /// Uses every kill handle.
    pub(crate) fn use_kill_handles(&self, purpose: Use) {
        self.0.kills.use_all(purpose);
    }
}

/// As long as there is one of these, signals stop the tree. For the crates beside this one.
#[derive(Debug)]
#[must_use = "signals stop the tree only as long as it is held"]
pub struct HearsSignals(TreeContext);

impl Drop for HearsSignals {
    fn drop(&mut self) {
        self.0.0.ears.fetch_sub(1, Ordering::Relaxed);
    }
}

/// As long as there is one of these, the tree is not idle. For the crates beside this one.
#[derive(Debug)]
#[must_use = "the tree is kept from being idle only as long as it is held"]
pub struct KeepsActive {
    _activity: Activity,
}
