//! Where the operator sends signals to a tree, and what is noted of them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rootward::signal::{Hangup, SignalSender, SignalSource, SignalsGuard};
use rootward::{Signal, Signals, Tree};
use rootward_core::seeded;
use tokio::task::JoinHandle;

use crate::clock::{beside, now};

/// What the application has chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hearing {
    pub(crate) hangup: Hangup,
    /// Whether every signal that stops the tree has a handler, for which the stop waits.
    pub(crate) has_handlers: bool,
    /// Whether SIGTSTP and SIGCONT concern the processes. Those overtake a stop that waits for its handlers.
    pub(crate) suspends: bool,
}

/// A tree's signals: how they are heard, which have been sent, and what came of them.
#[derive(Clone, Debug)]
pub(crate) struct SentSignals {
    pub(crate) hearing: Hearing,
    /// Which have been sent, and when.
    pub(crate) sent: Vec<(Duration, Signal)>,
    /// When the program was told to leave, and with which status.
    pub(crate) told_to_leave: Option<(Duration, u8)>,
    /// How often the snapshot was shown.
    pub(crate) shown: u32,
    /// When the operator hung up. What had not been heard by then was not heard any more.
    pub(crate) hung_up: Option<Duration>,
}

/// What the operator sends with, and the guard.
pub(crate) struct SignalInput {
    began: Instant,
    sender: SignalSender,
    /// It waits until the program is told to leave, and holds the guard.
    leaves: JoinHandle<()>,
    told: Arc<Mutex<Option<(Instant, u8)>>>,
    shown: Arc<AtomicU32>,
    signals: SentSignals,
}

impl SignalInput {
    /// Has a tree hear the signals that the operator sends.
    pub(crate) fn connect(tree: &Tree, hearing: Hearing, began: Instant) -> Result<Self, String> {
        let (sender, source) = SignalSource::channel();
        let shown = Arc::new(AtomicU32::new(0));
        let shows = Arc::clone(&shown);
        let show = move |_: &_| _ = shows.fetch_add(1, Ordering::Relaxed);
        let rules = Signals::new().source(source).hangup(hearing.hangup).on_snapshot(show);
        let mut rules = rules.suspend_children(hearing.suspends);
        if hearing.has_handlers {
            for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
                // Others go on while it is called.
                rules = rules.on(signal, |_| (0..3).for_each(|_| seeded::point()));
            }
        }
        let guard = rules.attach(tree).map_err(|error| error.to_string())?;
        let told = Arc::new(Mutex::new(None));
        let leaves = beside(note_leave(guard, Arc::clone(&told)));
        let signals = SentSignals { hearing, sent: Vec::new(), told_to_leave: None, shown: 0, hung_up: None };
        Ok(Self { began, sender, leaves, told, shown, signals })
    }

    pub(crate) fn send(&mut self, signal: Signal) {
        self.signals.sent.push((self.elapsed(), signal));
        self.sender.send(signal);
    }

    /// Lets go of the guard, whether or not everything has been heard, and says what there is to judge.
    pub(crate) async fn close(mut self) -> SentSignals {
        self.signals.hung_up = Some(self.elapsed());
        self.leaves.abort();
        // The guard is gone when the task is.
        let _ = self.leaves.await;
        let told = *self.told.lock().unwrap_or_else(PoisonError::into_inner);
        self.signals.told_to_leave =
            told.map(|(at, status)| (at.saturating_duration_since(self.began), status));
        self.signals.shown = self.shown.load(Ordering::Relaxed);
        self.signals
    }

    fn elapsed(&self) -> Duration {
        now().saturating_duration_since(self.began)
    }
}

async fn note_leave(guard: SignalsGuard, told: Arc<Mutex<Option<(Instant, u8)>>>) {
    let status = guard.exit_requested().await;
    *told.lock().unwrap_or_else(PoisonError::into_inner) = Some((now(), status));
    // The guard is held on to.
    std::future::pending::<()>().await;
}
