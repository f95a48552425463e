//! How a process child is started, and what its supervisor holds of it.

use std::borrow::Cow;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError};

use ractor::{ActorRef, ActorRuntime};
use rootward_core::sibling::{self, Inspect, awake_now};
use rootward_core::{
    ChildKind, HealthFindings, Launch, ProcessDetails, ProcessEvents, RunningChild, SpecError, SpecProblem,
    StartChild, StartContext, StartError, StopRequest, StopStep, Straggler, Usage,
};
use tokio::sync::oneshot;

use super::health_state::{HealthState, StopSteps};
use super::launching;
use super::message::OwnerMessage;
use super::newline::Newline;
use super::notices::Notices;
use super::outputs::{LineSinks, LogOutput};
use super::owner::{Beginning, Owner, ProcessActor, SharedOwner};
use super::path_state::PathBefore;
use super::sensor::Sensor;
use super::shown::Shown;
use super::start_log::StartLog;
use crate::Containment;
use crate::Signal;
use crate::default_containment::{ByDefault, DefaultContainment};
use crate::launch::{LaunchError, Launcher, Order, problem_with_identity, with_directory};
use crate::policy::{Life, LifeInput, Retry};
use crate::set::{Ack, KillSlot};
use crate::spec::{Process, problem_with};
use crate::usage::usage_of;

/// Starts incarnations of a process.
pub(crate) struct StartProcess {
    process: Arc<Process>,
    /// Whether the program has run, in any incarnation.
    has_run: Arc<AtomicBool>,
    #[cfg(test)]
    pub(super) test: super::tests::Seams,
}

impl StartProcess {
    pub(crate) fn new(process: Arc<Process>) -> Self {
        Self {
            process,
            has_run: Arc::default(),
            #[cfg(test)]
            test: Default::default(),
        }
    }

    fn launcher(&self, cx: &StartContext) -> Arc<dyn Launcher> {
        #[cfg(test)]
        if let Some(launcher) = &self.test.launcher {
            return Arc::clone(launcher);
        }
        cx.provided::<Containment>().map(|it| it.launcher()).unwrap_or_else(|| {
            let chosen = sibling::kept_by_tree::<DefaultContainment>(cx);
            Arc::new(ByDefault::new(chosen, sibling::containment_notes(cx)))
        })
    }
}

impl StartChild for StartProcess {
    fn kind(&self) -> ChildKind {
        ChildKind::Process
    }

    fn start(&self, cx: StartContext) -> Launch {
        let rules = self.process.rules(cx.shutdown);
        let (asks, has_steps) = (rules.ladder.first(), rules.ladder.is_long());
        let (sink, retries) = (cx.process_events(), cx.retries());
        let (tasks, launcher) = (cx.task_runtime().clone(), self.launcher(&cx));
        let mut shared = SharedOwner::default();
        cx.register_kill(&shared.kill_handle);
        if let Some(slot) = cx.provided::<KillSlot>() {
            slot.hold(&shared.kill_handle);
        }
        let pacer = sibling::pacer(&cx).clone();
        let ack = Ack::new(cx.reporter);
        let process = match with_directory(&self.process) {
            Ok(process) => process,
            Err(error) => return Launch::Failed(StartError::new(error)),
        };
        // The program first: while it starts there is time to make its owner.
        let mut life = Life::new(rules);
        life.step(LifeInput::Begin, awake_now());
        let log = process.readiness().map(|_| Arc::new(StartLog::default()));
        (shared.log, shared.shown) = (log.clone(), shown(&process, asks.filter(|_| has_steps)));
        let (process, notices) = match with_notices(process, &sink, &shared) {
            Ok(it) => it,
            Err(error) => {
                return Launch::Failed(StartError::new(LaunchError::new(self.process.command(), error)));
            }
        };
        let health_state = process.get_health().map(|_| {
            let signs = notices.as_ref().map(|notices| notices.signs());
            Box::new(HealthState::new(sink.clone(), signs))
        });
        let steps = has_steps.then(|| Box::new(StopSteps::new(sink.clone())));
        let (newline, pipe) = match process.ready_descriptor().map(|number| (number, Newline::open())) {
            None => (None, None),
            Some((number, Ok((newline, theirs)))) => (Some(Box::new(newline)), Some((number, theirs))),
            Some((_, Err(error))) => {
                return Launch::Failed(StartError::new(LaunchError::new(process.command(), error)));
            }
        };
        let order = Order {
            pipe,
            process: Arc::clone(&process),
            kill_handle: Arc::clone(&shared.kill_handle),
            ack: ack.clone(),
        };
        let (wanted, called_off) = oneshot::channel();
        let again = launching::Again {
            retry: Retry::new(process.get_retry_start(), awake_now()),
            retries,
            events: sink.clone(),
            has_run: Arc::clone(&self.has_run),
            called_off,
        };
        let before = paths_before(&process, log.as_deref(), health_state.as_deref());
        let launching = launching::begin(Arc::clone(&launcher), order, before, again);
        let ready = process.readiness().and_then(|ready| ready.line_to_match().cloned());
        let file = process.command().log.as_ref();
        let events = file.is_none_or(|file| file.events).then(|| sink.clone());
        let file = file.map(|file| LogOutput { writer: Arc::clone(&file.writer), sink });
        let lines = LineSinks::new(events, ready, log.clone()).with_log(file);
        let (over, is_over) = oneshot::channel();
        let sensor = Sensor {
            process: Arc::clone(&process),
            launching,
            lines,
            notices,
            newline,
            log: log.clone(),
            pacer: pacer.clone(),
            is_over,
        };
        let shared_owner = shared.clone();
        let owner = Owner::new(Beginning {
            life,
            process,
            tasks,
            launcher,
            log,
            ack,
            shared: shared_owner,
            pacer,
            health_state,
            steps,
            wanted,
            over,
        });
        // Neither named nor linked: a name is global and a link kills, and both would be ractor's business and not
        // ours.
        match ActorRuntime::spawn_instant(None, ProcessActor, (owner, sensor)) {
            Ok((actor, _)) => {
                #[cfg(test)]
                self.test.started(&actor);
                Launch::starting(RunningProcess { actor, shared: Arc::new(shared), asks })
            }
            Err(error) => Launch::Failed(StartError::new(error)),
        }
    }

