//! Descriptions become child specs.

use std::sync::atomic::{AtomicUsize, Ordering};

use rootward::child_kind::{Launch, StartChild, StartContext};
use rootward::error::StartError;
use rootward::snapshot::ChildKind;
use rootward::{ChildSpec, DynamicSupervisor, Supervisor};

use crate::behave::{error, live, panics};
use crate::custom_child;
use crate::describe::{Body, Form, Group, Launched, Leaf, Member};
use crate::registry::Registry;

impl Member {
    /// The spec of a child that is described like this.
    pub(crate) fn spec(&self, id: &str, registry: &Registry) -> ChildSpec {
        let mut spec = match &self.body {
            Body::Leaf(leaf) => ChildSpec::new(id, StartLeaf::new(leaf, registry)),
            Body::Group(group) => group.spec(id, registry),
        };
        spec = spec.restart(self.restart).shutdown(self.shutdown).significant(self.significant);
        if let Some(backoff) = self.backoff {
            spec = spec.backoff(backoff);
        }
        if let Some(intensity) = self.intensity {
            spec = spec.intensity(intensity.max_restarts, intensity.within);
        }
        if let Some(timeout) = self.start_timeout {
            spec = spec.start_timeout(timeout);
        }
        spec
    }
}

impl Group {
    fn spec(&self, id: &str, registry: &Registry) -> ChildSpec {
        match &self.form {
            Form::Static { .. } => self.supervisor(id, registry).into_child(),
            Form::Dynamic { max_children } => DynamicSupervisor::new(id)
                .max_children(*max_children)
                .intensity(self.intensity.max_restarts, self.intensity.within)
                .auto_shutdown(self.auto_shutdown)
                .into_child(),
        }
    }

    /// The supervisor that is described like this, as a static one.
    pub(crate) fn supervisor(&self, id: &str, registry: &Registry) -> Supervisor {
        let children = self.children().iter().enumerate();
        Supervisor::new(id)
            .strategy(self.strategy())
            .stop_order(self.stop_order())
            .intensity(self.intensity.max_restarts, self.intensity.within)
            .auto_shutdown(self.auto_shutdown)
            .children(children.map(|(place, child)| child.spec(&child.id(place), registry)))
    }
}

/// Starts incarnations of a leaf as its openings say.
struct StartLeaf {
    leaf: Leaf,
    registry: Registry,
    task: ChildSpec,
    starts: AtomicUsize,
}

impl StartLeaf {
    fn new(leaf: &Leaf, registry: &Registry) -> Self {
        let (shared, place) = (leaf.clone(), registry.clone());
        let task = ChildSpec::task("task", move |cx| {
            let (leaf, registry) = (shared.clone(), place.clone());
            async move { live(leaf, cx.path().to_string(), registry, cx.stopping()).await }
        });
        Self { leaf: leaf.clone(), registry: registry.clone(), task, starts: AtomicUsize::new(0) }
    }
}

impl StartChild for StartLeaf {
    fn kind(&self) -> ChildKind {
        self.leaf.kind()
    }

    fn start(&self, cx: StartContext) -> Launch {
        let opening = self.leaf.opening(self.starts.fetch_add(1, Ordering::Relaxed));
        match (opening.outcome, opening.after, self.leaf.kind()) {
            (Launched::Runs, None, ChildKind::Task) => self.task.start(cx),
            (Launched::Runs, _, _) | (_, Some(_), _) => {
                custom_child::start(&self.leaf, opening, cx, &self.registry)
            }
            (Launched::Fails, None, _) => Launch::Failed(StartError::new(error())),
            (Launched::Ignores, None, _) => Launch::Ignored,
            (Launched::Panics, None, _) => panics(),
        }
    }
}
