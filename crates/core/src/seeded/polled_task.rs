//! What the scheduler chooses among: one task, in a runtime of its own, that is polled when the scheduler says so.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use tokio::runtime::{Builder, Handle, Runtime, RuntimeMetrics};

/// One task, with what it spawns on its own runtime.
pub(super) struct PolledTask {
    runtime: Runtime,
    metrics: RuntimeMetrics,
    idle: Arc<Idle>,
}

/// Whether the runtime has nothing to poll, as the runtime itself says.
#[derive(Default)]
struct Idle {
    is_idle: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl PolledTask {
    pub(super) fn new() -> Self {
        let idle = Arc::new(Idle::default());
        let parks = Arc::clone(&idle);
        let mut builder = Builder::new_current_thread();
        let runtime = builder.on_thread_park(move || parks.is_reached()).build();
        let runtime = runtime.expect("a runtime without drivers asks nothing of the system");
        let metrics = runtime.metrics();
        Self { runtime, metrics, idle }
    }

    pub(super) fn handle(&self) -> Handle {
        self.runtime.handle().clone()
    }

    /// Whether the task has been woken since it was last polled: nothing wakes it but what is polled elsewhere.
    pub(super) fn is_ready(&self) -> bool {
        self.metrics.global_queue_depth() > 0
    }

    /// Whether the task has ended.
    pub(super) fn is_over(&self) -> bool {
        self.metrics.num_alive_tasks() == 0 && !self.is_ready()
    }

    /// Polls the task until it waits for something.
    pub(super) fn poll(&self) {
        self.idle.is_idle.store(false, Ordering::Relaxed);
        self.runtime.block_on(poll_fn(|cx| {
            if self.idle.is_idle.load(Ordering::Relaxed) {
                return Poll::Ready(());
            }
            let mut waker = self.idle.waker.lock().unwrap_or_else(PoisonError::into_inner);
            waker.get_or_insert_with(|| cx.waker().clone());
            Poll::Pending
        }));
    }
}

/// The waker holds the runtime, which holds the waker.
impl Drop for PolledTask {
    fn drop(&mut self) {
        let waker = self.idle.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(waker);
    }
}

impl Idle {
    /// The runtime is about to wait: it returns instead.
    fn is_reached(&self) {
        self.is_idle.store(true, Ordering::Relaxed);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waker) = &*waker {
            waker.wake_by_ref();
        }
    }
}
