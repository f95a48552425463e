//! One round after the other: many things at the same time, and then rest.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rootward::snapshot::{ChildState, NodeSnapshot};
use rootward::{SupervisorHandle, Tree};
use rootward_tests::say;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::actions;
use super::world::{SHARDS, World};
use crate::dice::Dice;

/// How many things happen in a round.
const ACTIONS: usize = 16;

/// How long anything may take that has to happen. Only what fails takes that long.
const BACKSTOP: Duration = Duration::from_secs(60);

/// How often the tree is looked at, for what no event tells.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// What the observer sends in a round.
const SIGNALS: u64 = 2;

pub(super) struct Rounds {
    world: Arc<World>,
    /// How many have been heard.
    signals: Arc<AtomicU64>,
    dice: Dice,
}

impl Rounds {
    pub(super) fn new(world: Arc<World>, signals: Arc<AtomicU64>, dice: Dice) -> Self {
        Self { world, signals, dice }
    }

    /// Does one of them whenever it is told to `go`, and in any case says what there is when it rests.
    pub(super) async fn run(mut self, tree: Tree, mut orders: UnboundedReceiver<String>) {
        if tree.started().await.is_err() {
            say("problem the tree did not start");
            return;
        }
        let mut round = 0;
        // A reader that never reads.
        let mut idle = tree.events();
        loop {
            if let Err(problem) = self.come_to_rest(&tree, round).await {
                say(format_args!("problem in round {round}: {problem}"));
                return;
            }
            loop {
                say(format_args!("rests {}", self.told(round)));
                match orders.recv().await.as_deref() {
                    Some("go") => break,
                    // A look. What is kept for a reader that never reads depends on the events of the last rounds, and
                    // would be taken for growth.
                    Some(_) => drop(std::mem::replace(&mut idle, tree.events())),
                    None => return,
                }
            }
            round += 1;
            if let Err(problem) = self.round(&tree).await {
                say(format_args!("problem in round {round}: {problem}"));
                return;
            }
        }
    }

    async fn come_to_rest(&self, tree: &Tree, round: u64) -> Result<(), String> {
        let rest = timeout(BACKSTOP, self.rest(tree, round)).await;
        rest.unwrap_or_else(|_| {
            let snapshot = tree.snapshot().to_string().replace('\n', "; ");
            Err(format!("it does not come to rest: {snapshot}"))
        })
    }

    async fn round(&mut self, tree: &Tree) -> Result<(), String> {
        let mut actions = JoinSet::new();
        for _ in 0..ACTIONS {
            let (action, act) = actions::any(&self.world, tree, &mut self.dice);
            actions.spawn(async move {
                let done = timeout(BACKSTOP, act).await;
                done.map_err(|_| format!("{action} takes for ever"))
            });
        }
        while let Some(done) = actions.join_next().await {
            done.map_err(|failed| format!("an action failed: {failed}"))??;
        }
        Ok(())
    }

    /// Takes back what was added, and waits until everything that is meant to run does.
    async fn rest(&self, tree: &Tree, round: u64) -> Result<(), String> {
        clear(&supervisor(tree, "root/jobs").await).await;
        clear(&supervisor(tree, "root/spare").await).await;
        let shards = supervisor(tree, "root/shards").await;
        shards.resize(SHARDS).await.map_err(|error| error.to_string())?;
        let is_running = |node: &&NodeSnapshot| node.state == ChildState::Running;
        loop {
            let is_at_rest = tree.snapshot().root.walk().iter().all(is_running)
                && self.signals.load(Ordering::Relaxed) == round * SIGNALS;
            if is_at_rest {
                break;
            }
            look_again().await;
        }
        match self.world.tally.problem() {
            Some(problem) => Err(problem),
            None => Ok(()),
        }
    }

    fn told(&self, round: u64) -> String {
        let tally = &self.world.tally;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        format!(
            "rounds {round} heap {} control {} tasks {tasks} events {} missed {} starts {} programs {} restarts {} lines {} stalled {} \
             gave_up {} stragglers {} signals {}",
            crate::HEAP.bytes(),
            self.world.meter.tasks(),
            count(&tally.events),
            count(&tally.missed),
            count(&tally.starts),
            count(&tally.programs),
            count(&tally.restarts),
            count(&tally.lines),
            count(&tally.stalled),
            count(&tally.gave_up),
            count(&tally.stragglers),
            count(&self.signals),
        )
    }
}

/// A supervisor that is there, or will be soon.
pub(super) async fn supervisor(tree: &Tree, path: &str) -> SupervisorHandle {
    loop {
        match tree.supervisor(path) {
            Some(supervisor) => return supervisor,
            None => look_again().await,
        }
    }
}

pub(super) async fn look_again() {
    let _ = timeout(LOOK_AGAIN, pending::<()>()).await;
}

/// Terminates and forgets every child.
async fn clear(supervisor: &SupervisorHandle) {
    // Calls have been made whose answers are not waited for. They are heard before this one.
    let _ = supervisor.delete_child("unknown").await;
    loop {
        let children = supervisor.which_children();
        if children.is_empty() {
            return;
        }
        let mut going = JoinSet::new();
        for child in children {
            let supervisor = supervisor.clone();
            going.spawn(async move {
                // What is gone already is gone.
                let _ = supervisor.terminate_child(child.path.id()).await;
                let _ = supervisor.delete_child(child.path.id()).await;
            });
        }
        going.join_all().await;
    }
}
