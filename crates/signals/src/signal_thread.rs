//! The thread on which the process's signals are heard and decided about.
//!
//! A thread and a runtime of their own. tokio keeps its I/O driver on one of a runtime's threads, and a task that never
//! yields may be on that one: then nothing that waits for a descriptor wakes any more, a second idle thread or not.

use std::io;
use std::thread;

use rootward_core::subscriber::WithoutRactor;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::Signal;
use crate::sys;

/// The thread. It ends when this is dropped, and takes with it whatever has been spawned on its runtime.
#[derive(Debug)]
pub(crate) struct SignalThread {
    runtime: Handle,
    _end: oneshot::Sender<()>,
}

impl SignalThread {
    /// Starts the thread, which lets these signals through: whatever started the program may have blocked them, and a
    /// signal that every thread blocks is never delivered.
    pub(crate) fn start(signals: &[Signal]) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let numbers: Vec<_> = signals.iter().map(|signal| signal.number()).collect();
        // A subscriber may block or panic when ractor makes or enters a span, and here it could take the stop away.
        let subscriber = WithoutRactor::of_the_default();
        thread::Builder::new().name("rootward-signals".to_owned()).spawn(move || {
            sys::let_through(&numbers);
            subscriber.enter_thread();
            runtime.block_on(async { drop(ended.await) });
            // The actor and its listener end with the runtime, and drop what they have of the tree.
            drop(runtime);
            WithoutRactor::leave_thread();
        })?;
        Ok(Self { runtime: handle, _end: end })
    }

    /// The runtime of the thread.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }
}
