//! ractor without a supervisor on top: linked actors, and the restart that its users write themselves.

use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};

use super::{Absent, Answer, Live, of_tasks, run};
use crate::metrics::restart::{Restarted, Restarts, fragile};
use crate::metrics::stuck::{GRACE, Stuck, deaf};
use crate::metrics::tasks::{self, GROUPS, Shape};
use crate::metrics::{Metric, restart, stuck};

pub fn measure(metric: Metric, n: usize, live: Live) -> Answer {
    match metric {
        Metric::Flat | Metric::Heap | Metric::Deep | Metric::Wide | Metric::IdleTasks => {
            of_tasks::<Tree>(metric, n, live)
        }
        Metric::Stuck => Ok(run(stuck::measure::<Tree>(n))),
        Metric::Restart => Ok(run(restart::measure::<Tree>(n, Restarted::One))),
        _ => Err(Absent::DoesNotApply),
    }
}

struct Node;

#[derive(Clone, Copy)]
enum Role {
    Supervisor,
    Idle,
    Deaf,
    Fragile,
}

impl Actor for Node {
    type Msg = Role;
    type State = ();
    type Arguments = Role;

    async fn pre_start(&self, own: ActorRef<Role>, role: Role) -> Result<(), ActorProcessingErr> {
        match role {
            Role::Supervisor => {}
            Role::Idle => tasks::run(),
            // To wait in here would hold up the actor that spawns it.
            Role::Deaf | Role::Fragile => own.send_message(role)?,
        }
        Ok(())
    }

    async fn handle(&self, _: ActorRef<Role>, role: Role, (): &mut ()) -> Result<(), ActorProcessingErr> {
        match role {
            Role::Deaf => deaf().await,
            Role::Fragile => fragile().await,
            Role::Supervisor | Role::Idle => {}
        }
        Err("it was told to".into())
    }

    /// An actor that ends kills its children, unless it stops them first.
    async fn post_stop(&self, own: ActorRef<Role>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        own.stop_children_and_wait(None, None).await;
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        own: ActorRef<Role>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if matches!(event, SupervisionEvent::ActorFailed(..)) {
            below(&own, Role::Fragile).await;
        }
        Ok(())
    }
}

async fn below(parent: &ActorCell, role: Role) -> ActorRef<Role> {
    let (actor, _) = Node::spawn_linked(None, Node, role, parent.clone()).await.expect("it starts");
    actor
}

async fn row(parent: &ActorCell, n: usize, role: Role) {
    for _ in 0..n {
        below(parent, role).await;
    }
}

struct Tree(ActorRef<Role>);

impl Tree {
    async fn root() -> Self {
        let (root, _) = Node::spawn(None, Node, Role::Supervisor).await.expect("it starts");
        Self(root)
    }

    async fn end(self) {
        let _ = self.0.stop_and_wait(None, None).await;
    }
}

impl tasks::Tasks for Tree {
    type Plan = Shape;

    fn describe(shape: Shape) -> Option<Shape> {
        // Whatever is added is added one by one.
        (!matches!(shape, Shape::Dynamic(_))).then_some(shape)
    }

    async fn start(shape: Shape) -> Self {
        let tree = Self::root().await;
        match shape {
            Shape::Flat(n) | Shape::Dynamic(n) => row(&tree.0, n, Role::Idle).await,
            Shape::Deep(n) => {
                let mut parent = tree.0.clone();
                for _ in 1..n {
                    parent = below(&parent, Role::Supervisor).await;
                }
                below(&parent, Role::Idle).await;
            }
            Shape::Wide(n) => {
                for _ in 0..GROUPS {
                    let group = below(&tree.0, Role::Supervisor).await;
                    row(&group, n, Role::Idle).await;
                }
            }
        }
        tree
    }

    async fn stop(self) {
        self.end().await;
    }
}

impl Stuck for Tree {
    async fn start(n: usize) -> Self {
        let tree = Self::root().await;
        row(&tree.0, n, Role::Deaf).await;
        tree
    }

    async fn stop(self) {
        self.0.stop_children_and_wait(None, Some(GRACE)).await;
    }
}

impl Restarts for Tree {
    async fn start(n: usize, _: Restarted) -> Self {
        let tree = Self::root().await;
        row(&tree.0, n - 1, Role::Idle).await;
        below(&tree.0, Role::Fragile).await;
        tree
    }

    async fn stop(self) {
        self.0.kill();
    }
}
