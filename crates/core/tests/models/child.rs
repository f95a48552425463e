//! What the guardian's queue knows of causes.

/// Why a stop is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopCause {
    Api,
}
