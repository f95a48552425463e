//! What there is to judge once a tree has been operated on: above all its record.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rootward::sibling::Sighting;
use rootward::snapshot::ChildOutlook;
use rootward::{Event, EventKind, StopReport, TreeSnapshot};

use crate::clock::Timing;
use crate::describe::{Member, Plan};
use crate::registry::Refusal;
use crate::signal_input::SentSignals;

/// What there is to judge.
pub(crate) struct Story {
    pub(crate) plan: Plan,
    pub(crate) timing: Timing,
    /// The children that were added, by the numbers in their ids.
    pub(crate) added: Vec<Member>,
    /// The supervisors of which a caller wanted something while they ran.
    pub(crate) called: BTreeSet<String>,
    /// The starts that were refused, and when the caller knew it.
    pub(crate) refusals: Vec<(Duration, Refusal)>,
    /// The whole record.
    pub(crate) events: Vec<Arc<Event>>,
    /// The signals that were sent, if the tree heard any.
    pub(crate) signals: Option<SentSignals>,
    /// What the stop returned, unless the last handle had been dropped.
    pub(crate) report: Option<Arc<StopReport>>,
    /// What the tree looked like at moments in which nothing happened.
    pub(crate) looks: Vec<(Duration, TreeSnapshot)>,
    /// What was seen of it at other moments, each part with the number of the event as of which it was seen.
    pub(crate) sightings: Vec<Vec<Sighting>>,
    /// What supervisors said at the same moments that they were going to do.
    pub(crate) outlooks: Vec<ChildOutlook>,
    /// When the report was asked for, whatever was still there.
    pub(crate) given_up: Option<Duration>,
    /// What was done, as it was meant.
    pub(crate) deeds: Vec<String>,
    /// When something was asked of the tree.
    pub(crate) calls: Vec<Duration>,
}

impl Story {
    /// What was described of the child at this path, if anything was.
    pub(crate) fn member(&self, path: &str) -> Option<&Member> {
        self.plan.find(&self.added, path)
    }
}

/// The record, one short line an event, and before it what was done.
impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.plan)?;
        for deed in &self.deeds {
            writeln!(f, "{deed}")?;
        }
        if let Some(signals) = &self.signals {
            writeln!(f, "{signals:?}")?;
        }
        for event in &self.events {
            write!(f, "{:5} {:>6} ms  ", event.seq, event.at.as_millis())?;
            write!(f, "{}#{} {}", event.path, event.incarnation, event.what.name())?;
            match &event.what {
                EventKind::Stopping { cause, .. } => write!(f, " ({cause})")?,
                EventKind::Restarting { attempt, delay } => write!(f, " ({attempt}, {delay:?})")?,
                EventKind::Exited { status: Some(status), .. } => write!(f, " ({status})")?,
                EventKind::StartFailed { error, .. } => write!(f, " ({error})")?,
                EventKind::Signal { signal, action } => write!(f, " ({signal}: {action:?})")?,
                EventKind::Stopped { outcome, .. } => write!(f, " ({outcome})")?,
                _ => {}
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
