//! Has the last word at a stop's deadline when the guardian does not get its turn: its runtime stands still.
//!
//! It lives on the detector's thread. Nothing is stopped here: the supervisors are needed for that, and they stand still as well.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::guardian::Command;
use super::scribe::Scribe;
use crate::clock::now;
use crate::detector::{TICK, Watcher, look_at, watch};
use crate::event::StopCause;
use crate::policy::{Look, Standstill};

/// Stands in for one guardian, which holds it.
pub(super) struct StandIn {
    scribe: Arc<Scribe>,
    guardian: mpsc::UnboundedSender<Command>,
    deadline: Duration,
    stop_on: CancellationToken,
    /// Whether the guardian has had a turn since it was last asked.
    answered: AtomicBool,
    stop: Mutex<Option<Requested>>,
}

/// A stop that has been asked for.
struct Requested {
    cause: StopCause,
    since: Instant,
    /// By the detector's clock, which does not go on while the whole program stands still.
    ticks: u64,
    standstill: Standstill,
}

impl StandIn {
    pub(super) fn new(
        scribe: Arc<Scribe>,
        guardian: mpsc::UnboundedSender<Command>,
        deadline: Duration,
        stop_on: CancellationToken,
    ) -> Arc<Self> {
        let (answered, stop) = (AtomicBool::new(false), Mutex::default());
        let this = Arc::new(Self { scribe, guardian, deadline, stop_on, answered, stop });
        let watcher: Weak<Self> = Arc::downgrade(&this);
        watch(watcher);
        this
    }

    /// Notes that a stop has been asked for, whether or not the guardian learns of it. Only the first time counts.
    pub(super) fn note_stop(&self, cause: StopCause) {
        let mut stop = self.stop();
        if stop.is_none() {
            let standstill = Standstill::new(self.deadline);
            *stop = Some(Requested { cause, since: now(), ticks: look_at(), standstill });
        }
    }

    /// The guardian has its turn.
    pub(super) fn answer(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    fn stop(&self) -> MutexGuard<'_, Option<Requested>> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher for StandIn {
    fn tick(&self, clock: u64) -> bool {
        if self.stop_on.is_cancelled() {
            self.note_stop(StopCause::Token);
        }
        let mut stop = self.stop();
        let Some(requested) = &mut *stop else { return false };
        let ticks = u32::try_from(clock.saturating_sub(requested.ticks)).unwrap_or(u32::MAX);
        let answered = self.answered.load(Ordering::Relaxed);
        match requested.standstill.look(TICK.saturating_mul(ticks), answered) {
            Look::Wait => !self.scribe.has_reported(),
            Look::Ask => {
                self.answered.store(false, Ordering::Relaxed);
                self.guardian.send(Command::Answer).is_ok() && !self.scribe.has_reported()
            }
            Look::StandIn => !self.scribe.stand_in(requested.cause, requested.since),
        }
    }
}
