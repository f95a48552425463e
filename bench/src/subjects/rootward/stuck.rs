//! Tasks that do not want to stop, under a supervisor that stops them all at the same time.

use rootward_core::{ChildSpec, StopOrder, Supervisor, Tree};

use crate::metrics::stuck::{GRACE, Stuck, deaf};

pub struct Deaf(Tree);

impl Stuck for Deaf {
    async fn start(n: usize) -> Self {
        let child = |i| ChildSpec::task(format!("c{i}"), |_| deaf()).shutdown(GRACE);
        let root = Supervisor::new("root").stop_order(StopOrder::Concurrent).children((0..n).map(child));
        Self(root.start().await.expect("the tree starts"))
    }

    async fn stop(self) {
        let report = self.0.stop().await;
        assert!(report.unreapable().is_empty());
    }
}
