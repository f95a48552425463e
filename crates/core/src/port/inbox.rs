//! Where the facts arrive that a supervisor has to act upon.
//!
//! The queue belongs to the supervisor's state and not to its actor: should the actor die, nothing that was reported is
//! lost, and whoever takes over finds it all in order.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Waker};

use super::{Ended, StartError, StopRequest};
use crate::event::StopCause;
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
        error: StartError,
        children: Vec<NodeReport>,
    },
    /// The child, a supervisor, has begun to stop of its own accord, possibly because this child of its own could not be
    /// started.
    Stopping {
        cause: StopCause,
        start_error: Option<StartError>,
    },
    Ended(Ended),
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
    reader: Option<Waker>,
    closed: bool,
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
        let mut queue = lock(&self.queue);
        if queue.closed {
            // What a piece of mail does when it is dropped is not to be done under the lock.
            drop(queue);
            if let Mail::Call(call) = &mail {
                self.refused.fetch_add(u64::from(call.is_start()), Ordering::Relaxed);
            }
            drop(mail);
            return;
        }
        queue.mail.push_back(mail);
        let reader = queue.reader.take();
        drop(queue);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Waits until there is mail.
    pub(crate) async fn arrival(&self) {
        poll_fn(|cx| {
            let mut queue = lock(&self.queue);
            if queue.mail.is_empty() {
                queue.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
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

/// Nothing that could panic is done under these locks, but for an allocation.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}
