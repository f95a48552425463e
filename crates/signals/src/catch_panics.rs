//! Foreign code whose panics end here.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs foreign code, whatever it does. An error is the message of its panic.
pub(crate) fn catch_panics<R>(foreign: impl FnOnce() -> R) -> Result<R, String> {
    let payload = match catch_unwind(AssertUnwindSafe(foreign)) {
        Ok(result) => return Ok(result),
        Err(payload) => payload,
    };
    let message = message(payload.as_ref());
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // A payload that panics when it is dropped has had its chance.
        std::mem::forget(another);
    }
    Err(message)
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("(a payload that is not a text)").to_owned()
}
