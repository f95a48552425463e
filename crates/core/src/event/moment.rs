//! A moment of the record.

use std::time::Duration;

/// A moment of a tree's record.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The number of the newest event at that moment: 0 before the first.
    pub as_of: u64,
    /// How long after the root began.
    pub at: Duration,
}
