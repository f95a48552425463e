//! The detector's thread: notices workers that have not yielded for long.
//!
//! It has a clock of its own that ticks while any thread is at work. A tick looks at the slots and nothing else. When
//! all are empty the thread parks, and the next thread that begins to work wakes it: at most once a tick, however much
//! there is to do, and never while there is nothing to do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::slot::{Doing, SlotWork, WorkerId, slots};
use super::ticks::{TICK, clock, is_awake, may_sleep, notice, runs_on, tick_on, wakes_up};
use crate::panics::{catch, drop_quietly};

/// All watchers, also those that are gone and not yet removed.
static WATCHERS: Mutex<Vec<Weak<dyn Watcher>>> = Mutex::new(Vec::new());

/// A part of a tree that the detector calls. What it does is done at once, and a panic in it does no harm to the
/// others.
pub(crate) trait Watcher: Send + Sync {
    /// How long a worker may take. `None` means that this watcher does not want to know of stalls.
    fn threshold(&self) -> Option<Duration> {
        None
    }

    /// A worker has taken longer. It need not be one of ours.
    fn stalled(&self, stall: &Stall) {
        let _ = stall;
    }

    /// The clock shows this now. Returns whether the next tick is wanted as well, even if no thread is at work.
    fn tick(&self, clock: u64) -> bool {
        let _ = clock;
        false
    }
}

/// A worker has not yielded for long.
#[derive(Clone, Debug)]
pub(crate) struct Stall {
    /// What the thread is doing for it.
    pub(crate) doing: Doing,
    /// For how long, to the next tick or so.
    pub(crate) elapsed: Duration,
    /// On which thread.
    pub(crate) thread: String,
}

/// Has the detector call this watcher, for as long as it is there.
pub(crate) fn watch(watcher: Weak<dyn Watcher>) {
    // It goes by the system's time, and would come in where no seed says so.
    #[cfg(feature = "seeded")]
    if crate::seeded::is_on() {
        return;
    }
    watchers().push(watcher);
    runs_on(|| {
        // Without a thread nothing is noticed, and everything else goes on.
        let thread = thread::Builder::new().name("rootward-detector".to_owned()).spawn(detect).ok()?;
        Some(thread.thread().clone())
    });
    notice();
}

/// What a worker is stuck in, if a thread is at work on it right now.
pub(crate) fn find(worker: WorkerId) -> Option<Stall> {
    // A thread that the seeded scheduler holds up is not stuck.
    #[cfg(feature = "seeded")]
    if crate::seeded::is_on() {
        return None;
    }
    let now = clock();
    let all = slots();
    all.iter().find_map(|slot| {
        let work = slot.look().filter(|work| work.worker == worker)?;
        Some(stall(work, &slot.thread, now))
    })
}

fn stall(work: SlotWork, thread: &str, now: u64) -> Stall {
    let ticks = u32::try_from(now.saturating_sub(work.since)).unwrap_or(u32::MAX);
    Stall { doing: work.doing, elapsed: TICK.saturating_mul(ticks), thread: thread.to_owned() }
}

fn detect() {
    // How long each piece of work had taken when it was last looked at.
    let mut told = HashMap::new();
    loop {
        // No thread wakes it here, however much there is to do.
        thread::park_timeout(TICK);
        if tick(&mut told) {
            continue;
        }
        may_sleep();
        // Once more after a whole tick: a thread that began to work meanwhile either knows that it has to wake this
        // one, or is seen now.
        thread::park_timeout(TICK);
        if !tick(&mut told) {
            while !is_awake() {
                thread::park();
            }
        }
        wakes_up();
    }
}

/// Looks once at everything. `false` says that the next look is not needed.
fn tick(told: &mut HashMap<(WorkerId, u64), Duration>) -> bool {
    let now = tick_on();
    let is_busy = is_any_thread_at_work();
    if is_busy {
        warn(told);
    } else {
        told.clear();
    }
    let mut is_wanted = false;
    for watcher in living_watchers() {
        // It may be the last to hold it, so that the drop is caught as well.
        is_wanted |= catch(move || watcher.tick(now)).unwrap_or_default();
    }
    is_busy || is_wanted
}

/// All watchers that are still there.
fn living_watchers() -> Vec<Arc<dyn Watcher>> {
    let mut watchers = watchers();
    watchers.retain(|watcher| watcher.strong_count() > 0);
    watchers.iter().filter_map(Weak::upgrade).collect()
}

fn is_any_thread_at_work() -> bool {
    slots().iter().any(|slot| slot.look().is_some())
}

fn warn(told: &mut HashMap<(WorkerId, u64), Duration>) {
    let now = clock();
    let stalls: Vec<((WorkerId, u64), Stall)> = slots()
        .iter()
        .filter_map(|slot| {
            let work = slot.look()?;
            Some(((work.worker, work.since), stall(work, &slot.thread, now)))
        })
        .filter(|(_, stall)| stall.elapsed > TICK)
        .collect();
    told.retain(|key, _| stalls.iter().any(|(known, _)| known == key));
    if stalls.is_empty() {
        return;
    }
    let all = living_watchers();
    for (key, stall) in stalls {
        let before = told.insert(key, stall.elapsed).unwrap_or_default();
        for watcher in &all {
            if watcher.threshold().is_some_and(|limit| before < limit && stall.elapsed >= limit) {
                let _ = catch(|| watcher.stalled(&stall));
            }
        }
    }
    drop_quietly(all);
}

fn watchers() -> MutexGuard<'static, Vec<Weak<dyn Watcher>>> {
    WATCHERS.lock().unwrap_or_else(PoisonError::into_inner)
}
