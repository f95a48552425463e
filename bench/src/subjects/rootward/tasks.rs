//! Idle tasks, beside each other, in groups and in a chain.

use rootward_core::{ChildSpec, Supervisor, Tree, TreeBuilder};

use crate::metrics::tasks::{self, GROUPS, Shape};

pub struct Tasks(Tree);

impl tasks::Tasks for Tasks {
    type Plan = TreeBuilder;

    fn describe(shape: Shape) -> Option<TreeBuilder> {
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
        };
        Some(root.tree().expect("the tree makes sense").deadline(None))
    }

    async fn start(plan: TreeBuilder) -> Self {
        Self(plan.start().await.expect("the tree starts"))
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
