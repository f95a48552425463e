//! Code that blocks its thread until the test lets it go, and runtimes whose threads it may take.

use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use rootward::report::{Ending, Stuck};
use rootward::{ChildSpec, StopReport};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::within;

/// A place in which a thread stays until the test lets it go.
#[derive(Clone)]
pub(crate) struct Blocked {
    is_there: watch::Sender<bool>,
    released: Arc<Mutex<mpsc::Receiver<()>>>,
}

/// Lets all blocked threads go when it is dropped.
pub(crate) type Release = mpsc::Sender<()>;

impl Blocked {
    pub(crate) fn new() -> (Self, Release) {
        let (release, released) = mpsc::channel();
        (Self { is_there: watch::Sender::new(false), released: Arc::new(Mutex::new(released)) }, release)
    }

    /// Blocks this thread.
    pub(crate) fn stay(&self) {
        self.is_there.send_replace(true);
        let _ = self.released.lock().unwrap_or_else(PoisonError::into_inner).recv();
    }

    /// Waits until a thread is there.
    pub(crate) async fn is_there(&self) {
        let mut is_there = self.is_there.subscribe();
        let there = async { is_there.wait_for(|is_there| *is_there).await.map(drop) };
        within("a thread that is blocked", there).await.expect("it is held here");
    }

    /// Something that blocks the thread on which it is dropped.
    pub(crate) fn when_dropped(&self) -> impl Drop + Send + Sync + use<> {
        StaysWhenDropped(self.clone())
    }

    /// A task that blocks its thread as soon as it is polled, and ends when it is asked to after that.
    pub(crate) fn task(&self, id: &str) -> ChildSpec {
        let blocked = self.clone();
        ChildSpec::task(id, move |cx| {
            let blocked = blocked.clone();
            async move {
                blocked.stay();
                cx.stopping().await;
            }
        })
    }
}

struct StaysWhenDropped(Blocked);

impl Drop for StaysWhenDropped {
    fn drop(&mut self) {
        self.0.stay();
    }
}

/// A runtime whose threads may be blocked without blocking the test. It is left to itself when the test is over.
pub(crate) struct OtherRuntime(Option<Runtime>);

impl OtherRuntime {
    pub(crate) fn new(threads: usize) -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(threads).thread_name("task-thread").enable_all();
        Self(Some(runtime.build().expect("the system has threads for it")))
    }
}

impl std::ops::Deref for OtherRuntime {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for OtherRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// What is said of a child that a stop could not bring down.
pub(crate) fn stuck(report: &StopReport, path: &str) -> Stuck {
    assert_eq!(report.ending, Ending::Incomplete);
    report.find(path).expect("it is in the report").stuck.clone().expect("it is known")
}
