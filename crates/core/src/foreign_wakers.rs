//! Foreign code for which nothing of the library waits, such as a waker: where it runs, and how a wake gets there.
//!
//! A waker that is not tokio's own may do anything: it may block its thread, or panic. A supervisor that answers, or
//! a guardian that hands out a report, must not run it, and a task on the supervisors' runtime must not either,
//! because that has few threads. So it goes to a thread of its own.
//!
//! If all these threads are blocked, what comes to them waits, and each part of the library hands in a bounded amount:
//! a future that waits for something one wake, a task one when its stop begins, an address one, and a tree once what
//! was provided to it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, RawWakerVTable, Wake, Waker};
use std::thread;
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::panics::catch;
use crate::spawn::place;
use crate::sync::is_seeded;

// --- tokio's own wakers ---

/// How tokio wakes a task, seen when one of ours was polled: a constant that has to be found out.
static TOKIOS: OnceLock<&'static RawWakerVTable> = OnceLock::new();

/// Notes how tokio wakes a task. The waker is the one with which tokio polls a task itself.
pub(crate) fn note_tokios(waker: &Waker) {
    TOKIOS.get_or_init(|| waker.vtable());
}

pub(crate) fn is_tokios(waker: &Waker) -> bool {
    TOKIOS.get().is_some_and(|tokios| std::ptr::eq(*tokios, waker.vtable()))
}

// --- wakers that are not tokio's ---

pin_project! {
    /// A future that is woken on a thread of its own, unless a task of tokio's waits for it.
    #[derive(Debug)]
    pub(crate) struct WakeElsewhere<Fut> {
        #[pin]
        future: Fut,
        slot: Option<Arc<WakerSlot>>,
    }

    impl<Fut> PinnedDrop for WakeElsewhere<Fut> {
        fn drop(this: Pin<&mut Self>) {
            // By the caller, whose waker it is, and not by what would have woken it.
            drop(this.project().slot.take().map(|slot| slot.take()));
        }
    }
}

/// Holds the waker with which a future was polled last.
#[derive(Debug, Default)]
struct WakerSlot(Mutex<WakerSlotState>);

#[derive(Debug, Default)]
struct WakerSlotState {
    waker: Option<Waker>,
    /// Whether a helper is going to wake. However often the future is woken until then, that is once.
    is_queued: bool,
}

impl<Fut> WakeElsewhere<Fut> {
    pub(crate) fn new(future: Fut) -> Self {
        Self { future, slot: None }
    }
}

impl<Fut: Future> Future for WakeElsewhere<Fut> {
    type Output = Fut::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Fut::Output> {
        let this = self.project();
        if is_tokios(cx.waker()) {
            return this.future.poll(cx);
        }
        let slot = this.slot.get_or_insert_default();
        drop(slot.replace(Some(cx.waker().clone())));
        this.future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(slot))))
    }
}

impl WakerSlot {
    fn take(&self) -> Option<Waker> {
        self.replace(None)
    }

    /// What was there is dropped by the caller, when the slot is free.
    fn replace(&self, waker: Option<Waker>) -> Option<Waker> {
        std::mem::replace(&mut self.state().waker, waker)
    }

    /// Whether a helper has to be asked to wake. The answer is `true` once until the helper has begun.
    fn queue(&self) -> bool {
        let mut state = self.state();
        state.waker.is_some() && !std::mem::replace(&mut state.is_queued, true)
    }

