//! Why a tree is not there.

use std::sync::Arc;

use crate::child::{SpecError, StartError};
use crate::report::StopReport;

/// Says why a tree is not there.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreeStartError {
    /// The description of the tree makes no sense. Nothing was started.
    #[error("the tree's description makes no sense: {0}")]
    Spec(#[from] SpecError),
    /// A child could not be started, or the tree was stopped before it had started. Everything is gone again, or the
    /// report says what is not.
    #[error("the tree could not be started")]
    Start {
        /// What failed.
        #[source]
        error: StartError,
        /// How the part that had been started came down.
        report: Arc<StopReport>,
    },
}
