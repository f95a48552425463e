//! How a program hears its signals.

use nix::sys::signal::{SigSet, Signal};

use crate::limit_life;

/// Signals that are waited for instead of acted upon.
#[derive(Clone, Copy, Debug)]
pub struct Signals(SigSet);

impl Signals {
    /// From now on these signals do nothing until they are waited for.
    ///
    /// To be called before there is any other thread. Programs that are started after this inherit it.
    ///
    /// # Panics
    ///
    /// If the system refuses, which it has no reason to.
    pub fn take(signals: &[Signal]) -> Self {
        limit_life();
        let set: SigSet = signals.iter().copied().collect();
        set.thread_block().expect("a thread may block signals");
        Self(set)
    }

    /// Waits for the next of them.
    ///
    /// # Panics
    ///
    /// If the system refuses, which it has no reason to.
    pub fn wait(&self) -> Signal {
        self.0.wait().expect("these signals can be waited for")
    }
}