    fn wake_queued(&self) {
        let waker = {
            let mut state = self.state();
            state.is_queued = false;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, WakerSlotState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for WakerSlot {
    fn wake(self: Arc<Self>) {
        if self.queue() {
            run_on_helper(move || self.wake_queued());
        }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        Arc::clone(self).wake();
    }
}

// --- where it runs ---

/// Runs foreign code for which the caller does not wait. A panic in it ends there.
pub(crate) fn run_on_helper(work: impl FnOnce() + Send + 'static) {
    let work = HelperWork(Some(Box::new(work)));
    match Handle::try_current() {
        Ok(runtime) => on_helper_of(&runtime, work),
        Err(_) => hand_over(work),
    }
}

/// The same, and never on a thread of any runtime: the caller may wait for it.
pub(crate) fn run_on_own_helper(work: impl FnOnce() + Send + 'static) {
    hand_over(HelperWork(Some(Box::new(work))));
}

/// The same, for a caller that works for this runtime and may be on a thread of another one.
pub(crate) fn run_on_helper_of(runtime: &Handle, work: impl FnOnce() + Send + 'static) {
    on_helper_of(runtime, HelperWork(Some(Box::new(work))));
}

fn on_helper_of(runtime: &Handle, work: HelperWork) {
    // A runtime with one thread has no other one to be kept free, and its clock may be one that waits for what it runs.
    match is_seeded() || runtime.runtime_flavor() == RuntimeFlavor::CurrentThread {
        true => drop(place(runtime).spawn(async move { drop(work) })),
        false => hand_over(work),
    }
}

/// Done when it is dropped: a runtime that shuts down drops a task instead of running it, and what the task was to do
/// is done all the same.
struct HelperWork(Option<Box<dyn FnOnce() + Send>>);

impl Drop for HelperWork {
    fn drop(&mut self) {
        if let Some(work) = self.0.take() {
            let _ = catch(work);
        }
    }
}

/// How many threads there are at most. That many have to block before a wake waits for another one.
const THREADS: usize = 64;

/// How long a thread waits for more.
const LINGER: Duration = Duration::from_secs(10);

/// Work that is to be done by the next thread that is free.
struct WakeQueue {
    waiting: VecDeque<HelperWork>,
    idle: usize,
    threads: usize,
}

static QUEUE: Mutex<WakeQueue> = Mutex::new(WakeQueue { waiting: VecDeque::new(), idle: 0, threads: 0 });
static MORE: Condvar = Condvar::new();

fn hand_over(work: HelperWork) {
    let mut queue = queue();
    queue.waiting.push_back(work);
    if queue.idle >= queue.waiting.len() || queue.threads >= THREADS {
        MORE.notify_one();
        return;
    }
    queue.threads += 1;
    drop(queue);
    if thread::Builder::new().name("rootward-helper".to_owned()).spawn(work_on).is_err() {
        // A program that may have no more threads does it here, and hopes that it does not block.
        let work = {
            let mut queue = self::queue();
            queue.threads -= 1;
            queue.waiting.pop_back()
        };
        drop(work);
    }
}

fn work_on() {
    let mut queue = queue();
    loop {
        if let Some(work) = queue.waiting.pop_front() {
            drop(queue);
            drop(work);
            queue = self::queue();
            continue;
        }
        queue.idle += 1;
        let (again, waited) = MORE
            .wait_timeout_while(queue, LINGER, |queue| queue.waiting.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        queue = again;
        queue.idle -= 1;
        if waited.timed_out() && queue.waiting.is_empty() {
            queue.threads -= 1;
            return;
        }
    }
}

fn queue() -> MutexGuard<'static, WakeQueue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn work_that_blocks_keeps_no_other_work_from_being_done() {
        let (releases, released): (Vec<_>, Vec<_>) = (0..10).map(|_| mpsc::channel::<()>()).unzip();
        let (done, is_done) = mpsc::channel();

        for released in released {
            run_on_helper(move || released.recv().unwrap_or_default());
            let done = done.clone();
            run_on_helper(move || done.send(()).expect("the test waits"));
        }

        (0..10).for_each(|_| is_done.recv_timeout(Duration::from_secs(60)).expect("it is done"));
        drop(releases);
    }

    #[test]
    fn a_future_that_is_woken_again_and_again_is_one_wake_that_waits() {
        let slot = Arc::new(WakerSlot::default());
        slot.replace(Some(Waker::noop().clone()));

        let asked = (0..1_000_000).filter(|_| {
            // As a future does that is polled for another reason meanwhile.
            slot.replace(Some(Waker::noop().clone()));
            slot.queue()
        });

        assert_eq!(asked.count(), 1);
        slot.wake_queued();
        assert!(!slot.queue(), "there is nothing to wake");
        slot.replace(Some(Waker::noop().clone()));
        assert!(slot.queue(), "the next one is a wake of its own");
    }

    #[test]
    fn work_that_panics_harms_no_other_work() {
        let (done, is_done) = mpsc::channel();

        run_on_helper(|| panic!("foreign code panics"));
        run_on_helper(move || done.send(()).expect("the test waits"));

        is_done.recv_timeout(Duration::from_secs(60)).expect("it is done");
    }
}
