//! What is known of a child beyond what it is doing, in the form in which it is sent.

use std::collections::HashMap;
use std::time::Duration;

use rootward_core::{HealthFindings, ProcessDetails, ReadinessWait, TakenStep, TreeSnapshot, Usage};

use super::seconds;
use crate::wire;

impl wire::Snapshot {
    /// Adds what a look has found that each process uses, of the incarnations that are there.
    pub(crate) fn add_usage(&mut self, seen: &TreeSnapshot) {
        let nodes = seen.root.walk().into_iter();
        let used =
            nodes.filter_map(|node| Some((node.path.as_str(), (node.incarnation, node.usage.as_deref()?))));
        let used: HashMap<&str, (u32, &Usage)> = used.collect();
        for child in self.children.iter_mut().filter(|child| child.state.is_live()) {
            let of_child =
                used.get(&*child.path).filter(|(incarnation, _)| *incarnation == child.incarnation);
            child.usage = of_child.map(|(_, usage)| Box::new((*usage).into()));
        }
    }
}

impl wire::Child {
    /// Adds what a look tells of the incarnation that is there.
    pub(crate) fn add_details(&mut self, details: Option<&ProcessDetails>, at: Duration) {
        if self.state.is_live() && details.is_some() {
            let (incarnation, state) = (self.incarnation, self.state);
            self.take_details(&Self { incarnation, state, ..Self::with_details(details, at) });
        }
    }

    /// A child of which nothing is known but these, as of a moment after the root began.
    pub(super) fn with_details(details: Option<&ProcessDetails>, at: Duration) -> Self {
        let details = details.cloned().unwrap_or_default();
        let later = |left: Option<Duration>| left.map(|left| seconds(at.saturating_add(left)));
        let readiness = details.readiness.map(|ReadinessWait { awaits, left, last_miss, .. }| {
            Box::new(wire::Readiness { awaits, until: later(left), last_miss })
        });
        let health = details.health.map(|HealthFindings { checks, failures, threshold, error, .. }| {
            let (checks, threshold) = (Some(checks), Some(threshold));
            Box::new(wire::HealthFindings { checks, failures, threshold, error })
        });
        let stop_step = details
            .stop_step
            .map(|TakenStep { with, next_in, .. }| Box::new(wire::StopStep { with, next: later(next_in) }));
        Self {
            path: String::new(),
            kind: wire::Kind::Unknown,
            state: wire::State::Unknown,
            incarnation: 0,
            pid: None,
            restarts: 0,
            since: None,
            forced: false,
            stop: None,
            draining: None,
            restart: None,
            last_end: None,
            readiness,
            health,
            said: details.said,
            reloading: details.reloading,
            stop_step,
            usage: None,
        }
    }
}
