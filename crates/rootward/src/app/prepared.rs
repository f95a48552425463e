//! A program that is ready to run, and how it is run.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use rootward_core::{Ending, Events, StopCause, StopReport, Tree, TreeBuilder, capture_panics, sibling};
use rootward_signals::{SignalError, Signals, SignalsGuard};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

use super::observing::{Observing, PreparedDoor};
use super::panics::let_hooks_block;
use super::probes_setup::{BoundProbes, ProbesSetup};
use super::process_containment::ProcessContainment;
use super::runtimes::{Runtimes, require_no_runtime};
use super::service_manager::{ExitTeller, ManagerLink};
use super::{Finished, RunError};

pub(super) type OnLaunch = Box<dyn FnOnce(&Tree) + Send>;
pub(super) type OnReport = Box<dyn FnOnce(&StopReport) + Send>;

/// A program whose tree has been checked, and that has not begun.
#[must_use = "an application does nothing until it is run"]
pub struct Prepared {
    pub(super) tree: TreeBuilder,
    pub(super) signals: Signals,
    pub(super) on_launch: Option<OnLaunch>,
    pub(super) on_report: Option<OnReport>,
    pub(super) task_runtime: Option<Builder>,
    pub(super) containment: ProcessContainment,
    pub(super) manager: ManagerLink,
    pub(super) exit_teller: ExitTeller,
    pub(super) probing: ProbesSetup,
    pub(super) observing: Observing,
}

impl Prepared {
    /// Subscribes to the tree's events, from the first one on.
    ///
    /// The application's runtimes end with its tree, so a reader belongs on a thread of its own, with
    /// [`Events::blocking_next`], or on another runtime. It sees all events up to the root's last, also after
    /// [`run`](Self::run) has returned.
    pub fn subscribe(&mut self) -> Events {
        self.tree.subscribe()
    }

    /// Runs the program until its tree has stopped, for whatever reason, or a third signal says to leave. It
    /// writes nothing by itself, except the snapshot on SIGUSR1 unless the application said where that goes.
    ///
    /// # Errors
    ///
    /// [`RunError`] if the system refused something that is needed to begin.
    ///
    /// # Panics
    ///
    /// If it is called from within a tokio runtime: it brings its own. There [`run_async`](Self::run_async) does the
    /// same.
    pub fn run(self) -> Result<Finished, RunError> {
        self.run_guarded().map(|(finished, _guard)| finished)
    }

