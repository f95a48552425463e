//! The log: a reader of the record, on a thread of its own, that makes every event a line.
//!
//! The subscriber of `tracing` is the program's code. It may block, be slow, panic, or look at the tree. Here that
//! costs lines, which are counted, and nothing else: no thread of the tree ever calls it with an event.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tracing::Dispatch;
use tracing::dispatcher::{get_default, with_default};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::NoSubscriber;

use super::{Events, Lagged, Record, telemetry};
use crate::panics::catch;

/// How long a single line may take while the log is waited for.
const STEP: Duration = Duration::from_millis(250);

/// The log of one tree.
#[derive(Debug)]
pub(crate) struct TreeLog {
    /// The number of the last event that has been dealt with. Closed when the thread has ended.
    reached: watch::Receiver<u64>,
    lost: Arc<AtomicU64>,
}

impl TreeLog {
    /// Begins to log what is written from now on. `None` if the program has set no subscriber, or the system has no
    /// thread.
    pub(crate) fn start(record: &Record) -> Option<Self> {
        let subscriber = get_default(Dispatch::clone);
        if subscriber.is::<NoSubscriber>() {
            return None;
        }
        let (reached_sender, reached) = watch::channel(0);
        let lost = Arc::new(AtomicU64::new(0));
        let events = record.subscribe();
        events.count_losses(&lost);
        // For now only the global maximum level says it: the subscriber must not be called on this thread.
        let hears_output = LevelFilter::current() >= LevelFilter::DEBUG;
        events.take_output(hears_output);
        let lost_there = Arc::clone(&lost);
        let writer =
            TreeLogWriter { events, hears_output, reached: reached_sender, lost: lost_there, untold: 0 };
        let write = move || {
            // A subscriber that is not global is unknown on this thread. One that is global is called more quickly
            // without this.
            match get_default(Dispatch::is::<NoSubscriber>) {
                true => with_default(&subscriber, || writer.write()),
                false => writer.write(),
            }
        };
        thread::Builder::new().name("rootward-log".to_owned()).spawn(write).ok()?;
        Some(Self { reached, lost })
    }

    /// Waits until the last event of a tree that has ended has been dealt with, and says whether it has. Not longer
    /// than this, nor longer than a moment for a single line.
    pub(crate) async fn ended(&self, patience: Duration) -> bool {
        let mut reached = self.reached.clone();
        let end = async {
            loop {
                match timeout(STEP, reached.changed()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_closed)) => return true,
                    Err(_elapsed) => return false,
                }
            }
        };
        timeout(patience, end).await.unwrap_or(false)
    }

    /// How many events have been lost to the log so far.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// What the log's thread has.
struct TreeLogWriter {
    events: Events,
    /// Whether the subscriber takes what processes write.
    hears_output: bool,
    reached: watch::Sender<u64>,
    lost: Arc<AtomicU64>,
    /// How many lost events no line has told of.
    untold: u64,
}

impl TreeLogWriter {
    /// Makes every event a line, until the record ends.
    fn write(mut self) {
        loop {
            let hears_output = catch(telemetry::hears_output).unwrap_or(self.hears_output);
            if hears_output != self.hears_output {
                self.events.take_output(hears_output);
                self.hears_output = hears_output;
            }
            match self.events.blocking_next() {
                Ok(Some(event)) => {
                    match catch(|| telemetry::log(&event)) {
                        // Only now, so that a subscriber that always panics does so once for each event.
                        Ok(()) => self.tell_of_lost(),
                        Err(_panic) => {
                            self.lost.fetch_add(1, Ordering::Relaxed);
                            self.untold += 1;
                        }
                    }
                    self.reached.send_replace(event.seq);
                }
                Err(Lagged { missed }) => {
                    self.untold += missed;
                    self.tell_of_lost();
                }
                Ok(None) => {
                    self.tell_of_lost();
                    return;
                }
            }
        }
    }

    fn tell_of_lost(&mut self) {
        if self.untold > 0 && catch(|| telemetry::log_lost(self.untold)).is_ok() {
            self.untold = 0;
        }
    }
}
