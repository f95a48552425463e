//! The two runtimes of a program around one tree.

use std::io;

use rootward_core::subscriber::WithoutRactor;
use tokio::runtime::{Builder, Handle, Runtime};

/// One runtime for what must always answer, and one for the tasks, which are somebody else's code.
///
/// A task that never yields keeps the worker thread it is on. On the tasks' runtime it can starve other tasks
/// and nothing else: the supervisors still hear signals, stop everything that can be stopped, and name the
/// task that would not go.
#[derive(Debug)]
pub(super) struct Runtimes {
    control: InBackground,
    tasks: InBackground,
}

/// Two, so that one is there to watch timers and sockets while the other is at work. A tree's own work is
/// small.
const CONTROL_THREADS: usize = 2;

impl Runtimes {
    pub(super) fn build() -> io::Result<Self> {
        let subscriber = WithoutRactor::of_the_default();
        let control = Builder::new_multi_thread()
            .worker_threads(CONTROL_THREADS)
            .thread_name("rootward-control")
            // A subscriber may block or panic when ractor makes or enters a span, and here it could take the way out away.
            .on_thread_start(move || subscriber.enter_thread())
            .on_thread_stop(WithoutRactor::leave_thread)
            .enable_all()
            .build()?;
        let tasks = Builder::new_multi_thread().thread_name("rootward-task").enable_all().build()?;
        Ok(Self { control: InBackground(Some(control)), tasks: InBackground(Some(tasks)) })
    }

    pub(super) fn control(&self) -> &Runtime {
        self.control.runtime()
    }

    pub(super) fn tasks(&self) -> &Handle {
        self.tasks.runtime().handle()
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

impl Drop for InBackground {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
