//! Signals that process 1 has noted before anything heard them, which is a matter of another crate: it says here what
//! it does, before `main`.
//!
//! Where nothing notes signals, all of this does nothing.

use std::sync::OnceLock;

/// What notes signals in process 1 from before `main` on.
#[derive(Clone, Copy, Debug)]
pub struct EarlySignals {
    /// The handler that notes them, which has no effect that the default one would not have there.
    pub handler: usize,
    /// The numbers of those that have arrived. They are forgotten.
    pub take: fn() -> Vec<i32>,
    /// Gives back each signal that still has the handler. One that has arrived and has another handler is sent again.
    pub give_back: fn(),
}

static NOTES: OnceLock<EarlySignals> = OnceLock::new();

/// Says what notes signals in this process. It is said once.
pub fn note_early_signals(notes: EarlySignals) {
    let _ = NOTES.set(notes);
}

/// What notes signals in this process, if anything does.
pub fn early_signals() -> Option<EarlySignals> {
    NOTES.get().copied()
}

/// A tree is launched. What hears its signals has begun to by now, or will never need those that come early.
pub(crate) fn give_back() {
    if let Some(notes) = NOTES.get() {
        (notes.give_back)();
    }
}
