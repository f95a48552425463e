//! Counters, gauges and durations of a tree, for the recorder that the program has installed (feature `metrics`).
//!
//! The facade is the crate [`metrics`]: which exporter takes the numbers is the program's choice. Without a recorder
//! nothing is counted.
//!
//! ```no_run
//! # async fn run(tree: &rootward::Tree) {
//! use rootward_observer::meter::Meter;
//!
//! if let Some(meter) = Meter::of(tree) {
//!     tokio::spawn(meter.run());
//! }
//! # }
//! ```
//!
//! | name | kind | labels | what it says |
//! | --- | --- | --- | --- |
//! | `rootward_starts_total` | counter | `supervisor`, `kind` | starts that have begun, restarts among them |
//! | `rootward_start_failures_total` | counter | `supervisor`, `kind` | starts that have failed |
//! | `rootward_start_retries_total` | counter | `supervisor`, `kind` | attempts that failed for a reason that may pass |
//! | `rootward_start_duration_seconds` | histogram | `supervisor`, `kind` | from the begin of a start until it runs and is ready |
//! | `rootward_exits_total` | counter | `supervisor`, `kind`, `class` | ends that were not asked for |
//! | `rootward_restarts_total` | counter | `supervisor`, `kind` | restarts that were decided on |
//! | `rootward_gave_up_total` | counter | `supervisor` | a supervisor that has used up its restart intensity |
//! | `rootward_stops_total` | counter | `supervisor`, `kind`, `outcome` | stops that are over |
//! | `rootward_stop_duration_seconds` | histogram | `supervisor`, `kind` | from the request to the acknowledgement |
//! | `rootward_escalations_total` | counter | `supervisor`, `kind`, `to` | children whose grace ended, or that were forced |
//! | `rootward_stalls_total` | counter | `supervisor`, `kind` | tasks and actors that have not yielded |
//! | `rootward_unhealthy_total` | counter | `supervisor`, `kind` | health checks that have failed |
//! | `rootward_lost_events_total` | counter | | events that came too fast to be counted |
//! | `rootward_children` | gauge | `supervisor`, `kind`, `state` | children that start, run, stop or wait for a restart |
//!
//! `supervisor` is the path of the child's supervisor, of a root its own. No label has the path of a child: a dynamic
//! supervisor may have a million of them. `class` is `normal`, `code`, `signal`, `error`, `panic`, `aborted` or
//! `unknown`, and for a supervisor `supervisor`; `outcome` and `state` are those of the [wire](crate::wire).

mod counts;
#[cfg(test)]
mod tests;

use rootward_core::sibling::{self, TreeWatch};
use rootward_core::{Events, TreeRef};

use self::counts::Counts;
use crate::model::Seen;
use crate::wire::Event;

/// Counts what happens in one tree.
#[derive(Debug)]
#[must_use = "nothing is counted until it runs"]
pub struct Meter {
    tree: TreeWatch,
    events: Events,
    counts: Counts,
}

impl Meter {
    /// Listens to a tree from now on: a `&Tree`, or a `TreeRef`. What starts, runs or stops already is in the gauges,
    /// and not in the counters. `None` if the tree is gone.
    pub fn of(tree: impl Into<TreeRef>) -> Option<Self> {
        let tree = sibling::watch(&tree.into())?;
        // First, so that no event is missing after the look.
        let events = tree.events();
        let mut meter = Self { tree, events, counts: Counts::default() };
        meter.look();
        Some(meter)
    }

    /// Counts until the tree is gone. All gauges are zero then. Events wait for this in the tree's record: one that is
    /// not polled for long loses some, counts how many, and looks at the tree again.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped leaves the gauges as they are. Other numbers stay right.
    pub async fn run(mut self) {
        loop {
            match self.events.next().await {
                Ok(Some(event)) if matches!(event.what, rootward_core::EventKind::Output { .. }) => {}
                Ok(Some(event)) => self.counts.apply(&Event::from(&*event)),
                Ok(None) => break,
                Err(lagged) => {
                    self.counts.lose(lagged.missed);
                    self.look();
                }
            }
        }
        self.counts.clear();
    }

    fn look(&mut self) {
        self.counts.see(self.tree.sighting().iter().map(Seen::from));
    }
}
