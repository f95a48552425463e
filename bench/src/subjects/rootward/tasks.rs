//! Idle tasks, beside each other, in groups, in a chain, and added one by one.

use rootward_core::{ChildSpec, DynamicSupervisor, Restart, Supervisor, Tree, TreeBuilder};

use crate::metrics::tasks::{self, GROUPS, Shape};

pub struct Tasks(Tree);

/// A tree, and how many are added to it once it runs.
pub struct Plan {
    tree: TreeBuilder,
    added: usize,
}

impl tasks::Tasks for Tasks {
    type Plan = Plan;

    fn describe(shape: Shape) -> Option<Plan> {
        let root = match shape {
            Shape::Flat(n) => Supervisor::new("root").children(row(n)),
            Shape::Deep(n) => {
                let bottom = Supervisor::new("s").child(idle("leaf"));
                (1..n).fold(bottom, |below, _| Supervisor::new("s").child(below))
            }
            Shape::Wide(n) => {
                let group = |g| Supervisor::new(format!("g{g}")).children(row(n)).into_child();
                Supervisor::new("root").children((0..GROUPS).map(group))
            }
            Shape::Dynamic(_) => Supervisor::new("root").child(DynamicSupervisor::new("jobs")),
        };
        let added = if let Shape::Dynamic(n) = shape { n } else { 0 };
        Some(Plan { tree: root.into_tree().expect("the tree makes sense").deadline(None), added })
    }

    async fn start(Plan { tree, added }: Plan) -> Self {
        let tree = tree.start().await.expect("the tree starts");
        if let Some(jobs) = tree.supervisor("root/jobs") {
            for _ in 0..added {
                jobs.start_child(idle("job").restart(Restart::Temporary)).await.expect("a task starts");
            }
        }
        Self(tree)
    }

    async fn stop(self) {
        let report = self.0.stop().await;
        assert!(report.clean);
    }
}

fn row(n: usize) -> impl Iterator<Item = ChildSpec> {
    (0..n).map(|i| idle(format!("c{i}")))
}

pub fn idle(id: impl Into<String>) -> ChildSpec {
    ChildSpec::task(id, |cx| async move {
        tasks::run();
        cx.stopping().await
    })
}
