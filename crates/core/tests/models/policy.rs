//! What the guardian's queue knows of the drain.

use crate::child::StopCause;

pub(crate) fn is_put_off(cause: StopCause) -> bool {
    cause == StopCause::Api
}
