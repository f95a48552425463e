//! What a scenario consists of.

use std::sync::Arc;
use std::time::Duration;

use crate::options::{ChildOptions, SupervisorOptions, WorkerOptions};

/// The name of a worker or a supervisor, the same in the whole scenario.
pub(crate) type Id = Arc<str>;

/// One tree, and what is done with it.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) root: Arc<Definition>,
    /// What is started together with its supervisor.
    pub(crate) definitions: Vec<Arc<Definition>>,
    pub(crate) steps: Vec<Line>,
}

impl Scenario {
    /// How many events there may be at once: every child may be stopped and started as often as its supervisor allows,
    /// up to what a supervisor does before it lets others have their turn.
    pub(crate) fn burst(&self) -> usize {
        let added = self.steps.iter().filter_map(|line| line.step.added());
        let all = [&self.root].into_iter().chain(&self.definitions).chain(added);
        let restarts = all.map(|definition| definition.what.intensity());
        let rounds = 2 + usize::try_from(restarts.max().unwrap_or(0)).unwrap_or(usize::MAX - 2);
        let children = self.definitions.len() + self.steps.len();
        children.saturating_mul(rounds).saturating_mul(4).min(1 << 17) + 1024
    }
}

/// A step, and the line that describes it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) step: Step,
}

/// Describes a worker or a supervisor.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) id: Id,
    /// Its supervisor. The root has none, and neither has what a step starts.
    pub(crate) parent: Option<Id>,
    pub(crate) plan: Plan,
    pub(crate) what: What,
}

/// What is defined, and how it lives.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Worker(WorkerOptions),
    Supervisor(SupervisorOptions),
}

impl What {
    /// How many restarts it allows.
    fn intensity(&self) -> u32 {
        match self {
            Self::Worker(_) => 0,
            Self::Supervisor(options) => options.intensity.unwrap_or(0),
        }
    }

    /// What it has in common with every other child.
    pub(crate) fn as_child(&self) -> &ChildOptions {
        match self {
            Self::Worker(options) => &options.child,
            Self::Supervisor(options) => &options.child,
        }
    }
}

/// What comes of each attempt to start something. The last outcome repeats.
#[derive(Clone, Debug)]
pub(crate) struct Plan(pub(crate) Vec<Outcome>);

/// What comes of one attempt to start something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Runs,
    Fails,
    Ignored,
}

impl Plan {
    /// What comes of this attempt, counted from 0.
    pub(crate) fn outcome(&self, attempt: usize) -> Outcome {
        let last = self.0.last().copied().unwrap_or(Outcome::Runs);
        self.0.get(attempt).copied().unwrap_or(last)
    }
}

/// How a worker ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Normal,
    Shutdown,
    /// OTP's `{shutdown, _}`.
    ShutdownTerm,
    Abnormal,
    Killed,
}

/// One thing that is done.
#[derive(Debug)]
pub(crate) enum Step {
    Exit { id: Id, reason: Reason },
    Batch { supervisor: Id, exits: Vec<(Id, Reason)> },
    StartChild { supervisor: Id, child: Arc<Definition> },
    Spawn { supervisor: Id, id: Id },
    Terminate { supervisor: Id, id: Id },
    Restart { supervisor: Id, id: Id },
    Delete { supervisor: Id, id: Id },
    GetSpec { supervisor: Id, id: Id },
    Which { supervisor: Id },
    Count { supervisor: Id },
    Sleep(Duration),
    Stop,
}

impl Step {
    /// What the step adds to a supervisor.
    fn added(&self) -> Option<&Arc<Definition>> {
        if let Self::StartChild { child, .. } = self { Some(child) } else { None }
    }
}
