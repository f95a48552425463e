//! A position in the record.

use std::time::Duration;

/// A position in a tree's record.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordPosition {
    /// The number of the newest event at that position: 0 before the first.
    pub as_of: u64,
    /// How long after the root began.
    pub at: Duration,
}
