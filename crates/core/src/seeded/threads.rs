//! Tells a story on threads of its own.

use std::cell::OnceCell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use super::failure::{SeededFailure, Wrong};
use super::rng::Rng;
use super::schedule::{Schedule, Time};
use super::scheduler::{Scheduler, SeededVerdict};

/// How long, by the system's clock, a story may take whose threads wait for nothing but each other.
const PATIENCE: Duration = Duration::from_secs(120);

/// The thread that asks is one of a story's.
pub(super) struct Current {
    pub(super) scheduler: Arc<Scheduler>,
    pub(super) thread: usize,
}

thread_local! {
    static CURRENT: OnceCell<Current> = const { OnceCell::new() };
}

/// Does something for a story's thread. `None` says that the caller is none.
pub(super) fn with_current<R>(act: impl FnOnce(&Current) -> R) -> Option<R> {
    CURRENT.try_with(|current| current.get().map(act)).ok().flatten()
}

/// Tells a story: polls this future, and everything that is spawned on its behalf, as the seed wants it.
///
/// # Errors
///
/// [`SeededFailure`] if the story has not come to its end. Its threads may be left as they are then.
///
/// # Panics
///
/// If the system has no threads to give.
pub fn run<T, F>(
    seed: u64,
    time: Time,
    story: impl FnOnce() -> F + Send + 'static,
) -> Result<T, SeededFailure>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let mut rng = Rng::new(seed);
    let schedule = Schedule::draw(&mut rng, time);
    let (tell, told) = mpsc::channel();
    let scheduler = Arc::new(Scheduler::new(rng, &schedule, tell));
    let outcome = Arc::new(Mutex::new(None));
    let result = Arc::clone(&outcome);
    // The first task is the one that tells the story.
    scheduler.runtime().spawn(async move {
        let told = caught(async move { story().await }).await;
        *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    });
    let work = |thread| {
        let scheduler = Arc::clone(&scheduler);
        let begin = move || {
            let current = Current { scheduler: Arc::clone(&scheduler), thread };
            CURRENT.with(|place| drop(place.set(current)));
            scheduler.work(thread);
        };
        let spawned = thread::Builder::new().name(format!("story-{thread}")).spawn(begin);
        spawned.expect("the system has a thread to give")
    };
    let threads: Vec<_> = (0..schedule.threads).map(work).collect();
    scheduler.begin(threads.iter().map(|thread| thread.thread().clone()).collect());
    let stuck = || SeededVerdict { result: Err(Wrong::Blocks), trace: Vec::new() };
    let SeededVerdict { result, trace } = told.recv_timeout(PATIENCE).unwrap_or_else(|_| stuck());
    if !matches!(result, Err(Wrong::Deadlocks | Wrong::NeverEnds | Wrong::Blocks)) {
        threads.into_iter().for_each(|thread| drop(thread.join()));
    }
    let told = outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
    let what = match (result, told) {
        (Ok(()), Some(Ok(told))) => return Ok(told),
        (Ok(()), Some(Err(message))) => Wrong::Panicked(message),
        (Ok(()), None) => Wrong::Panicked("it was aborted".to_owned()),
        (Err(wrong), _) => wrong,
    };
    Err(SeededFailure { what, trace })
}

/// Makes a panic of the story a value.
async fn caught<F: Future>(story: F) -> Result<F::Output, String> {
    let mut story = pin!(story);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| story.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            Poll::Ready(Err(text.unwrap_or("(a payload that is not a text)").to_owned()))
        }
    })
    .await
}
