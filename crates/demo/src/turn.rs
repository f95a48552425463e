//! The turn to write: one for every place, however many descriptors lead to it.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, PoisonError};

/// Held by what writes until its line is complete.
pub(crate) type Turn = Arc<Mutex<()>>;

/// The turn of the place that this is said of.
pub(crate) fn turn_of(metadata: &Metadata) -> Turn {
    static TURNS: Mutex<BTreeMap<(u64, u64), Turn>> = Mutex::new(BTreeMap::new());
    let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(turns.entry(identity(metadata)).or_default())
}

/// What tells one place from another.
pub(crate) fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