    /// Runs the program as [`run`](Self::run) does, and leaves its signals caught until the guard is dropped.
    ///
    /// This is for a program that has something to write when its tree is gone: a report, a farewell. A second SIGTERM
    /// or a second SIGINT that belongs to the same request, as wrappers and orchestrators send them, does not end it
    /// meanwhile. No handler is called any more, and a third request ends the program: [`SignalsGuard::conclude`] says
    /// how.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    ///
    /// # Examples
    ///
    /// ```
    /// use rootward::{Application, ChildSpec, Supervisor};
    ///
    /// let hello = ChildSpec::task("hello", |_| async { println!("hello") });
    /// let prepared = Application::new(Supervisor::new("root").child(hello)).prepare()?;
    /// let (finished, guard) = prepared.run_guarded()?;
    /// println!("ended with status {}", finished.status());
    /// drop(guard);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run_guarded(mut self) -> Result<(Finished, SignalsGuard), RunError> {
        require_no_runtime();
        let on_report = self.on_report.take();
        tell(self.begin(None)?.finish(pending())?, on_report)
    }

    /// Runs the program as [`run`](Self::run) does, inside a runtime that is there already, as in `#[tokio::main]`.
    ///
    /// The tree's tasks run on the caller's runtime, unless the application has one built
    /// ([`Application::task_runtime`](crate::Application::task_runtime)). Supervisors and the owners of processes have
    /// a runtime of their own all the same, and the signals a thread.
    ///
    /// A runtime that is dropped waits for tasks that do not yield and for blocking work. So a `main` that returns
    /// after a status 4, or after a third signal, may be held up by the caller's runtime: a program with such tasks
    /// leaves by [`std::process::exit`] with [`Finished::status`], or calls [`run`](Self::run) instead.
    ///
    /// # Errors
    ///
    /// [`RunError`] if the system refused something that is needed to begin.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the tree is stopped in the background, in order.
    pub async fn run_async(self) -> Result<Finished, RunError> {
        self.run_guarded_async().await.map(|(finished, _guard)| finished)
    }

    /// [`run_async`](Self::run_async), with the signals caught until the guard is dropped.
    pub(super) async fn run_guarded_async(mut self) -> Result<(Finished, SignalsGuard), RunError> {
        let on_report = self.on_report.take();
        let begun = self.begin(Some(Handle::current()))?;
        let (_alive, dropped) = oneshot::channel::<Infallible>();
        let (sender, finish) = oneshot::channel();
        // The way out does not depend on the caller's threads, which foreign code may block.
        let way_out = move || {
            let finish = catch_unwind(AssertUnwindSafe(|| begun.finish(async { drop(dropped.await) })));
            // The caller may have left.
            let _ = sender.send(finish);
        };
        let thread = thread::Builder::new().name("rootward-signals".to_owned());
        thread.spawn(way_out).map_err(RunError::of_runtime)?;
        match finish.await.expect("the thread says how it went") {
            Ok(finish) => tell(finish?, on_report),
            Err(payload) => resume_unwind(payload),
        }
    }

    /// Builds the runtimes.
    fn begin(self, caller: Option<Handle>) -> Result<ReadyProgram, RunError> {
        capture_panics();
        // After that, so that the place of a panic is looked up where it may block: the standard library has a lock
        // for that, which a hook holds that writes.
        let_hooks_block();
        more_descriptors();
        let Self {
            mut tree, signals, on_launch, task_runtime, containment, manager, probing, observing, ..
        } = self;
        let runtimes = Runtimes::build(task_runtime, caller).map_err(RunError::of_runtime);
        let all = runtimes.and_then(|runtimes| Ok((runtimes, probing.open()?, observing.open(&mut tree)?)));
        let (runtimes, probes, door) = all.inspect_err(|_| containment.let_go())?;
        containment.begin();
        let tree = tree.task_runtime(runtimes.tasks().clone());
        let signals = signals.handler_runtime(runtimes.tasks().clone());
        let tree = tree.provide(Arc::new(signals.handlers()));
        Ok(ReadyProgram {
            runtimes,
            containment,
            program: TreeProgram { tree, signals, on_launch, manager, probes, door },
        })
    }
}

/// A tree of many processes takes many descriptors. Its children get the limit that there was.
fn more_descriptors() {
    #[cfg(all(feature = "procs", target_os = "linux"))]
    {
        // With fewer, fewer children can be started, and the error of the start says so.
        let _ = rootward_procs::raise_descriptor_limit();
    }
}

/// What tells the service manager of this program with which status it ends. A program that is prepared and run by hand
/// may have more to do when its tree is gone, and is the only one to know.
pub fn exit_teller(program: &Prepared) -> ExitTeller {
    program.exit_teller.clone()
}

/// A program that has its runtimes.
struct ReadyProgram {
    runtimes: Runtimes,
    containment: ProcessContainment,
    program: TreeProgram,
}

/// What is run.
struct TreeProgram {
    tree: TreeBuilder,
    signals: Signals,
    on_launch: Option<OnLaunch>,
    manager: ManagerLink,
    probes: BoundProbes,
    door: PreparedDoor,
}

/// How a program finished.
struct Finish {
    finished: Finished,
    /// If the function that was to be called at the launch has panicked.
    panic: Option<Payload>,
    /// What arrives while the end is told may belong to the request that has led to it.
    guard: SignalsGuard,
}

impl ReadyProgram {
    /// Runs the program to its end on the calling thread. The tree is asked to stop when `given_up` is over.
    fn finish(self, given_up: impl Future<Output = ()>) -> Result<Finish, RunError> {
        let Self { runtimes, containment, program } = self;
        let finish = runtimes.block_on(drive(&runtimes, &containment, program, given_up))?;
        containment.end(&finish.finished);
        Ok(finish)
    }
}

/// Tells the application how it went.
fn tell(finish: Finish, on_report: Option<OnReport>) -> Result<(Finished, SignalsGuard), RunError> {
    let Finish { finished, panic, guard } = finish;
    if let Some(payload) = panic {
        resume_unwind(payload);
    }
    if let (Some(hook), Finished::Stopped(report)) = (on_report, &finished) {
        hook(report);
    }
    Ok((finished, guard))
}

/// What a panic carries.
type Payload = Box<dyn Any + Send>;

