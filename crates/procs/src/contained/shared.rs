//! The containment that all programs without a tree share.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::Containment;

/// Kept by the programs that use it, so that its warden ends with the last of them.
static SHARED: Mutex<Weak<Containment>> = Mutex::new(Weak::new());

/// The strongest containment that a program can have which runs already. A warden that has died is replaced.
pub(super) fn shared_containment() -> Arc<Containment> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(containment) = shared.upgrade().filter(|it| it.is_alive()) {
        return containment;
    }
    let containment = Arc::new(Containment::of_running_program());
    *shared = Arc::downgrade(&containment);
    containment
}
