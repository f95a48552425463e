//! What is asked of a running supervisor, and what comes back.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::oneshot;

use crate::child::{ChildId, ChildPath, RefusedByStop, StartError};
use crate::panics::drop_quietly;
use crate::spec::ChildSpec;

/// Something that is asked of a running supervisor.
pub(super) struct SupervisorCall {
    /// Taken by the supervisor.
    asked: Option<(Demand, AnswerSender)>,
    refusals: Refusals,
}

/// What is asked.
pub(super) enum Demand {
    Start {
        id: ChildId,
        spec: Box<ChildSpec>,
    },
    /// As a start, in a place that was reserved before.
    StartInReserved {
        id: ChildId,
        spec: Box<ChildSpec>,
        place: ReservedPlace,
    },
    /// Reserve a place for a child.
    Reserve,
    /// As a start, but also while the supervisor stops.
    CleanUp {
        id: ChildId,
        spec: Box<ChildSpec>,
    },
    Terminate(ChildId),
    Restart(ChildId),
    Delete(ChildId),
    /// Say when no child is left that runs or could be restarted.
    Quiet,
    /// Answer at once.
    Respond,
}

/// Where the answer goes.
pub(super) struct AnswerSender(oneshot::Sender<Result<CallSuccess, CallRefusal>>);

/// What has been done.
pub(super) enum CallSuccess {
    Started(StartedChild),
    Reserved(ReservedPlace),
    Done,
}

/// Why it has not been done. Each call is answered with some of these, and its public error has a variant for each of
/// them and no others.
#[derive(Debug)]
pub(super) enum CallRefusal {
    StartFailed(StartError),
    /// There was nothing to run.
    Ignored,
    AlreadyStarted,
    AlreadyPresent,
    MaxChildren,
    NotFound,
    Running,
    Restarting,
    NothingKept,
    Stopping,
    /// The supervisor has ended, and has not answered.
    NotRunning,
}

impl CallRefusal {
    /// Says that this call is never answered with this. If it is all the same, its caller is told what a supervisor
    /// that stops would tell.
    #[track_caller]
    pub(super) fn never<E>(&self, stopping: E) -> E {
        debug_assert!(false, "no call of this kind is answered with {self:?}");
        stopping
    }
}

/// A child that has just been started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartedChild {
    /// Where it stands. Its [`id`](ChildPath::id) is what the supervisor's other functions take.
    pub path: ChildPath,
    /// Which start of this child it is, from 1.
    pub incarnation: u32,
    /// Its process id, if it is a process.
    pub pid: Option<u32>,
}

impl StartedChild {
    /// A child of which nothing more is known than where it stands.
    pub(crate) fn new(path: ChildPath) -> Self {
        Self { path, incarnation: 1, pid: None }
    }
}

impl SupervisorCall {
    /// A call, and where its answer arrives. If the supervisor is gone the answer is that it will never come.
    pub(super) fn new(
        demand: Demand,
        refusals: &Refusals,
    ) -> (Self, oneshot::Receiver<Result<CallSuccess, CallRefusal>>) {
        let (sender, receiver) = oneshot::channel();
        let asked = Some((demand, AnswerSender(sender)));
        (Self { asked, refusals: refusals.clone() }, receiver)
    }

    /// What is asked, and where the answer goes.
    pub(super) fn take(mut self) -> Option<(Demand, AnswerSender)> {
        self.asked.take()
    }
}

/// A call that the supervisor never takes is a refusal.
impl Drop for SupervisorCall {
    fn drop(&mut self) {
        if let Some((Demand::Start { .. } | Demand::StartInReserved { .. } | Demand::CleanUp { .. }, _)) =
            &self.asked
        {
            self.refusals.note();
        }
    }
}

impl AnswerSender {
    /// Answers. If the caller has given up waiting, the answer is dropped here, with a user's error that it may hold.
    pub(super) fn send(self, result: Result<CallSuccess, CallRefusal>) {
        drop_quietly(self.0.send(result));
    }
}

/// Counts how many starts a supervisor has refused because it stops. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusals(Arc<AtomicU64>);

impl Refusals {
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Says why there is no place for one more child, and that waiting for one is of no use.
///
/// A task that returns it because of a stop has not failed: [`IntoExit`](crate::IntoExit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReserveError {
    /// The supervisor is stopping.
    Stopping,
    /// The supervisor does not run at the moment, or this incarnation of it has ended.
    NotRunning,
}

impl fmt::Display for ReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopping => "the supervisor is stopping",
            Self::NotRunning => "the supervisor does not run",
        })
    }
}

impl Error for ReserveError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Stopping | Self::NotRunning => RefusedByStop::as_source(),
        }
    }
}

/// Hears of places that are given back.
pub(super) trait ReservesPlaces: Send + Sync {
    fn leave(&self);
}

/// Gives the place back when it is dropped without a child having taken it.
pub(crate) struct ReservedPlace(Option<Arc<dyn ReservesPlaces>>);

impl ReservedPlace {
    pub(super) fn new(supervisor: Arc<dyn ReservesPlaces>) -> Self {
        Self(Some(supervisor))
    }

    /// A child takes the place.
    pub(super) fn take(mut self) {
        self.0 = None;
    }
}

impl Drop for ReservedPlace {
    fn drop(&mut self) {
        if let Some(supervisor) = self.0.take() {
            supervisor.leave();
        }
    }
}
