//! One line of a tree's record.

use std::time::{Duration, SystemTime};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::EventKind;
use crate::child::{ChildKind, ChildPath};

/// Something that happened in a tree: one line of its record.
///
/// It serialises as one line of `rootward-demo --events`, which adds the version of the format.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// Counts the tree's events: 1, 2, 3 and so on, without gaps.
    pub seq: u64,
    /// How long after the root began, on the monotonic clock.
    pub at: Duration,
    /// When, on the wall clock.
    pub time: SystemTime,
    /// The child it happened to.
    pub path: ChildPath,
    /// Which start of that child, from 1.
    pub incarnation: u32,
    /// What that child is. As JSON this is `kind`.
    pub child_kind: ChildKind,
    /// What happened. As JSON its [name](EventKind::name) is `event`, and its fields stand beside.
    pub what: EventKind,
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("at", &seconds(self.at))?;
        map.serialize_entry("time", &humantime::format_rfc3339_micros(self.time).to_string())?;
        map.serialize_entry("event", self.what.name())?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("incarnation", &self.incarnation)?;
        map.serialize_entry("kind", &self.child_kind)?;
        self.what.serialize_fields(&mut map)?;
        map.end()
    }
}

/// Seconds with microseconds, which is as fine as the wall clock beside it.
#[expect(
    clippy::cast_precision_loss,
    reason = "a tree would have to run for 285 years to lose a microsecond"
)]
fn seconds(at: Duration) -> f64 {
    at.as_micros() as f64 / 1e6
}

/// A position in a tree's record.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordPosition {
    /// The number of the newest event at that position: 0 before the first.
    pub as_of: u64,
    /// How long after the root began.
    pub at: Duration,
}
