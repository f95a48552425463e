//! A child that does nothing but know the runtime of the supervisors, which no other part of the program sees.

use std::sync::{Arc, OnceLock};

use rootward::child_kind::{Launch, Reporter, RunningChild, StartChild, StartContext, StopRequest};
use rootward::snapshot::ChildKind;
use rootward::{ChildSpec, Exit};
use tokio::runtime::Handle;

/// The runtime on which supervisors run, once one of them has started something.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Arc<OnceLock<Handle>>);

impl Meter {
    /// How many tasks there are on that runtime.
    pub(super) fn tasks(&self) -> usize {
        self.0.get().map_or(0, |runtime| runtime.metrics().num_alive_tasks())
    }

    pub(super) fn child(&self) -> ChildSpec {
        ChildSpec::new("meter", self.clone())
    }
}

impl StartChild for Meter {
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        self.0.get_or_init(Handle::current);
        Launch::running(Running(Some(cx.reporter)))
    }
}

struct Running(Option<Reporter>);

impl RunningChild for Running {
    fn stop(&mut self, _: StopRequest) {
        self.force();
    }

    fn force(&mut self) {
        if let Some(reporter) = self.0.take() {
            reporter.ended(Exit::Normal);
        }
    }

    fn force_name(&self) -> &'static str {
        "end"
    }
}