/// Runs the tree on the control runtime, and waits for its end or for a way out on the runtime that awaits this.
async fn drive(
    runtimes: &Runtimes,
    containment: &ProcessContainment,
    program: TreeProgram,
    given_up: impl Future<Output = ()>,
) -> Result<Finish, SignalError> {
    let TreeProgram { tree, signals, on_launch, manager, probes, door } = program;
    let on_launch = on_launch.map(|hook| LaunchCall::prepare(hook, runtimes));
    // Before anything is started: a Ctrl-C during a slow start has to stop what has been started so far.
    let listening = signals.listen()?;
    let tree = {
        let _entered = runtimes.enter_control();
        tree.launch()
    };
    let all_told = manager.attach(&tree);
    let _answers = probes.attach(&tree);
    let closed = door.attach(&tree);
    let guard = listening.attach(&tree);
    let mut panic = None;
    let stopped = async {
        let launched = async {
            if let Some(call) = on_launch {
                panic = call.make(&tree).await.err();
            }
            if panic.is_some() {
                tree.request_stop();
            }
        };
        tokio::join!(tree.wait(), launched).0
    };
    let lost = async {
        containment.lost().await;
        sibling::request_stop_for(&tree, StopCause::Uncontained);
        std::future::pending::<Infallible>().await
    };
    let given_up = async {
        given_up.await;
        tree.request_stop();
        std::future::pending::<Infallible>().await
    };
    let finished = tokio::select! {
        biased;
        status = guard.exit_requested() => left(status, &tree).await,
        report = stopped => Finished::Stopped(report),
        never = lost => match never {},
        never = given_up => match never {},
    };
    guard.conclude();
    if finished.ending() == Some(Ending::Incomplete) {
        // What was not known to be gone may be a process whose owner had no turn.
        tree.kill_processes();
    }
    tree.logged(log_patience(&finished)).await;
    if finished.ending().is_some() {
        // The service manager hears how the tree ended from a process that is still there.
        let _ = tokio::time::timeout(LAST_WORD, all_told).await;
    }
    if finished.ending().is_some_and(|ending| ending != Ending::Incomplete) {
        // Watchers take the last events.
        let _ = tokio::time::timeout(LAST_LOOK, closed).await;
    }
    Ok(Finish { finished, panic, guard })
}

/// The call of the application's function, on a thread where it can hold up neither the way out nor a supervisor.
struct LaunchCall {
    tree: mpsc::Sender<Tree>,
    called: Result<JoinHandle<()>, Payload>,
}

impl LaunchCall {
    /// Takes its thread. Before anything is started, which might leave none of those that the system allows.
    fn prepare(hook: OnLaunch, runtimes: &Runtimes) -> Self {
        let (tree, launched) = mpsc::channel();
        let call = move || {
            if let Ok(tree) = launched.recv() {
                hook(&tree);
            }
        };
        // It panics if the system has no thread for it.
        let called = catch_unwind(AssertUnwindSafe(|| runtimes.tasks().spawn_blocking(call)));
        Self { tree, called }
    }

    async fn make(self, tree: &Tree) -> Result<(), Payload> {
        let called = self.called?;
        // It waits for this.
        let _ = self.tree.send(tree.clone());
        match called.await.map_err(JoinError::try_into_panic) {
            Err(Ok(payload)) => Err(payload),
            // It cannot be cancelled.
            Ok(()) | Err(Err(_)) => Ok(()),
        }
    }
}

/// How long the program waits for its log to be complete, if the log gets on.
fn log_patience(finished: &Finished) -> Duration {
    match finished {
        Finished::Left { .. } => FAREWELL,
        Finished::Stopped(_) => Duration::from_secs(1),
    }
}

/// How long a program whose tree is gone waits for its door to close.
const LAST_LOOK: Duration = Duration::from_secs(3);

/// How long a program whose tree is gone waits until its service manager has been told of that.
const LAST_WORD: Duration = Duration::from_secs(1);

/// How long a program that leaves at once waits for a report of what is known.
const FAREWELL: Duration = Duration::from_millis(100);

async fn left(status: u8, tree: &Tree) -> Finished {
    tree.report_now();
    Finished::Left { status, report: tokio::time::timeout(FAREWELL, tree.wait()).await.ok() }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("tree", &self.tree)
            .field("signals", &self.signals)
            .finish_non_exhaustive()
    }
}
