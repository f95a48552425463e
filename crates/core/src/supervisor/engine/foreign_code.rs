//! What the engine does before it calls or drops something that is not the library's, and that may block its thread.
//!
//! tokio keeps the task that a thread has woken last for that thread, and no other thread takes it. Where code that
//! is not the library's blocks the thread, that task is held up as well: a parent that has just been told something,
//! a sibling that has just been asked, a caller that has just been answered.

use tokio::runtime::{Handle, RuntimeFlavor};

use super::Engine;
use crate::policy::ChildKey;
use crate::sync::is_seeded;

/// Whether a supervisor has woken another task since code that is not the library's was last about to be called.
#[derive(Default)]
pub(super) struct LifoSlot(bool);

impl LifoSlot {
    pub(super) fn note(&mut self) {
        self.0 = true;
    }

    /// Code that is not the library's is about to be called: the task that was woken goes where every thread finds it.
    pub(super) fn give_up_turn(&mut self, runtime: &Handle) {
        let was_noted = std::mem::take(&mut self.0);
        if was_noted && runtime.runtime_flavor() == RuntimeFlavor::MultiThread && !is_seeded() {
            // It takes the place of the one that was woken last.
            runtime.spawn(async {});
        }
    }
}

impl Engine {
    /// Something of a user's is called or dropped next, and may block this thread.
    pub(super) fn before_foreign_code(&mut self) {
        self.lifo_slot.give_up_turn(self.shared.tree.control());
    }

    /// The same, if it is this child that is called or dropped.
    pub(super) fn before_calling(&mut self, key: ChildKey) {
        if self.foreign.contains(&key) {
            self.before_foreign_code();
        }
    }
}
