//! Panics as values: what a caller of code that may panic goes on with.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rootward_core::Panic;

/// Calls a function. A panic in it is a value.
pub(super) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Panic> {
    // What the function left half done is never looked at again.
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| {
        let panic = Panic::new(message(payload.as_ref()));
        // A payload may panic when it is dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        panic
    })
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(a payload that is not a text)")
}
