//! How a process child is started, and what its supervisor holds of it.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use ractor::{ActorRef, ActorRuntime};
use rootward_core::{
    ChildKind, Inspect, Launch, RunningChild, SpecError, SpecProblem, StartChild, StartContext, StartError,
    StopRequest, Straggler,
};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::actor::{Message, ProcessActor, State};
use super::body::Body;
use super::keeper::{self, Keeper};
use super::stragglers::Stragglers;
use crate::Containment;
use crate::Signal;
use crate::policy::{Action, Input, Life};
use crate::set::Grip;
use crate::spec::{Process, problem_with};

/// Starts incarnations of a process.
pub(crate) struct StartProcess {
    process: Arc<Process>,
    /// Where a test finds the actor of the last incarnation.
    #[cfg(test)]
    pub(super) actor: Arc<std::sync::Mutex<Option<ActorRef<Message>>>>,
}

impl StartProcess {
    pub(crate) fn new(process: Arc<Process>) -> Self {
        Self {
            process,
            #[cfg(test)]
            actor: Arc::default(),
        }
    }
}

impl StartChild for StartProcess {
    fn kind(&self) -> ChildKind {
        ChildKind::Process
    }

    fn start(&self, cx: StartContext) -> Launch {
        let rules = self.process.rules(cx.shutdown);
        let asks = rules.ladder.first();
        let grip = Arc::new(Grip::default());
        let containment = cx.provided::<Containment>().map(|it| (*it).clone()).unwrap_or_default();
        let stragglers = Arc::default();
        let held = (Arc::clone(&grip), Arc::clone(&stragglers));
        let mut body = Body::new(Arc::clone(&self.process), containment.launcher(), held, &cx);
        let mut life = Life::new(rules.clone());
        // The program first: while it starts there is time for those who look after it.
        if life.step(Input::Begin, Instant::now().into_std()).contains(&Action::Launch) {
            body.launch();
        }
        let (orders, receiver) = mpsc::unbounded_channel();
        // Neither named nor linked: a name is global and a link kills, and both would be ractor's business and not ours.
        let state = State::new(life, orders);
        let actor = match ActorRuntime::spawn_instant(None, ProcessActor, state) {
            Ok((actor, joined)) => keeper::Actor::new(actor, receiver, joined),
            Err(error) => return Launch::Failed(StartError::new(error)),
        };
        #[cfg(test)]
        {
            *self.actor.lock().unwrap() = Some(actor.mailbox().clone());
        }
        cx.register_kill(&grip);
        let leftovers = Arc::new(Leftovers { stragglers, _grip: grip });
        let running = RunningProcess { actor: actor.mailbox().clone(), leftovers, asks };
        let mut keeper = Keeper::new(actor, rules, body, cx.reporter);
        #[expect(clippy::disallowed_methods, reason = "the keeper is how the process belongs to the tree")]
        tokio::spawn(async move { keeper.keep().await });
        Launch::starting(running)
    }

    fn check(&self, path: &str) -> Result<(), SpecError> {
        match problem_with(&self.process) {
            Some(problem) => Err(SpecError::new(path, SpecProblem::Child(problem))),
            None => Ok(()),
        }
    }
}

/// What the supervisor holds of a process.
struct RunningProcess {
    actor: ActorRef<Message>,
    leftovers: Arc<Leftovers>,
    /// The first signal of the ladder.
    asks: Signal,
}

/// What may be seen of a process from outside.
struct Leftovers {
    stragglers: Arc<Mutex<Stragglers>>,
    /// Keeps the kill handle registered for as long as the process has not been reported as gone.
    _grip: Arc<Grip>,
}

impl Inspect for Leftovers {
    fn stragglers(&self) -> Vec<Straggler> {
        self.stragglers.lock().unwrap_or_else(PoisonError::into_inner).report_so_far()
    }
}

impl RunningProcess {
    fn tell(&self, fact: Input) {
        // An actor that is gone is missed by its keeper, which ends the process in its place.
        let _ = self.actor.cast(Message::Fact(fact));
    }
}

impl RunningChild for RunningProcess {
    fn stop(&mut self, _request: StopRequest) {
        // The deadline is the supervisor's to keep: when it is over, `force` is called.
        self.tell(Input::Stop);
    }

    fn force(&mut self) {
        self.tell(Input::Force);
    }

    fn force_name(&self) -> &'static str {
        "SIGKILL"
    }

    fn stop_signal(&self) -> Option<Cow<'static, str>> {
        Some(self.asks.name())
    }

    fn inspect(&self) -> Option<Arc<dyn Inspect>> {
        Some(Arc::clone(&self.leftovers) as _)
    }
}
