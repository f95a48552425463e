//! Where the facts arrive that a supervisor has to act upon.
//!
//! The queue belongs to the supervisor's state and not to its actor: should the actor die, nothing that was reported is
//! lost, and whoever takes over finds it all in order.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Poll, Waker};

use super::{Fate, StartError, StopRequest};
use crate::event::StopCause;
use crate::panics::drop_quietly;
use crate::policy::{ChildKey, Queue};
use crate::report::NodeReport;
use crate::supervisor::Call;
use crate::tree::Activity;

/// What a child says of itself.
pub(crate) enum Report {
    Started {
        pid: Option<u32>,
    },
    Ignored,
    /// It could not be started. `children` says how the part of it that had been started came down.
    Failed {
        error: Box<StartError>,
        children: Vec<NodeReport>,
    },
    /// The child, a supervisor, has begun to stop of its own accord, possibly because this child of its own could not be
    /// started.
    Stopping {
        cause: StopCause,
        start_error: Option<Box<StartError>>,
    },
    Ended(Fate),
}

/// What a supervisor is told: by its children, by its parent, by its alarm.
pub(crate) enum Mail {
    Child {
        key: ChildKey,
        incarnation: u32,
        report: Report,
        /// Keeps the tree from looking idle until the supervisor has dealt with this report.
        activity: Option<Activity>,
    },
    Call(Call),
    Stop(StopRequest),
    /// End everything at once: that is how this supervisor is stopped.
    Kill,
    Force,
    /// Nobody brings anything in any more: end when the last child is gone.
    Close,
    Alarm,
    /// Makes the actor panic, so that a test can see what becomes of its children.
    #[cfg(test)]
    Poison,
}

/// Holds mail until it is read, and wakes whoever waits for it.
pub(crate) struct Inbox {
    queue: Mutex<Held>,
    /// Whether a stop is on its way.
    on_hold: AtomicBool,
    /// How many starts have been refused.
    refused: AtomicU64,
    /// What is done at once when a child says that it stops of its own accord.
    announce: OnceLock<Box<dyn Fn(StopCause) + Send + Sync>>,
}

#[derive(Default)]
struct Held {
    mail: Queue<Mail>,
    /// Whoever waits for mail. There is never more than one who does.
    reader: Option<Reader>,
    /// Somebody is dealing with the mail in the reader's place.
    is_deputized: bool,
    /// The reader has to go on, even if there is no mail.
    is_called: bool,
    closed: bool,
}

struct Reader {
    waker: Waker,
    deputy: Option<Weak<dyn Deputy>>,
}

/// Deals with mail in the place of a reader that waits, so that the reader need not be woken.
pub(crate) trait Deputy: Send + Sync {
    /// Deals with what mail there is. `true` says that the reader has to go on by itself.
    fn act(&self) -> bool;
}

impl Inbox {
    pub(crate) fn new() -> Arc<Self> {
        let queue = Mutex::new(Held::default());
        Arc::new(Self {
            queue,
            announce: OnceLock::new(),
            on_hold: AtomicBool::new(false),
            refused: AtomicU64::new(0),
        })
    }

    /// Says what is done at once when a child says that it stops of its own accord. It is said by mail as well.
    pub(crate) fn announce_with(&self, announce: impl Fn(StopCause) + Send + Sync + 'static) {
        let _ = self.announce.set(Box::new(announce));
    }

    pub(crate) fn announce(&self, cause: StopCause) {
        if let Some(announce) = self.announce.get() {
            announce(cause);
        }
    }

    /// Says that a stop is on its way, and that nothing is to be started any more.
    pub(crate) fn hold(&self) {
        self.on_hold.store(true, Ordering::Release);
    }

    pub(crate) fn is_on_hold(&self) -> bool {
        self.on_hold.load(Ordering::Acquire)
    }

