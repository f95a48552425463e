//! Where the facts arrive that a supervisor has to act upon.
//!
//! The queue belongs to the supervisor's state and not to its actor: should the actor die, nothing that was reported is
//! lost, and whoever takes over finds it all in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

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
    /// The child, a supervisor, has begun to stop of its own accord.
    Stopping(StopCause),
    Ended(Box<Ended>),
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
    Force,
    Alarm,
    /// Makes the actor panic, so that a test can see what becomes of its children.
    #[cfg(test)]
    Poison,
}

/// Delivers mail, and wakes whoever reads it.
pub(crate) struct Inbox {
    sender: mpsc::UnboundedSender<Mail>,
    woken: AtomicBool,
    wake: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Inbox {
    pub(crate) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Mail>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let inbox = Self { sender, woken: AtomicBool::new(false), wake: Mutex::new(None) };
        (Arc::new(inbox), receiver)
    }

    /// Delivers one piece of mail. Nobody reads any more once the supervisor has ended, and then it does not matter.
    pub(crate) fn deliver(&self, mail: Mail) {
        let _ = self.sender.send(mail);
        self.wake();
    }

    /// Wakes the reader, unless it has been woken and has not looked yet.
    pub(crate) fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            if let Some(wake) = self.wake.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                wake();
            }
        }
    }

    /// Says how the reader is woken, and wakes it: there may be mail already, and its predecessor may have been woken
    /// and died before it looked.
    pub(crate) fn wake_with(&self, wake: impl Fn() + Send + 'static) {
        *self.wake.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(wake));
        self.about_to_read();
        self.wake();
    }

    /// Called by the reader before it looks: mail that comes later wakes it again.
    pub(crate) fn about_to_read(&self) {
        self.woken.store(false, Ordering::Release);
    }
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}
