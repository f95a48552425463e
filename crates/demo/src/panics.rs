//! What becomes of panics: those of sample tasks are events of the tree, and one of the demo itself is
//! told in a line.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;

use crate::messages::error;

thread_local! {
    /// Where this thread panicked last.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// What sysexits.h calls `EX_SOFTWARE`: none of the statuses that say something about a tree.
const BUG: u8 = 70;

/// Does the demo's work without Rust's own words about panics.
pub(crate) fn guard(work: impl FnOnce() -> ExitCode) -> ExitCode {
    // The tree puts its own hook in front of this one and learns of its tasks' panics there.
    set_hook(Box::new(|info| PLACE.set(info.location().map(ToString::to_string))));
    // Nothing is looked at again after a panic but its message.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let place = PLACE.take().map_or_else(String::new, |place| format!(" ({place})"));
        error(format_args!("this is a bug in the demo: {}{place}", message(payload.as_ref())));
        ExitCode::from(BUG)
    })
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}