    /// Counts a start that was refused because the reader stops.
    pub(crate) fn note_refusal(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Delivers one piece of mail. Nobody reads any more once the supervisor has ended, and then it is dropped.
    pub(crate) fn deliver(&self, mail: Mail) {
        if let Some(queue) = self.put(mail) {
            Held::wake_reader(queue);
        }
    }

    /// Delivers one piece of mail, and deals with it at once if the reader waits and has left a deputy. The caller holds no lock.
    pub(crate) fn settle(&self, mail: Mail) {
        let Some(mut queue) = self.put(mail) else { return };
        let Some(deputy) = queue.deputy() else { return Held::wake_reader(queue) };
        queue.is_deputized = true;
        drop(queue);
        let is_called = deputy.act();
        // The reader goes on when nobody else holds what is its own. If the reader is gone meanwhile, this is the last who does.
        drop_quietly(deputy);
        let mut queue = lock(&self.queue);
        queue.is_deputized = false;
        queue.is_called |= is_called;
        if queue.is_called || !queue.mail.is_empty() {
            Held::wake_reader(queue);
        }
    }

    /// Puts mail behind what there is, if anybody is going to read it.
    fn put(&self, mail: Mail) -> Option<MutexGuard<'_, Held>> {
        let mut queue = lock(&self.queue);
        if queue.closed {
            // What a piece of mail does when it is dropped is not to be done under the lock.
            drop(queue);
            if let Mail::Call(call) = &mail {
                self.refused.fetch_add(u64::from(call.is_start()), Ordering::Relaxed);
            }
            drop(mail);
            return None;
        }
        queue.mail.push_back(mail);
        Some(queue)
    }

    #[cfg(test)]
    pub(crate) fn has_deputy(&self) -> bool {
        matches!(&lock(&self.queue).reader, Some(Reader { deputy: Some(_), .. }))
    }

    /// Waits until there is mail.
    pub(crate) async fn arrival(&self) {
        self.wait(|| None).await;
    }

    /// Waits until there is mail that a deputy has not dealt with, or a deputy says that it is the reader's turn.
    pub(crate) async fn arrival_or_call(&self, deputy: &Arc<impl Deputy + 'static>) {
        self.wait(|| {
            let deputy = Arc::downgrade(deputy);
            Some(deputy)
        })
        .await;
    }

    async fn wait(&self, deputy: impl Fn() -> Option<Weak<dyn Deputy>>) {
        poll_fn(|cx| {
            let mut queue = lock(&self.queue);
            if queue.is_deputized || (queue.mail.is_empty() && !queue.is_called) {
                queue.reader = Some(Reader { waker: cx.waker().clone(), deputy: deputy() });
                return Poll::Pending;
            }
            queue.is_called = false;
            Poll::Ready(())
        })
        .await;
    }

    /// Moves all mail that there is behind what the reader has taken before.
    pub(crate) fn collect(&self, taken: &mut Queue<Mail>) {
        taken.append(&mut lock(&self.queue).mail);
    }

    /// Takes no more mail, and drops what there is.
    pub(crate) fn close(&self) {
        let mut queue = lock(&self.queue);
        queue.closed = true;
        let rest = std::mem::take(&mut queue.mail);
        drop(queue);
        drop(rest);
    }
}

impl Held {
    /// Who can deal with mail in the reader's place, if the reader waits.
    fn deputy(&self) -> Option<Arc<dyn Deputy>> {
        let deputy = self.reader.as_ref()?.deputy.as_ref()?;
        if self.is_deputized { None } else { deputy.upgrade() }
    }

    /// Wakes the reader, unless a deputy is at work, which looks before it goes whether there is more.
    fn wake_reader(mut queue: MutexGuard<'_, Self>) {
        let reader = if queue.is_deputized { None } else { queue.reader.take() };
        drop(queue);
        if let Some(reader) = reader {
            reader.waker.wake();
        }
    }
}

/// Nothing that could panic is done under these locks, but for an allocation.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}
