//! What is asked of a running supervisor, and what comes back.

use tokio::sync::oneshot;

use super::refusals::Refusals;
use super::reserved_place::ReservedPlace;
use crate::child::{ChildId, ChildPath, StartError};
use crate::panics::drop_quietly;
use crate::spec::ChildSpec;

/// Something that is asked of a running supervisor.
pub(super) struct Call {
    /// Taken by the supervisor.
    asked: Option<(Demand, Answer)>,
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
pub(super) struct Answer(oneshot::Sender<Result<Success, Refusal>>);

/// What has been done.
pub(super) enum Success {
    Started(StartedChild),
    Reserved(ReservedPlace),
    Done,
}

/// Why it has not been done.
pub(super) enum Refusal {
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

impl Call {
    /// A call, and where its answer arrives. If the supervisor is gone the answer is that it will never come.
    pub(super) fn new(
        demand: Demand,
        refusals: &Refusals,
    ) -> (Self, oneshot::Receiver<Result<Success, Refusal>>) {
        let (sender, receiver) = oneshot::channel();
        let asked = Some((demand, Answer(sender)));
        (Self { asked, refusals: refusals.clone() }, receiver)
    }

    /// What is asked, and where the answer goes.
    pub(super) fn take(mut self) -> Option<(Demand, Answer)> {
        self.asked.take()
    }
}

/// A call that the supervisor never takes is a refusal.
impl Drop for Call {
    fn drop(&mut self) {
        if let Some((Demand::Start { .. } | Demand::StartInReserved { .. } | Demand::CleanUp { .. }, _)) =
            &self.asked
        {
            self.refusals.note();
        }
    }
}

impl Answer {
    /// Answers. If the caller has given up waiting, the answer is dropped here, with a user's error that it may hold.
    pub(super) fn send(self, result: Result<Success, Refusal>) {
        drop_quietly(self.0.send(result));
    }
}
