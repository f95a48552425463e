//! Has one thread of a story go on at a time, as the [state](super::state) decides.

use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread::{self, Thread};
use std::time::Instant;

use tokio::runtime::Handle;

use super::clock::Clock;
use super::failure::Wrong;
use super::rng::Rng;
use super::schedule::Schedule;
use super::state::{SchedulerState, ThreadState};

/// It is no thread's turn: the story has not begun.
const NOT_YET: usize = usize::MAX;

/// It is no thread's turn any more: all of them end.
const OVER: usize = usize::MAX - 1;

/// Has one thread of a story go on at a time.
pub(super) struct Scheduler {
    state: Mutex<SchedulerState>,
    /// Which thread goes on.
    turn: AtomicUsize,
    threads: OnceLock<Vec<Thread>>,
    verdict: mpsc::Sender<SeededVerdict>,
}

/// How a story ended.
pub(super) struct SeededVerdict {
    pub(super) result: Result<(), Wrong>,
    pub(super) trace: Vec<String>,
}

impl Scheduler {
    pub(super) fn new(rng: Rng, schedule: &Schedule, verdict: mpsc::Sender<SeededVerdict>) -> Self {
        let state = Mutex::new(SchedulerState::new(rng, schedule));
        Self { state, turn: AtomicUsize::new(NOT_YET), threads: OnceLock::new(), verdict }
    }

    /// Says which threads there are, and has the first of them go on.
    pub(super) fn begin(&self, threads: Vec<Thread>) {
        let _ = self.threads.set(threads);
        self.hand(0);
    }

    // --- from inside a task ---

    pub(super) fn point(&self, thread: usize, place: &'static Location<'static>) {
        let mut state = self.state();
        if state.stays(thread) {
            return;
        }
        let Some(next) = state.next(thread, Some(place)) else { self.leave_unfinished(state) };
        drop(state);
        self.give_way(thread, next);
    }

    /// A lock is not free: any other thread goes on.
    pub(super) fn wait_for_lock(&self, thread: usize, place: &'static Location<'static>) {
        let mut state = self.state();
        if let ThreadState::Busy(task) = state.threads[thread] {
            state.threads[thread] = ThreadState::Waits(task);
        }
        match state.next(thread, Some(place)) {
            Some(next) => {
                drop(state);
                self.give_way(thread, next);
            }
            None => {
                state.pass_time();
                self.leave_unfinished(state);
            }
        }
    }

    pub(super) fn runtime(&self) -> Handle {
        self.state().add().handle()
    }

    pub(super) fn now(&self) -> Instant {
        self.state().clock.now
    }

    pub(super) fn with_clock<R>(&self, look: impl FnOnce(&mut Clock) -> R) -> R {
        look(&mut self.state().clock)
    }

    // --- the threads ---

    /// Goes on and lets others go on, until the story is over and this thread is not needed any more.
    pub(super) fn work(&self, thread: usize) {
        self.wait(thread);
        while !self.is_over() {
            let mut state = self.state();
            if let ThreadState::Told(task, unit) = state.threads[thread].clone() {
                state.threads[thread] = ThreadState::Busy(task);
                drop(state);
                unit.poll();
                self.state().polled(thread, task, &unit);
                continue;
            }
            match state.next(thread, None) {
                Some(next) => {
                    drop(state);
                    self.give_way(thread, next);
                }
                None if state.pass_time() => {}
                None if state.is_quiet() => {
                    drop(state);
                    self.end();
                }
                None => self.leave_unfinished(state),
            }
        }
    }

    /// All threads are idle and the story is over: drops what is left of its tasks, and has the threads end.
    fn end(&self) {
        loop {
            let units = self.state().take_units();
            if units.is_empty() {
                break;
            }
            drop(units);
        }
        let state = self.state();
        self.tell(state.over.clone().unwrap_or(Ok(())), &state);
        drop(state);
        self.turn.store(OVER, Ordering::Release);
        self.threads.get().into_iter().flatten().for_each(Thread::unpark);
    }

    /// Threads are in the middle of something, and none of them can go on: they stay where they are for good.
    fn leave_unfinished(&self, state: MutexGuard<'_, SchedulerState>) -> ! {
        let wrong = state.over.clone().and_then(Result::err).unwrap_or(Wrong::Deadlocks);
        self.tell(Err(wrong), &state);
        drop(state);
        loop {
            thread::park();
        }
    }

    fn tell(&self, result: Result<(), Wrong>, state: &SchedulerState) {
        // A caller that has given up waiting does not need it.
        let _ = self.verdict.send(SeededVerdict { result, trace: state.trace() });
    }

    fn is_over(&self) -> bool {
        self.turn.load(Ordering::Acquire) == OVER
    }

    fn hand(&self, thread: usize) {
        self.turn.store(thread, Ordering::Release);
        if let Some(thread) = self.threads.get().and_then(|threads| threads.get(thread)) {
            thread.unpark();
        }
    }

    fn give_way(&self, thread: usize, next: usize) {
        if next != thread {
            self.hand(next);
            self.wait(thread);
        }
    }

    fn wait(&self, thread: usize) {
        while ![thread, OVER].contains(&self.turn.load(Ordering::Acquire)) {
            thread::park();
        }
    }

    fn state(&self) -> MutexGuard<'_, SchedulerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
