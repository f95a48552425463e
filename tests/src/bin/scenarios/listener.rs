//! Reads a tree's record as it is written.

use std::sync::{Arc, Mutex, PoisonError};

use rootward::Event;
use rootward::event::{Events, Lagged};
use tokio::sync::Notify;

/// What has been read and not been taken yet.
#[derive(Clone, Default)]
pub(crate) struct Listener(Arc<Heard>);

#[derive(Default)]
struct Heard {
    events: Mutex<Vec<Result<Arc<Event>, Lagged>>>,
    news: Notify,
}

impl Listener {
    /// Reads to the end of the record.
    pub(crate) async fn listen(self, mut events: Events) {
        while let Some(event) = events.next().await.transpose() {
            self.0.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            self.0.news.notify_one();
        }
    }

    /// Waits until something has been read since this returned last.
    pub(crate) async fn news(&self) {
        self.0.news.notified().await;
    }

    /// What has been read since the last time.
    ///
    /// # Panics
    ///
    /// If events were lost, because what is printed would be wrong.
    pub(crate) fn take(&self) -> Vec<Arc<Event>> {
        let events = std::mem::take(&mut *self.0.events.lock().unwrap_or_else(PoisonError::into_inner));
        events.into_iter().map(|event| event.expect("the record is read faster than it is written")).collect()
    }
}
