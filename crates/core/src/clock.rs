//! The tree's clock.

use std::time::Instant;

/// The time on tokio's clock, so that virtual time reaches everything, in the form that policy takes.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
