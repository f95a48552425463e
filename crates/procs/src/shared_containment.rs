//! The containment that is in force where the program has not said another one: all programs without a tree and all
//! trees that were told nothing share it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::Containment;

/// Kept by the programs and trees that use it, so that its warden ends with the last of them.
static SHARED: Mutex<Weak<Containment>> = Mutex::new(Weak::new());

/// The strongest containment that a program can have which runs already. A warden that has died is replaced.
///
/// An error is what the system lacks at the moment. Nothing is kept of it: the next caller looks again.
pub(crate) fn shared_containment() -> io::Result<Arc<Containment>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(containment) = shared.upgrade().filter(|it| it.is_alive()) {
        return Ok(containment);
    }
    let containment = Arc::new(Containment::of_running_program()?);
    *shared = Arc::downgrade(&containment);
    Ok(containment)
}