    fn check(&self, path: &str) -> Result<(), SpecError> {
        match self.process.problem() {
            Some(problem) => Err(SpecError::new(path, SpecProblem::Child(problem))),
            None => Ok(()),
        }
    }
}

impl Process {
    /// What is wrong with the description, in words, as far as it can be known before the process is started. `None` if
    /// nothing is. A tree that is built says the same.
    ///
    /// Users and groups that are named are looked up, for which this may block.
    pub fn problem(&self) -> Option<String> {
        problem_with(self).or_else(|| problem_with_identity(self))
    }
}

/// The paths at which it is told that the process is ready or well, and where it goes what stands there before.
fn paths_before(process: &Process, log: Option<&StartLog>, health: Option<&HealthState>) -> Vec<PathBefore> {
    let ready = process.awaited_path().zip(log.map(|log| &log.before));
    let health = process.watched_path().zip(health.map(|health| &health.before));
    let both = ready.into_iter().chain(health);
    both.map(|(path, found)| PathBefore { path, found: Arc::clone(found) }).collect()
}

/// What others may see of an incarnation that begins.
fn shown(process: &Process, asks: Option<Signal>) -> Arc<Shown> {
    let awaits = process.readiness().map(|ready| ready.describe());
    let health = process.get_health();
    let health = health.map(|health| {
        let mut unknown = HealthFindings::default();
        (unknown.checks, unknown.threshold) = (health.describe(), health.threshold_in_force());
        unknown
    });
    Arc::new(Shown::new(awaits, health, asks.map(|signal| signal.name().to_owned())))
}

/// A process that speaks the notify protocol gets a socket of its own for every start.
fn with_notices(
    process: Arc<Process>,
    sink: &ProcessEvents,
    shared: &SharedOwner,
) -> io::Result<(Arc<Process>, Option<Box<Notices>>)> {
    if !process.notifies() {
        return Ok((process, None));
    }
    let (notices, name) = Notices::open(sink.clone(), shared.log.clone(), Arc::clone(&shared.shown))?;
    let mut notifying = Process::clone(&process).env("NOTIFY_SOCKET", name);
    if let Some(timeout) = process.watchdog() {
        notifying = notifying.env("WATCHDOG_USEC", timeout.as_micros().to_string());
    }
    Ok((Arc::new(notifying), Some(Box::new(notices))))
}

/// What the supervisor holds of a process.
struct RunningProcess {
    actor: ActorRef<OwnerMessage>,
    /// What others may look at. It keeps the kill handle registered until the process has been reported as gone.
    shared: Arc<SharedOwner>,
    /// The first signal of the ladder, unless that begins with a command.
    asks: Option<Signal>,
}

impl RunningProcess {
    fn tell(&self, message: OwnerMessage) {
        // An owner that is gone has left its process to `KillOnDrop`, which kills it.
        let _ = self.actor.cast(message);
    }
}

impl RunningChild for RunningProcess {
    fn stop(&mut self, _request: StopRequest) {
        // The deadline is the supervisor's to keep: when it is over, `force` is called.
        self.tell(OwnerMessage::Stop);
    }

    fn force(&mut self) {
        self.tell(OwnerMessage::Force);
    }

    fn force_name(&self) -> &'static str {
        "SIGKILL"
    }

    fn stop_signal(&self) -> Option<Cow<'static, str>> {
        Some(self.asks?.name().into())
    }

    fn inspect(&self) -> Option<Arc<dyn Inspect>> {
        Some(Arc::clone(&self.shared) as _)
    }
}

impl Inspect for SharedOwner {
    fn details(&self) -> Option<Box<ProcessDetails>> {
        self.shown.details(self.log.as_deref(), awake_now())
    }

    fn usage(&self) -> Option<Usage> {
        usage_of(&*self.kill_handle.set()?)
    }

    fn signal(&self, signal: Signal) -> Option<io::Result<()>> {
        match self.kill_handle.set()?.tell_program(signal) {
            // The program has ended.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => None,
            sent => Some(sent),
        }
    }

    fn can_crash(&self) -> bool {
        true
    }

    fn crash(&self) {
        self.kill_handle.kill();
    }

    fn steps(&self) -> Vec<StopStep> {
        self.shown.steps()
    }

    fn stragglers(&self) -> Vec<Straggler> {
        self.stragglers.lock().unwrap_or_else(PoisonError::into_inner).report_so_far()
    }
}
