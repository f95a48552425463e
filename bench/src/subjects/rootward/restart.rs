//! A task that fails among others.

use std::time::Duration;

use rootward_core::{ChildSpec, Exit, Strategy, Supervisor, Tree};

use super::tasks::idle;
use crate::metrics::restart::{Restarted, Restarts, fragile};

pub struct Fragile(Tree);

impl Restarts for Fragile {
    async fn start(n: usize, restarted: Restarted) -> Self {
        let strategy = match restarted {
            Restarted::One => Strategy::OneForOne,
            Restarted::All => Strategy::OneForAll,
        };
        let root = Supervisor::new("root")
            .strategy(strategy)
            .intensity(u32::MAX, Duration::from_secs(1))
            .children((1..n).map(|i| idle(format!("c{i}"))))
            .child(ChildSpec::task("fragile", |cx| async move {
                tokio::select! {
                    () = fragile() => Exit::Failed { error: "it was told to".into() },
                    () = cx.stopping() => Exit::Normal,
                }
            }));
        Self(root.start().await.expect("the tree starts"))
    }

    async fn stop(self) {
        let report = self.0.stop().await;
        assert!(report.clean);
    }
}
