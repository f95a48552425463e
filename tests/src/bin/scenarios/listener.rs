//! Reads a tree's record as it is written.

use std::sync::{Arc, Mutex, PoisonError};

use rootward::{Event, Events};
use tokio::sync::Notify;

/// What has been read and not been taken yet.
#[derive(Clone, Default)]
pub(crate) struct Listener(Arc<Heard>);

#[derive(Default)]
struct Heard {
    events: Mutex<Vec<Arc<Event>>>,
    news: Notify,
}

impl Listener {
    /// Reads to the end of the record.
    ///
    /// # Panics
    ///
    /// If events were lost, because what is printed would be wrong.
    pub(crate) async fn listen(self, mut events: Events) {
        while let Some(event) = events.next().await.expect("the record is read faster than it is written") {
            self.0.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            self.0.news.notify_one();
        }
    }

    /// Waits until something has been read since this returned last.
    pub(crate) async fn news(&self) {
        self.0.news.notified().await;
    }

    /// What has been read since the last time.
    pub(crate) fn take(&self) -> Vec<Arc<Event>> {
        std::mem::take(&mut *self.0.events.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
