//! Runs real supervisors, tasks and readers under a scheduler that takes each of its decisions from a seed.
//!
//! A story has two or three threads, of which exactly one goes on at a time. At each synchronisation point inside
//! synchronous code (a [`Mutex`] that is to be locked, a [`point`] before an atomic or before a message) and after each
//! poll the seed decides which thread goes on, and which task it polls next. Time is the scheduler's own: it goes on
//! when nothing else can. So a run is a function of its story and its seed, and a seed that has failed fails again.
//!
//! What runs is the real thing: ractor's actors, tokio's tasks, aborts and channels. Each task has a small runtime of
//! its own, because tokio does not let other code choose among the tasks of one runtime.
//!
//! Nothing here knows of trees. Without the feature `seeded` none of it is compiled. With it, everything outside of a
//! story runs as ever.
//!
//! Absent on purpose: reorderings of memory, which are loom's business; the detector's thread and everything else that
//! goes by the system's clock.

mod clock;
mod failure;
mod mutex;
mod polled_task;
mod rng;
mod schedule;
mod scheduler;
mod sleep;
mod state;
mod threads;

#[cfg(test)]
mod tests;

use std::time::Instant;

use tokio::runtime::Handle;

pub use self::failure::{SeededFailure, Wrong};
pub(crate) use self::mutex::Mutex;
pub use self::schedule::Time;
pub use self::sleep::{Sleep, YieldNow};
pub use self::threads::run;

use self::threads::with_current;

/// A synchronisation point: another thread of the story may go on here. Outside of a story it is nothing.
///
/// It may be called with a [`Mutex`] of this module locked, and never with any other lock that another thread of the
/// story could want.
#[track_caller]
pub fn point() {
    let place = std::panic::Location::caller();
    with_current(|current| current.scheduler.point(current.thread, place));
}

/// Whether the caller is part of a story.
pub fn is_on() -> bool {
    with_current(|_| ()).is_some()
}

/// A runtime for the next task of a story, and for no other. `None` outside of a story.
pub fn runtime() -> Option<Handle> {
    with_current(|current| current.scheduler.runtime())
}

/// The story's time. `None` outside of a story.
pub fn now() -> Option<Instant> {
    with_current(|current| current.scheduler.now())
}

/// Waits for a moment of the story's time. `None` outside of a story.
pub fn sleep_until(at: Instant) -> Option<Sleep> {
    with_current(|current| Sleep::new(current.scheduler.clone(), at))
}

/// Lets another task of the story be polled before the caller goes on, if the seed wants it. `None` outside of a story.
pub fn yield_now() -> Option<YieldNow> {
    with_current(|current| YieldNow::new(current.scheduler.clone()))
}
