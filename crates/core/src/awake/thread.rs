//! The thread that looks at the clock while a time is waited for.

use std::process;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::policy::{AwakeTime, Glance, STEP};
use super::reading::SharedReading;

static READING: LazyLock<SharedReading> = LazyLock::new(|| SharedReading::new(system_now()));

/// The thread, and the process that has it: a fork leaves it behind.
static THREAD: OnceLock<(u32, Thread)> = OnceLock::new();

/// As long as this is there, it is found out whether the program is suspended.
#[derive(Debug)]
#[must_use = "the clock is looked at for as long as this is held"]
pub(crate) struct AwakeWait(());

impl AwakeWait {
    /// Has the thread look from now on.
    pub(crate) fn begin() -> Self {
        begin_on(&READING, thread);
        Self(())
    }
}

fn begin_on(reading: &SharedReading, thread: impl FnOnce() -> Option<&'static Thread>) {
    if reading.wait() {
        // Without a thread nothing is lost, and everything else goes on.
        if let Some(thread) = thread() {
            reading.begin(system_now());
            thread.unpark();
        }
    }
}

impl Drop for AwakeWait {
    fn drop(&mut self) {
        READING.end_wait();
    }
}

/// What this clock shows without what was lost. One that does not show the system's time, but that of a test, has lost
/// nothing.
pub(crate) fn awake(clock: impl FnOnce() -> Instant) -> Instant {
    if READING.is_the_systems() {
        return clock();
    }
    let before = system_now();
    let now = clock();
    if before <= now && now <= system_now() { READING.awake(now) } else { now }
}

/// Whether the thread has not looked for so long that the clock stands still.
pub(crate) fn is_stalled(now: Instant) -> bool {
    let is_stalled = READING.is_stalled(now);
    if is_stalled && thread().is_none() {
        // No thread will look: this process was forked from the one that has it.
        READING.end();
        return false;
    }
    is_stalled
}

/// Whether this clock shows the system's time, and not that of a test.
pub(crate) fn is_the_systems(clock: impl FnOnce() -> Instant) -> bool {
    let before = system_now();
    let now = clock();
    before <= now && now <= system_now()
}

/// It is tried again the next time if there is no room for a thread now.
fn thread() -> Option<&'static Thread> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    if THREAD.get().is_none() {
        let _one_at_a_time = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        if THREAD.get().is_none() {
            let began =
                thread::Builder::new().name("rootward-awake".to_owned()).spawn(|| look_on(&READING)).ok()?;
            let _ = THREAD.set((process::id(), began.thread().clone()));
        }
    }
    THREAD.get().filter(|(owner, _)| *owner == process::id()).map(|(_, thread)| thread)
}

/// Looks as long as a time is waited for.
fn look_on(reading: &SharedReading) {
    loop {
        if reading.looked().is_none() {
            thread::park();
            continue;
        }
        // The thread that began to wait may have lost its processor before it said so: nothing is lost before the first
        // look.
        let first = glance();
        let mut time = AwakeTime::since(first.now, first.waited_before);
        let mut is_looked = reading.look(first.now, Duration::ZERO);
        while is_looked {
            thread::park_timeout(STEP);
            let glance = glance();
            is_looked = reading.look(glance.now, time.look(glance));
        }
    }
}

/// Looks at the clock, on this thread.
#[must_use]
pub fn glance() -> Glance {
    let waited_before = waited_for_a_processor();
    let now = system_now();
    Glance { now, waited_before, waited_after: waited_for_a_processor() }
}

/// How long this thread has waited for a processor since it began. It is read anew each time, so that no descriptor is
/// held.
fn waited_for_a_processor() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let mut numbers = stat.split_ascii_whitespace().skip(1);
    let waited = numbers.next()?.parse().ok()?;
    // A kernel that does not count has a zero here as well: how often the thread has run.
    numbers.next().filter(|runs| *runs != "0")?;
    Some(Duration::from_nanos(waited))
}

#[expect(clippy::disallowed_methods, reason = "it is the system's clock that is looked at")]
fn system_now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_looks_as_long_as_a_time_is_waited_for_and_again_when_the_next_one_is() {
        let reading: &SharedReading = Box::leak(Box::new(SharedReading::new(system_now())));
        let looks = thread::spawn(|| look_on(reading)).thread().clone();
        let looks: &Thread = Box::leak(Box::new(looks));
        for _ in 0..2 {
            let begun = system_now();
            begin_on(reading, || Some(looks));

            until("it has been looked for more than one step", || {
                reading.looked().is_some_and(|looked| looked.duration_since(begun) > 2 * STEP)
            });
            begin_on(reading, || panic!("it is looked already"));
            reading.end_wait();
            until("another look has come", || {
                reading.looked().is_some_and(|looked| looked.duration_since(begun) > 3 * STEP)
            });
            reading.end_wait();
            until("the looks are over", || reading.looked().is_none());
        }
    }

    /// Other tests of this program may wait as well, so that the end of the looks is not seen here.
    #[test]
    fn the_programs_clock_is_looked_at_from_the_beginning_of_a_wait() {
        let _wait = AwakeWait::begin();

        let begun = system_now();
        until("it is looked again", || READING.looked().is_some_and(|looked| looked > begun));
    }

    fn until(what: &str, is_so: impl Fn() -> bool) {
        let backstop = system_now() + Duration::from_secs(60);
        while !is_so() {
            assert!(system_now() < backstop, "this never happened: {what}");
            thread::park_timeout(STEP / 10);
        }
    }
}
