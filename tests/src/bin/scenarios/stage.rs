//! Where a scenario is played: a tree on a runtime of its own, with time that passes only when nothing
//! else can happen.

use std::sync::Arc;
use std::time::Duration;

use rootward::snapshot::{ChildState, NodeSnapshot};
use rootward::{Supervisor, SupervisorHandle, Tree};
use tokio::runtime::{Builder, Handle};
use tokio::task::unconstrained;

use crate::idle::Idle;
use crate::listener::Listener;
use crate::log::{Entry, Happened, Log, START_FAILED};
use crate::play::play;
use crate::scenario::{Id, Scenario};
use crate::world::World;

/// The supervisor above the scenario's root: OTP's roots have a parent too, which asks them to stop.
const ABOVE: &str = "above";

/// How much time may pass in one step. Nothing real takes so long, so nothing would ever happen again.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Plays one scenario and says what is to be printed.
pub(crate) fn run(scenario: Scenario) -> String {
    let idle = Idle::default();
    let notify = idle.clone();
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .on_thread_park(move || notify.nothing_to_do())
        .build()
        .expect("a runtime without any input and output needs nothing of the system");
    // A task of its own, because the runtime does not look whether the main one has been woken before
    // it parks.
    let playing = runtime.spawn(play(scenario, idle));
    match runtime.block_on(playing) {
        Ok(played) => played,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

/// A tree, and what can be seen of it from outside.
pub(crate) struct Stage {
    pub(crate) world: Arc<World>,
    root: Id,
    tree: Tree,
    idle: Idle,
    listener: Listener,
    log: Log,
    /// With which reason the root went.
    root_reason: Option<&'static str>,
}

impl Stage {
    /// A tree without the scenario's root.
    ///
    /// `burst` is how many events there may be at once, before the record is read.
    pub(crate) async fn set(world: Arc<World>, root: Id, burst: usize, idle: Idle) -> Self {
        let tree = Supervisor::new(ABOVE).into_tree().expect("a supervisor without children");
        let mut tree = tree.deadline(None).event_capacity(burst);
        let listener = Listener::default();
        // Whenever it has its turn it reads all there is, so that it does not fall ever further behind the writers.
        Handle::current().spawn(unconstrained(listener.clone().listen(tree.subscribe())));
        let tree = tree.start().await.expect("a supervisor without children always starts");
        Self { world, root, tree, idle, listener, log: Log::default(), root_reason: None }
    }

    /// The supervisor above the scenario's root.
    pub(crate) fn above(&self) -> SupervisorHandle {
        self.tree.root().expect("the supervisor above the root has no reason to stop")
    }

    pub(crate) fn root(&self) -> &Id {
        &self.root
    }

    /// The supervisor with this id, if it runs.
    pub(crate) fn supervisor(&self, id: &str) -> Option<SupervisorHandle> {
        self.tree.supervisor(self.world.path(id)?.as_str())
    }

    /// Waits until nothing happens any more and nothing is about to, and says what has happened.
    pub(crate) async fn rest(&mut self) -> Vec<Entry> {
        loop {
            self.idle.wait().await;
            if self.is_at_rest() {
                break;
            }
            // A worker takes time, so time has to pass.
            self.listener.news().await;
        }
        let events = self.listener.take();
        let entries: Vec<Entry> =
            events.iter().filter_map(|event| self.log.read(&self.world, event)).collect();
        for entry in entries.iter().filter(|entry| entry.id == self.root) {
            if let Happened::Stopped(_, reason) = entry.what {
                self.root_reason = (reason != START_FAILED).then_some(reason);
            }
        }
        entries
    }

    fn is_at_rest(&self) -> bool {
        let is_settled = |node: &&NodeSnapshot| match node.state {
            ChildState::Running | ChildState::Down => true,
            ChildState::Starting | ChildState::Stopping | ChildState::Restarting | _ => false,
        };
        self.tree.snapshot().root.walk().iter().all(is_settled)
    }

    /// What the root looks like, if it is there.
    pub(crate) fn look(&self) -> Option<NodeSnapshot> {
        self.supervisor(&self.root)?;
        self.tree.snapshot().root.children.into_iter().next()
    }

    /// With which reason the root went, if it ever ran.
    pub(crate) fn root_reason(&self) -> Option<&'static str> {
        self.root_reason
    }

    /// Everything that lives, in order.
    pub(crate) fn alive(&self) -> Vec<(Id, u32)> {
        let supervisors = self.log.supervisors().map(|(id, incarnation)| (Arc::clone(id), incarnation));
        let mut alive: Vec<_> = self.world.alive().into_iter().chain(supervisors).collect();
        alive.sort();
        alive
    }
}
