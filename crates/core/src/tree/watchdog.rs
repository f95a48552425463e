//! What the detector's thread does for a tree: it has the report written at a stop's deadline when the guardian does
//! not get its turn because its runtime stands still, and it writes down which child does not yield.
//!
//! Nothing is stopped here: the supervisors are needed for that, and they stand still as well.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::command::{CommandSender, GuardianAnswer};
use super::report_writer::ReportWriter;
use super::root::Root;
use crate::child::StopCause;
use crate::detector::{Stall, TICK, Watcher, look_at, watch};
use crate::policy::{Standstill, StandstillStep};
use crate::tree_clock::TreeClock;

/// Watches over one guardian, which holds it.
pub(super) struct GuardianWatchdog {
    writer: Arc<ReportWriter>,
    guardian: CommandSender,
    answer: GuardianAnswer,
    requests: Arc<StopRequests>,
    /// Waits for the token that stops the tree, for as long as it is held.
    _token: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

/// What is known of a stop, however it was asked for and whether or not the guardian learns of it.
pub(super) struct StopRequests {
    deadline: Duration,
    clock: TreeClock,
    stop: Mutex<Option<Requested>>,
}

/// A stop that has been asked for.
struct Requested {
    cause: StopCause,
    /// By the tree's clock, which a test may have paused. What has passed by one of the two clocks alone does not
    /// count.
    since: Instant,
    /// By the detector's clock, which does not go on while the whole program stands still.
    ticks: u64,
    standstill: Standstill,
}

impl GuardianWatchdog {
    pub(super) fn new(
        writer: Arc<ReportWriter>,
        guardian: CommandSender,
        requests: StopRequests,
        stop_on: CancellationToken,
    ) -> Arc<Self> {
        let requests = Arc::new(requests);
        let (answer, token) = (GuardianAnswer::default(), requests.listen_to(stop_on));
        let this = Arc::new(Self { writer, guardian, answer, requests, _token: token });
        let watcher: Weak<Self> = Arc::downgrade(&this);
        watch(watcher);
        this
    }

    /// Notes that a stop has been asked for, also if the guardian does not learn of it. Only the first time counts.
    pub(super) fn note_stop(&self, cause: StopCause) {
        self.requests.note(cause);
    }

    /// The guardian has its turn.
    pub(super) fn answer(&self) {
        self.answer.is_given();
    }
}

impl StopRequests {
    pub(super) fn new(deadline: Duration, clock: TreeClock) -> Self {
        Self { deadline, clock, stop: Mutex::default() }
    }

    fn note(&self, cause: StopCause) {
        let mut stop = self.stop();
        if stop.is_none() {
            let standstill = Standstill::new(self.deadline);
            *stop = Some(Requested { cause, since: self.clock.awake_now(), ticks: look_at(), standstill });
        }
    }

    /// Has the thread that cancels this token note the stop: the runtimes may have no free thread, and the detector
    /// does not look while no child is at work.
    fn listen_to(
        self: &Arc<Self>,
        token: CancellationToken,
    ) -> Option<Pin<Box<WaitForCancellationFutureOwned>>> {
        let waker = Waker::from(Arc::clone(self));
        let mut cancelled = Box::pin(token.cancelled_owned());
        match cancelled.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => Some(cancelled),
            Poll::Ready(()) => {
                self.note(StopCause::Token);
                None
            }
        }
    }

    /// What there is to do, and for which stop. `None` says that none has been asked for.
    fn look(&self, ticks: u64, answered: bool) -> Option<(StandstillStep, StopCause, Instant)> {
        let mut stop = self.stop();
        let requested = stop.as_mut()?;
        let ticks = u32::try_from(ticks.saturating_sub(requested.ticks)).unwrap_or(u32::MAX);
        let elapsed = self.clock.awake_now().saturating_duration_since(requested.since);
        let look = requested.standstill.look(elapsed.min(TICK.saturating_mul(ticks)), answered);
        Some((look, requested.cause, requested.since))
    }

    fn stop(&self) -> MutexGuard<'_, Option<Requested>> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The token that stops the tree has been cancelled. This may run under a lock of the token, so it touches nothing that
/// holds the token.
impl Wake for StopRequests {
    fn wake(self: Arc<Self>) {
        self.note(StopCause::Token);
    }
}

impl Watcher for GuardianWatchdog {
    fn tick(&self, clock: u64) -> bool {
        let answered = self.answer.is_there();
        // No lock is held from here on: a report wakes the callers that wait for it, and they may ask for a stop at
        // once.
        let Some((look, cause, since)) = self.requests.look(clock, answered) else { return false };
        match look {
            StandstillStep::Wait => !self.writer.has_reported(),
            StandstillStep::Ask => self.answer.ask(&self.guardian) && !self.writer.has_reported(),
            StandstillStep::WriteReport => {
                self.writer.report_instead(cause, since);
                false
            }
        }
    }
}

/// Writes down which child of a tree does not yield, for as long as it is held.
pub(super) struct StallWatch {
    root: Weak<Root>,
    threshold: Duration,
}

impl StallWatch {
    pub(super) fn new(root: &Arc<Root>, threshold: Duration) -> Arc<Self> {
        let this = Arc::new(Self { root: Arc::downgrade(root), threshold });
        let watcher: Weak<Self> = Arc::downgrade(&this);
        watch(watcher);
        this
    }
}

impl Watcher for StallWatch {
    fn threshold(&self) -> Option<Duration> {
        Some(self.threshold)
    }

    fn stalled(&self, stall: &Stall) {
        // A search through the whole tree: it is made only when a child has not yielded for long.
        if let Some(supervisor) = self.root.upgrade().and_then(|root| root.supervisor()) {
            supervisor.note_stall(stall);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_is_cancelled_is_noted_by_the_thread_that_cancels_it() {
        let requests = Arc::new(StopRequests::new(Duration::from_secs(1), TreeClock::default()));
        let token = CancellationToken::new();
        let _listens = requests.listen_to(token.clone());
        assert!(requests.stop().is_none());

        token.cancel();

        assert_eq!(requests.stop().as_ref().map(|stop| stop.cause), Some(StopCause::Token));
    }

    #[test]
    fn a_token_that_was_cancelled_before_is_noted_at_once() {
        let requests = Arc::new(StopRequests::new(Duration::from_secs(1), TreeClock::default()));
        let token = CancellationToken::new();
        token.cancel();

        let _listens = requests.listen_to(token);

        assert!(requests.stop().is_some());
    }
}
