//! tokio-graceful-shutdown: subsystems in a tree with one shutdown.
//!
//! It restarts nothing by itself; the loop that does is the one that its examples show.

use tokio_graceful_shutdown::{ErrorAction, IntoSubsystem, SubsystemBuilder, SubsystemHandle, Toplevel};
use tokio_util::sync::CancellationToken;

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

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Longer than anything takes.
const NEVER: std::time::Duration = std::time::Duration::from_secs(300);

struct Tree {
    shutdown: CancellationToken,
    top: Toplevel,
}

impl Tree {
    fn of(node: Node) -> Self {
        let shutdown = CancellationToken::new();
        let top = Toplevel::new_with_shutdown_token(
            async move |handle: &mut SubsystemHandle| {
                // It cannot fail.
                let _ = node.run(handle).await;
            },
            shutdown.clone(),
        );
        Self { shutdown, top }
    }

    async fn end(self, within: std::time::Duration) -> bool {
        self.shutdown.cancel();
        self.top.handle_shutdown_requests(within).await.is_ok()
    }
}

impl tasks::Tasks for Tree {
    type Plan = Node;

    fn describe(shape: Shape) -> Option<Node> {
        match shape {
            Shape::Flat(n) => Some(Node::Row(n)),
            Shape::Deep(n) => Some(Node::Chain(n)),
            Shape::Wide(n) => Some(Node::Groups(n)),
            Shape::Dynamic(_) => None,
        }
    }

    async fn start(plan: Node) -> Self {
        Self::of(plan)
    }

    async fn stop(self) {
        assert!(self.end(NEVER).await);
    }
}

impl Stuck for Tree {
    async fn start(n: usize) -> Self {
        Self::of(Node::DeafRow(n))
    }

    async fn stop(self) {
        // It says that it took too long, and that is what is asked for.
        let _ = self.end(GRACE).await;
    }
}

impl Restarts for Tree {
    async fn start(n: usize, _: Restarted) -> Self {
        Self::of(Node::Fragile(n))
    }

    async fn stop(self) {
        self.end(NEVER).await;
    }
}

/// A subsystem and what is below it.
#[derive(Clone, Copy)]
enum Node {
    Idle,
    Deaf,
    Row(usize),
    DeafRow(usize),
    Chain(usize),
    Groups(usize),
    Fragile(usize),
    Again,
    Once,
}

impl IntoSubsystem<Error> for Node {
    async fn run(self, handle: &mut SubsystemHandle) -> Result<(), Error> {
        match self {
            Self::Idle | Self::Chain(0) => tasks::run(),
            Self::Deaf => deaf().await,
            Self::Row(n) => below(handle, n, Self::Idle),
            Self::DeafRow(n) => below(handle, n, Self::Deaf),
            Self::Groups(n) => below(handle, GROUPS, Self::Row(n)),
            Self::Chain(n) => below(handle, 1, Self::Chain(n - 1)),
            Self::Fragile(n) => {
                below(handle, n - 1, Self::Idle);
                below(handle, 1, Self::Again);
            }
            Self::Again => return again_and_again(handle).await,
            Self::Once => {
                fragile().await;
                return Err("it was told to".into());
            }
        }
        handle.on_shutdown_requested().await;
        Ok(())
    }
}

/// Starts so many of them, without a name for each: it is optional.
fn below(handle: &SubsystemHandle, n: usize, node: Node) {
    for i in 0..n {
        handle.start(SubsystemBuilder::new(format!("c{i}"), node.into_subsystem()));
    }
}

async fn again_and_again(handle: &mut SubsystemHandle) -> Result<(), Error> {
    while !handle.is_shutdown_requested() {
        let once = SubsystemBuilder::new("fragile", Node::Once.into_subsystem());
        let once = handle.start(once.on_failure(ErrorAction::CatchAndLocalShutdown));
        tokio::select! {
            _ = once.join() => {}
            () = handle.on_shutdown_requested() => once.abort(),
        }
    }
    Ok(())
}
