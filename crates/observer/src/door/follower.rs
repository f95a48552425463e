//! Follows the tree while there are watchers: one reader of its record for all of them, the model, and the events that
//! are remembered.
//!
//! While no watcher is there, there is no reader, and the tree makes no events for the door. The tree never waits for
//! what happens here: a follower that is too slow loses events, looks at the tree again and tells its watchers.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;
use std::time::Duration;

use rootward_core::sibling::TreeWatch;
use rootward_core::{Events, Lagged};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::remembered::{Portion, Remembered};
use crate::model::{Model, Seen};
use crate::wire::Event;

/// How long the tree is followed after the last watcher has gone.
const LINGER: Duration = Duration::from_secs(30);

/// How long the reader rests after it has taken what there was, so that a thousand events a second do not wake the
/// program a thousand times.
const REST: Duration = Duration::from_millis(20);

/// How long it may take until the events have come that an answer is about.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many events are applied under one lock.
const AT_ONCE: usize = 1024;

/// How many children that are down may be in the model before it is looked which of them the tree has forgotten.
const DOWN: usize = 1024;

/// Follows a tree for the watchers of a door.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) tree: TreeWatch,
    known: Mutex<FollowedTree>,
    /// The events to begin with, if it always follows.
    since_open: Mutex<Option<Events>>,
    /// When the root began, once it has been seen.
    began: OnceLock<Instant>,
    watchers: watch::Sender<usize>,
    news: watch::Sender<News>,
    /// Told when a watcher waits for the newest event.
    wanted: Notify,
}

/// What is known of the tree.
#[derive(Debug)]
struct FollowedTree {
    model: Model,
    remembered: Remembered,
}

/// How far the follower has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct News {
    phase: FollowerPhase,
    newest: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FollowerPhase {
    /// There are no watchers, or what was seen does not fit together yet.
    Idle,
    Following,
    /// The tree is gone, and nothing more will come.
    Over,
}

/// Keeps the follower at work.
#[derive(Debug)]
pub(super) struct FollowerGuard(Arc<Follower>);

/// What there is next for a watcher.
pub(super) enum WatcherUpdate {
    Portion(Portion),
    /// Nothing has happened for some time.
    Silence,
    /// All has been told, and nothing more will come. With the number of the last event.
    Over(u64),
}

impl Follower {
    pub(super) fn new(tree: TreeWatch, remembered: usize) -> Arc<Self> {
        let known = FollowedTree { model: Model::new(), remembered: Remembered::new(remembered) };
        Arc::new(Self {
            tree,
            known: Mutex::new(known),
            since_open: Mutex::new(None),
            began: OnceLock::new(),
            watchers: watch::Sender::new(0),
            news: watch::Sender::new(News { phase: FollowerPhase::Idle, newest: 0 }),
            wanted: Notify::new(),
        })
    }

    /// Listens to these events, which may have begun long before. What they tell comes first, and then the look.
    pub(super) fn listen_to(&self, events: Events) {
        *self.since_open.lock().unwrap_or_else(PoisonError::into_inner) = Some(events);
    }

    fn subscribe(&self) -> Events {
        // First, so that no event is missing after the look.
        let events = self.tree.events();
        self.look();
        self.begin();
        events
    }

    /// Has the tree followed.
    pub(super) fn stay(self: &Arc<Self>) -> FollowerGuard {
        self.watchers.send_modify(|watchers| *watchers += 1);
        FollowerGuard(Arc::clone(self))
    }

