//! kameo: actors that supervise actors.

use std::time::Duration;

use kameo::actor::{Actor, ActorRef, Spawn};
use kameo::error::Infallible;
use kameo::message::{Context, Message};
use kameo::supervision::{RestartPolicy, SupervisionStrategy};

use super::{Absent, Answer, Live, of_tasks, run};
use crate::metrics::restart::{Restarted, Restarts, fragile};
use crate::metrics::stuck::{Stuck, deaf};
use crate::metrics::tasks::{self, GROUPS, Shape};
use crate::metrics::{Metric, restart, stuck};

pub fn measure(metric: Metric, n: usize, live: Live) -> Answer {
    match metric {
        Metric::Flat | Metric::Heap | Metric::Deep | Metric::Wide | Metric::IdleTasks => {
            of_tasks::<Tree<false>>(metric, n, live)
        }
        Metric::Stuck => Ok(run(stuck::measure::<Tree<false>>(n))),
        Metric::Restart => Ok(run(restart::measure::<Tree<false>>(n, Restarted::One))),
        Metric::GroupRestart => Ok(run(restart::measure::<Tree<true>>(n, Restarted::All))),
        _ => Err(Absent::DoesNotApply),
    }
}

/// An actor, which restarts all its children together or each on its own.
struct Node<const GROUP: bool>;

struct Tree<const GROUP: bool>(ActorRef<Node<GROUP>>);

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Supervisor,
    Idle,
    Deaf,
    Fragile,
}

/// Says what to wait for, in a handler.
struct Wait(Role);

impl<const GROUP: bool> Actor for Node<GROUP> {
    type Args = Role;
    type Error = Infallible;

    fn supervision_strategy() -> SupervisionStrategy {
        if GROUP { SupervisionStrategy::OneForAll } else { SupervisionStrategy::OneForOne }
    }

    async fn on_start(role: Role, own: ActorRef<Self>) -> Result<Self, Infallible> {
        match role {
            Role::Supervisor => {}
            Role::Idle => tasks::run(),
            Role::Deaf | Role::Fragile => {
                let _ = own.tell(Wait(role)).try_send();
            }
        }
        Ok(Self)
    }
}

impl<const GROUP: bool> Message<Wait> for Node<GROUP> {
    type Reply = Result<(), &'static str>;

    async fn handle(&mut self, Wait(role): Wait, _: &mut Context<Self, Self::Reply>) -> Self::Reply {
        match role {
            Role::Deaf => deaf().await,
            Role::Fragile => fragile().await,
            Role::Supervisor | Role::Idle => {}
        }
        Err("it was told to")
    }
}

impl<const GROUP: bool> Node<GROUP> {
    async fn below(parent: &ActorRef<Self>, role: Role) -> ActorRef<Self> {
        Self::supervise(parent, role)
            .restart_policy(RestartPolicy::Transient)
            .restart_limit(u32::MAX, Duration::from_secs(1))
            .spawn()
            .await
    }

    async fn row(parent: &ActorRef<Self>, n: usize, role: Role) {
        for _ in 0..n {
            Self::below(parent, role).await;
        }
    }
}

impl<const GROUP: bool> Tree<GROUP> {
    async fn end(self) {
        let _ = self.0.stop_gracefully().await;
        self.0.wait_for_shutdown().await;
    }
}

impl<const GROUP: bool> tasks::Tasks for Tree<GROUP> {
    type Plan = Shape;

    fn describe(shape: Shape) -> Option<Shape> {
        // Whatever is added is added one by one.
        (!matches!(shape, Shape::Dynamic(_))).then_some(shape)
    }

    async fn start(shape: Shape) -> Self {
        let root = Node::spawn(Role::Supervisor);
        match shape {
            Shape::Flat(n) | Shape::Dynamic(n) => Node::row(&root, n, Role::Idle).await,
            Shape::Deep(n) => {
                let mut parent = root.clone();
                for _ in 1..n {
                    parent = Node::below(&parent, Role::Supervisor).await;
                }
                Node::below(&parent, Role::Idle).await;
            }
            Shape::Wide(n) => {
                for _ in 0..GROUPS {
                    let group = Node::below(&root, Role::Supervisor).await;
                    Node::row(&group, n, Role::Idle).await;
                }
            }
        }
        Self(root)
    }

    async fn stop(self) {
        self.end().await;
    }
}

impl<const GROUP: bool> Stuck for Tree<GROUP> {
    async fn start(n: usize) -> Self {
        let root = Node::spawn(Role::Supervisor);
        Node::row(&root, n, Role::Deaf).await;
        Self(root)
    }

    /// There is no grace that could be over.
    async fn stop(self) {
        self.end().await;
    }
}

impl<const GROUP: bool> Restarts for Tree<GROUP> {
    async fn start(n: usize, _: Restarted) -> Self {
        let root = Node::spawn(Role::Supervisor);
        Node::row(&root, n - 1, Role::Idle).await;
        Node::below(&root, Role::Fragile).await;
        Self(root)
    }

    async fn stop(self) {
        self.end().await;
    }
}
