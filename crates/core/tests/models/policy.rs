//! What the guardian's queue knows of the drain, and the clock of awake time of its looks.

use std::time::Duration;

use crate::child::StopCause;

pub(crate) const UNSEEN: Duration = Duration::from_millis(500);

pub(crate) fn is_put_off(cause: StopCause) -> bool {
    cause == StopCause::Api
}
