//! Foreign code whose panics end here.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs foreign code, whatever it does. `false` says that it panicked.
pub(crate) fn catch_panics(foreign: impl FnOnce()) -> bool {
    let Err(payload) = catch_unwind(AssertUnwindSafe(foreign)) else { return true };
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // A payload that panics when it is dropped has had its chance.
        std::mem::forget(another);
    }
    false
}