    /// Has the tree followed, and waits until what is known fits together.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(super) async fn attend(self: &Arc<Self>) -> FollowerGuard {
        let following = self.stay();
        let _ = self.news.subscribe().wait_for(|news| news.phase != FollowerPhase::Idle).await;
        following
    }

    /// Follows the tree to its end whenever there are watchers.
    pub(super) async fn run(&self) {
        let mut watchers = self.watchers.subscribe();
        loop {
            let is_wanted = tokio::select! {
                biased;
                wanted = watchers.wait_for(|watchers| *watchers > 0) => wanted.is_ok(),
                () = self.tree.gone() => false,
            };
            if !is_wanted || self.follow(&mut watchers).await.is_none() {
                break;
            }
            self.lock().remembered.clear();
        }
        self.tell(FollowerPhase::Over);
    }

    /// Follows the tree until there are no watchers, or it is gone: then the answer is `None`.
    async fn follow(&self, watchers: &mut watch::Receiver<usize>) -> Option<()> {
        let since_open = self.since_open.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut events = match since_open {
            Some(mut events) => {
                if let Some(first) = at_hand(&mut events).await {
                    self.take(first, &mut events).await?;
                }
                self.look();
                events
            }
            None => self.subscribe(),
        };
        let mut kept_down = 0;
        // Events do not begin its time anew.
        let mut unwatched = pin!(unwatched(watchers));
        loop {
            if self.lock().model.is_whole() {
                self.tell(FollowerPhase::Following);
            }
            if self.lock().model.needs_look() {
                sleep_until(Instant::now() + REST).await;
                self.look();
                continue;
            }
            let first = tokio::select! {
                biased;
                // First, because a busy tree always has an event.
                () = &mut unwatched => {
                    self.news.send_modify(|news| news.phase = FollowerPhase::Idle);
                    // A watcher that has come in this moment waits for the next look.
                    return Some(());
                }
                first = events.next() => first,
            };
            self.take(first, &mut events).await?;
            let (all, down) = self.lock().model.count();
            if down > DOWN.max(all / 2) && down > 2 * kept_down {
                self.look();
                kept_down = self.lock().model.count().1;
            }
            if self.lock().model.is_whole() {
                self.tell(FollowerPhase::Following);
                // A watcher that waits for what has happened ends the rest.
                let _ = timeout(REST, self.wanted.notified()).await;
            }
        }
    }

    /// Takes an event and what there is after it. `None` says that there will be no more.
    async fn take(
        &self,
        first: Result<Option<Arc<rootward_core::Event>>, Lagged>,
        events: &mut Events,
    ) -> Option<()> {
        let mut next = Some(first);
        while let Some(first) = next.take() {
            let mut taken = Vec::new();
            let mut is_over = false;
            let mut has_lost = false;
            let mut current = Some(first);
            while let Some(event) = current.take() {
                match event {
                    Ok(Some(event)) => taken.push(Arc::new(Event::from(&*event))),
                    Ok(None) => is_over = true,
                    Err(Lagged { .. }) => has_lost = true,
                }
                if is_over || has_lost || taken.len() == AT_ONCE {
                    break;
                }
                current = at_hand(events).await;
            }
            let is_full = taken.len() == AT_ONCE;
            self.apply(taken);
            if is_over {
                return None;
            }
            if has_lost {
                self.look();
            }
            if is_full || has_lost {
                next = at_hand(events).await;
            }
        }
        Some(())
    }

    /// What was seen first is where the events begin. Of later looks this is not so: the events up to the one that was
    /// seen are still to be taken and told.
    fn begin(&self) {
        let mut known = self.lock();
        let as_of = known.model.as_of();
        known.remembered.begin_after(as_of);
    }

    fn apply(&self, events: Vec<Arc<Event>>) {
        let mut known = self.lock();
        for event in events {
            known.model.apply_shared(&event);
            known.remembered.add(event);
        }
    }

    /// Looks at the tree as it is now.
    fn look(&self) {
        // Before the look, so that no event is later than what the door says is now.
        let now = Instant::now();
        let seen = self.tree.sighting();
        if let Some(began) = seen.first().and_then(|root| now.checked_sub(root.seen.at)) {
            self.began.get_or_init(|| began);
        }
        let containment = self.tree.containment().map(str::to_owned);
        let seen: Vec<Seen> = seen.iter().map(Seen::from).collect();
        let mut known = self.lock();
        known.model.see(seen, containment);
    }

    fn tell(&self, phase: FollowerPhase) {
        let newest = self.lock().remembered.newest();
        let news = News { phase, newest };
        self.news.send_if_modified(|known| std::mem::replace(known, news) != news);
    }

    fn lock(&self) -> MutexGuard<'_, FollowedTree> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FollowerGuard {
    /// Looks at what is known of the tree.
    pub(super) fn with<R>(&self, look: impl FnOnce(&Model) -> R) -> R {
        look(&self.0.lock().model)
    }

    /// How long ago the root began, or, if it was gone before it could be seen, nothing.
    pub(super) fn now(&self) -> Duration {
        self.0.began.get().map(Instant::elapsed).unwrap_or_default()
    }

    /// Waits until what is known has reached this event, if that does not take long.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(super) async fn reach(&self, seq: u64) {
        let mut news = self.0.news.subscribe();
        let reached =
            news.wait_for(|news| news.phase == FollowerPhase::Over || self.with(Model::as_of) >= seq);
        let _ = timeout(PATIENCE, reached).await;
    }

    /// Waits until what is known has reached everything that has happened before this was called, if that does not
    /// take long. A watcher that has been told that something is done sees it done then.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(super) async fn catch_up(&self) {
        let newest = self.newest();
        if self.with(Model::as_of) < newest {
            self.0.wanted.notify_one();
        }
        self.reach(newest).await;
    }

    /// The number of the newest event of the tree, which may be ahead of what has been taken.
    pub(super) fn newest(&self) -> u64 {
        self.0.tree.newest_event()
    }

    /// Waits for what comes after this event, and moves it on.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(super) async fn next(&self, seq: &mut u64, silence: Duration) -> WatcherUpdate {
        let mut news = self.0.news.subscribe();
        loop {
            let is_over = news.borrow_and_update().phase == FollowerPhase::Over;
            let portion = self.0.lock().remembered.after(seq);
            if portion != Portion::default() {
                return WatcherUpdate::Portion(portion);
            }
            if is_over {
                return WatcherUpdate::Over(*seq);
            }
            match timeout(silence, news.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return WatcherUpdate::Over(*seq),
                Err(_) => return WatcherUpdate::Silence,
            }
        }
    }
}

impl Drop for FollowerGuard {
    fn drop(&mut self) {
        self.0.watchers.send_modify(|watchers| *watchers -= 1);
    }
}

/// Waits until there have been no watchers for some time.
async fn unwatched(watchers: &mut watch::Receiver<usize>) {
    loop {
        if watchers.wait_for(|watchers| *watchers == 0).await.is_err() {
            return;
        }
        // Also of a watcher that has come and gone meanwhile.
        if timeout(LINGER, watchers.changed()).await.is_err() {
            return;
        }
    }
}

/// The next event if it is there already.
async fn at_hand(events: &mut Events) -> Option<Result<Option<Arc<rootward_core::Event>>, Lagged>> {
    let mut next = pin!(events.next());
    std::future::poll_fn(|cx| match next.as_mut().poll(cx) {
        Poll::Ready(next) => Poll::Ready(Some(next)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests;
