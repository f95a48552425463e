//! Where the facts arrive that a supervisor has to act upon.
//!
//! The queue belongs to the supervisor's state and not to its actor: should the actor die, nothing that was reported is
//! lost, and whoever takes over finds it all in order.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::{Ended, StartError, StopRequest};
use crate::event::StopCause;
use crate::policy::ChildKey;
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
    Alarm,
    /// Makes the actor panic, so that a test can see what becomes of its children.
    #[cfg(test)]
    Poison,
}

/// Holds mail until it is read, and wakes whoever reads it.
pub(crate) struct Inbox {
    queue: Mutex<Queue>,
    woken: AtomicBool,
    wake: Mutex<Option<Box<dyn Fn() + Send>>>,
    /// Whether a stop is on its way.
    on_hold: AtomicBool,
    /// What is done at once when a child says that it stops of its own accord.
    announce: OnceLock<Box<dyn Fn(StopCause) + Send + Sync>>,
}

#[derive(Default)]
struct Queue {
    mail: VecDeque<Mail>,
    closed: bool,
}

impl Inbox {
    pub(crate) fn new() -> Arc<Self> {
        let queue = Mutex::new(Queue::default());
        Arc::new(Self {
            queue,
            woken: AtomicBool::new(false),
            wake: Mutex::new(None),
            announce: OnceLock::new(),
            on_hold: AtomicBool::new(false),
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

    /// Delivers one piece of mail. Nobody reads any more once the supervisor has ended, and then it is dropped.
    pub(crate) fn deliver(&self, mail: Mail) {
        let mut queue = lock(&self.queue);
        if queue.closed {
            // What a piece of mail does when it is dropped is not to be done under the lock.
            drop(queue);
            drop(mail);
            return;
        }
        queue.mail.push_back(mail);
        drop(queue);
        self.wake();
    }

    /// Takes the oldest piece of mail. Before the first one the reader says that it is
    /// [about to read](Self::about_to_read), or it will not be woken again.
    pub(crate) fn take(&self) -> Option<Mail> {
        lock(&self.queue).mail.pop_front()
    }

    /// Takes no more mail, and drops what there is.
    pub(crate) fn close(&self) {
        let mut queue = lock(&self.queue);
        queue.closed = true;
        let rest = std::mem::take(&mut queue.mail);
        drop(queue);
        drop(rest);
    }

    /// Wakes the reader, unless it has been woken and has not looked yet.
    pub(crate) fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            if let Some(wake) = lock(&self.wake).as_ref() {
                wake();
            }
        }
    }

    /// Says how the reader is woken, and wakes it: there may be mail already, and its predecessor may have been woken
    /// and died before it looked.
    pub(crate) fn wake_with(&self, wake: impl Fn() + Send + 'static) {
        *lock(&self.wake) = Some(Box::new(wake));
        self.about_to_read();
        self.wake();
    }

    /// Called by the reader before it looks: mail that comes later wakes it again.
    pub(crate) fn about_to_read(&self) {
        self.woken.store(false, Ordering::Release);
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
