//! Reads a tree's record as it is written.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rootward::Event;
use rootward::event::Events;

use super::backstop::within_backstop;
use super::{Leftovers, Record, line_in, pid_in, rules};

/// A tree's record as far as it has been read.
///
/// Processes that are mentioned in it do not survive it.
pub(crate) struct EventLog {
    events: Events,
    seen: Vec<Arc<Event>>,
    /// Behind the event that was found last.
    cursor: usize,
    leftovers: Leftovers,
}

impl EventLog {
    pub(crate) fn of(events: Events) -> Self {
        Self { events, seen: Vec::new(), cursor: 0, leftovers: Leftovers::default() }
    }

    /// Waits for the next event that fits, behind the one that was waited for last.
    pub(crate) async fn wait_for(&mut self, fits: impl Fn(&Event) -> bool) -> Arc<Event> {
        loop {
            if let Some(found) = self.seen[self.cursor..].iter().position(|event| fits(event)) {
                self.cursor += found + 1;
                return Arc::clone(&self.seen[self.cursor - 1]);
            }
            self.cursor = self.seen.len();
            if !self.read().await {
                panic!("this was the last event, and none of them fits:\n{}", self.record());
            }
        }
    }

    /// Waits for the next event of this name at this path below the root, such as `workers/a`; `root`
    /// is the root itself.
    pub(crate) async fn wait_for_event(&mut self, path: &str, name: &str) -> Arc<Event> {
        self.wait_for(|event| event.what.name() == name && Record::is_at(event, path)).await
    }

    /// Waits until the process at this path has written a line that begins like this.
    pub(crate) async fn wait_for_line(&mut self, path: &str, beginning: &str) -> Arc<Event> {
        self.wait_for(|event| {
            Record::is_at(event, path) && line_in(event).is_some_and(|line| line.starts_with(beginning))
        })
        .await
    }

    /// Waits for the root's last event. The record then has to keep all its rules.
    pub(crate) async fn until_the_end(mut self) -> Record {
        while self.read().await {}
        rules::check(&self.seen);
        self.record()
    }

    /// Waits for the root's last event. For readers that came too late to judge.
    pub(crate) async fn until_the_end_unchecked(mut self) -> Record {
        while self.read().await {}
        self.record()
    }

    /// What has been written so far.
    pub(crate) fn so_far(&mut self) -> Record {
        loop {
            let mut next = Box::pin(self.events.next());
            let polled = next.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            drop(next);
            match polled {
                Poll::Ready(Ok(Some(event))) => self.note(event),
                Poll::Ready(Ok(None)) | Poll::Pending => return self.record(),
                Poll::Ready(Err(lagged)) => panic!("{lagged}"),
            }
        }
    }

    /// Reads one event. `false` says that there is none left.
    async fn read(&mut self) -> bool {
        let Some(next) = within_backstop(self.events.next()).await else {
            panic!("nothing happens any more, and this is all that did:\n{}", self.record());
        };
        let next = next.expect("the test keeps up");
        let is_event = next.is_some();
        next.into_iter().for_each(|event| self.note(event));
        is_event
    }

    fn note(&mut self, event: Arc<Event>) {
        if let Some(pid) = pid_in(&event) {
            self.leftovers.note(pid);
        }
        self.seen.push(event);
    }

    fn record(&self) -> Record {
        Record::of(&self.seen)
    }
}
