//! The three runtimes of a program around one tree.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rootward_core::subscriber::WithoutRactor;
use tokio::runtime::{Builder, EnterGuard, Handle, Runtime};

use super::{panics, system_limits};

/// A runtime for the way out, one for what must always answer, and one for the tasks, which are foreign code.
///
/// A task that never yields keeps the worker thread it is on. On the tasks' runtime it can starve other tasks and
/// nothing else: the supervisors still hear signals, stop everything that can be stopped, and name the task that
/// would not go. Should foreign code block the control runtime as well, as a start of a child of the application's
/// own kind can, then the signals, which have a thread to themselves, still lead out.
#[derive(Debug)]
pub(super) struct Runtimes {
    subscriber: WithoutRactor,
    way_out: InBackground,
    control: InBackground,
    tasks: Tasks,
}

/// Where tasks run.
#[derive(Debug)]
enum Tasks {
    Own(InBackground),
    OfTheCaller(Handle),
}

/// Two, so that one is there to watch timers and sockets while the other is at work. A tree's own work is
/// small.
const CONTROL_THREADS: usize = 2;

/// Three of the signals, those of the last kill, of the detector, of what helps with foreign code and of the log, that
/// which hears the warden or starts programs, and one for blocking work.
const OTHER_THREADS: usize = 9;

/// Those of three runtimes, of which each has a driver for sockets and one for signals, and of what hears the process's
/// signals. With that many there is room for a process as well.
const DESCRIPTORS: usize = 26;

/// How many threads the runtime of tasks has by default. A builder does not say how many it makes.
fn task_threads(caller: Option<&Handle>) -> usize {
    match caller {
        Some(_) => 0,
        None => std::thread::available_parallelism().map_or(1, usize::from),
    }
}

impl Runtimes {
    /// Tasks run on the runtime that this builder makes, or on this one, or on one with tokio's defaults.
    pub(super) fn build(tasks: Option<Builder>, caller: Option<Handle>) -> io::Result<Self> {
        system_limits::for_descriptors(DESCRIPTORS)?;
        system_limits::for_threads(CONTROL_THREADS + OTHER_THREADS + task_threads(caller.as_ref()))?;
        let way_out = Builder::new_current_thread().enable_all().build()?;
        let subscriber = WithoutRactor::of_the_default();
        let there = subscriber.clone();
        let control = Builder::new_multi_thread()
            .worker_threads(CONTROL_THREADS)
            .thread_name("rootward-control")
            // A subscriber may block or panic when ractor makes or enters a span, and here it could take the way out
            // away.
            .on_thread_start(move || {
                panics::note_control_thread();
                there.enter_thread();
            })
            .on_thread_stop(WithoutRactor::leave_thread)
            .enable_all()
            .build()?;
        let tasks = match (tasks, caller) {
            (None, Some(caller)) => Tasks::OfTheCaller(caller),
            (builder, _) => Tasks::Own(builder.unwrap_or_else(usual).enable_all().build()?.into()),
        };
        Ok(Self { subscriber, way_out: way_out.into(), control: control.into(), tasks })
    }

    /// Runs a future on the calling thread, together with whatever it spawns and with nothing else.
    ///
    /// ractor's spans do not reach the program's subscriber meanwhile, as on the control runtime.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let _leaves = LeavesRactorOut::of(&self.subscriber);
        self.way_out.runtime().block_on(future)
    }

    /// Has what is spawned until the guard is dropped run on the control runtime.
    pub(super) fn enter_control(&self) -> EnterGuard<'_> {
        self.control.runtime().enter()
    }

    pub(super) fn tasks(&self) -> &Handle {
        match &self.tasks {
            Tasks::Own(own) => own.runtime().handle(),
            Tasks::OfTheCaller(caller) => caller,
        }
    }
}

/// Panics on a thread that drives a runtime, and says what to call there.
///
/// A thread that has entered a runtime and drives none, such as one of `spawn_blocking`, may drive another one. Only
/// tokio knows the difference, and says it by a panic of its own, which names a function that the program has not
/// called.
pub(super) fn require_no_runtime() {
    if Handle::try_current().is_err() {
        return;
    }
    let Ok(probe) = Builder::new_current_thread().build() else { return };
    let entered = catch_unwind(AssertUnwindSafe(|| probe.block_on(async {})));
    probe.shutdown_background();
    assert!(
        entered.is_ok(),
        "`run` brings runtimes of its own, and this is called inside one: await `Application::run_async` here, \
         or call `run` from a `main` that is not async"
    );
}

/// The runtime of tasks, unless the application says otherwise.
fn usual() -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.thread_name("rootward-task");
    builder
}

/// Leaves ractor's spans out on the calling thread until it is dropped, also by a panic.
struct LeavesRactorOut;

impl LeavesRactorOut {
    fn of(subscriber: &WithoutRactor) -> Self {
        subscriber.enter_thread();
        Self
    }
}

impl Drop for LeavesRactorOut {
    fn drop(&mut self) {
        WithoutRactor::leave_thread();
    }
}

/// A runtime that is shut down in the background when it is dropped.
///
/// An ordinary drop waits for every task to yield and every blocking thread to return. By now everything that
/// could be brought down is gone; what is left has been reported as unreapable, and waiting for it again
/// would keep the program from saying so.
#[derive(Debug)]
struct InBackground(Option<Runtime>);

impl InBackground {
    fn runtime(&self) -> &Runtime {
        self.0.as_ref().expect("a runtime is there until it is dropped")
    }
}

impl From<Runtime> for InBackground {
    fn from(runtime: Runtime) -> Self {
        Self(Some(runtime))
    }
}

impl Drop for InBackground {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
