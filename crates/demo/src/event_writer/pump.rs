//! Hands every event of the tree to all event writers.

use std::io;
use std::sync::mpsc;
use std::thread;

use rootward::event::Events;

use super::{EventWriter, Patience};

/// Reads the tree's events as fast as they come: only event writers may be slow.
pub(crate) struct Pump {
    ended: mpsc::Receiver<()>,
}

impl Pump {
    /// Starts the thread that reads.
    ///
    /// # Errors
    ///
    /// If the system has no thread left.
    pub(crate) fn start(mut events: Events, writers: Vec<EventWriter>) -> io::Result<Self> {
        // The thread's end drops the sender, which is all there is to say.
        let (sender, ended) = mpsc::channel::<()>();
        thread::Builder::new().name("events".to_owned()).spawn(move || {
            let _ended = sender;
            loop {
                match events.blocking_next() {
                    Ok(Some(event)) => writers.iter().for_each(|writer| writer.event(&event)),
                    Ok(None) => break,
                    // The gap in the numbers says what there is to say.
                    Err(_lagged) => {}
                }
            }
        })?;
        Ok(Self { ended })
    }

    /// Waits until the root's last event has been handed on. It is there already; handing it on is a
    /// matter of scheduling, unless the program leaves before the root has stopped.
    pub(crate) fn finish(&self, patience: Patience) {
        // Both outcomes mean the same: there is nothing more to wait for.
        let _ = self.ended.recv_timeout(patience.still);
    }
}
