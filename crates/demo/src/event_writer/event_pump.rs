//! Hands every event of the tree to all event writers.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rootward::event::Events;

use super::{EventWriter, ReaderTimeout};

/// Reads the tree's events as fast as they come, or as fast as files can be written.
pub(crate) struct EventPump {
    ended: mpsc::Receiver<()>,
    /// How many events have been handed on.
    handed_on: Arc<AtomicU64>,
}

/// How long a process that writes a lot is held up for files that take nothing: longer than a busy machine keeps a
/// thread from running.
const PATIENCE: Duration = Duration::from_secs(5);

impl EventPump {
    /// Starts the thread that reads.
    ///
    /// # Errors
    ///
    /// If the system has no thread left.
    pub(crate) fn start(mut events: Events, writers: Vec<EventWriter>) -> io::Result<Self> {
        if writers.iter().any(EventWriter::loses_nothing) {
            events.hold_up_output(PATIENCE);
        }
        // The thread's end drops the sender, which is all there is to say.
        let (sender, ended) = mpsc::channel::<()>();
        let handed_on = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&handed_on);
        thread::Builder::new().name("events".to_owned()).spawn(move || {
            let _ended = sender;
            loop {
                match events.blocking_next() {
                    Ok(Some(event)) => {
                        writers.iter().for_each(|writer| writer.event(&event));
                        counter.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(None) => break,
                    // The gap in the numbers says what there is to say.
                    Err(_lagged) => {}
                }
            }
        })?;
        Ok(Self { ended, handed_on })
    }

    /// Waits until the root's last event has been handed on. It is there already; handing it on is a matter of
    /// scheduling and of files, unless the program leaves before the root has stopped.
    pub(crate) fn finish(&self, ReaderTimeout { file: patience, .. }: ReaderTimeout) {
        for _ in 0..patience.rounds {
            let before = self.handed_on.load(Ordering::Relaxed);
            let waited = self.ended.recv_timeout(patience.still);
            let stands_still = self.handed_on.load(Ordering::Relaxed) == before;
            if waited == Err(RecvTimeoutError::Disconnected) || stands_still {
                return;
            }
        }
    }
}
