//! What is said of panics, on threads that have to go on.
//!
//! The panic hook is the program's or the standard library's. It writes, as a rule to standard error, and may block
//! there for ever.

use std::cell::Cell;
use std::sync::Once;

use tokio::runtime::{Handle, RuntimeFlavor};

thread_local! {
    static IS_CONTROL: Cell<bool> = const { Cell::new(false) };
}

/// Notes that this is a thread of the control runtime.
pub(super) fn note_control_thread() {
    IS_CONTROL.set(true);
}

/// Has the panic hook, whichever it is, run where it holds up the supervisor whose child has panicked and no other:
/// another thread does what else there is to do on the control runtime meanwhile. Calling it again does nothing.
pub(super) fn let_hooks_block() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| match is_worker() {
            true => tokio::task::block_in_place(|| previous(info)),
            false => previous(info),
        }));
    });
}

/// Whether other tasks wait for this thread. A panic in a hook would end the program, and so this asks whether the
/// thread may be left.
fn is_worker() -> bool {
    let is_multi = |runtime: Handle| runtime.runtime_flavor() == RuntimeFlavor::MultiThread;
    IS_CONTROL.get() && tokio::task::try_id().is_some() && Handle::try_current().is_ok_and(is_multi)
}
