//! What the scheduler knows of a story, and its decisions. Only the thread that goes on touches it.

use std::collections::{BTreeMap, VecDeque};
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::clock::Clock;
use super::failure::Wrong;
use super::polled_task::PolledTask;
use super::rng::Rng;
use super::schedule::{PollOrder, Schedule, Time};

/// No sensible story takes more steps than this.
const TOO_MANY: u64 = 20_000_000;

/// How often time goes on although something else can, and how far at most.
const RARELY: usize = 20;
const NEAR: Duration = Duration::from_millis(100);

/// How many of the last switches are kept.
const TRACE: usize = 400;

pub(super) struct SchedulerState {
    rng: Rng,
    order: PollOrder,
    time: Time,
    pub(super) clock: Clock,
    units: BTreeMap<u64, Arc<PolledTask>>,
    /// The rank of each task, where the order is by rank.
    ranks: BTreeMap<u64, u64>,
    next: u64,
    /// Runtimes whose task has ended, for the next tasks.
    spare: Vec<Arc<PolledTask>>,
    pub(super) threads: Vec<ThreadState>,
    /// The task that tells the story.
    story: u64,
    pub(super) over: Option<Result<(), Wrong>>,
    steps: u64,
    trace: VecDeque<(usize, Option<u64>, &'static Location<'static>)>,
}

/// What a thread is at.
#[derive(Clone)]
pub(super) enum ThreadState {
    Idle,
    /// It has been told to poll a task.
    Told(u64, Arc<PolledTask>),
    /// It polls a task, and can go on.
    Busy(u64),
    /// It polls a task, and waits for a lock that was not free when anything had last happened.
    Waits(u64),
}

/// What may happen next.
#[derive(Clone, Copy)]
enum NextTask {
    /// A thread goes on with what it is at.
    Thread(usize, u64),
    /// A thread that is idle polls this task.
    Poll(u64),
}

impl NextTask {
    fn task(self) -> u64 {
        match self {
            Self::Thread(_, task) | Self::Poll(task) => task,
        }
    }
}

impl SchedulerState {
    pub(super) fn new(mut rng: Rng, schedule: &Schedule) -> Self {
        // The numbers are the story's from here on, whatever the schedule has taken of them.
        rng.draw();
        Self {
            rng,
            order: schedule.order,
            time: schedule.time,
            clock: Clock::new(),
            units: BTreeMap::new(),
            ranks: BTreeMap::new(),
            next: 0,
            spare: Vec::new(),
            threads: vec![ThreadState::Idle; schedule.threads],
            story: 0,
            over: None,
            steps: 0,
            trace: VecDeque::new(),
        }
    }

    /// Makes room for one more task.
    pub(super) fn add(&mut self) -> Arc<PolledTask> {
        let unit = self.spare.pop().unwrap_or_else(|| Arc::new(PolledTask::new()));
        let number = self.next;
        self.next += 1;
        self.units.insert(number, Arc::clone(&unit));
        let rank = self.rng.draw();
        self.ranks.insert(number, rank);
        unit
    }

    /// A task has been polled until it waits.
    pub(super) fn polled(&mut self, thread: usize, task: u64, unit: &Arc<PolledTask>) {
        self.threads[thread] = ThreadState::Idle;
        self.has_gone_on();
        if unit.is_over() {
            self.units.remove(&task);
            self.ranks.remove(&task);
            self.spare.push(Arc::clone(unit));
            if task == self.story {
                self.over.get_or_insert(Ok(()));
            }
        }
    }

    /// Whether the thread stays at a point for now, without much ado.
    pub(super) fn stays(&mut self, thread: usize) -> bool {
        self.steps += 1;
        let ThreadState::Busy(task) = self.threads[thread] else { return true };
        if self.over.is_some() {
            return true;
        }
        self.has_gone_on();
        match self.order {
            PollOrder::Even { leaves } => !self.rng.once_in(leaves),
            PollOrder::Ranked { falls } => {
                if self.rng.once_in(falls) {
                    let lowest = self.ranks.values().min().copied().unwrap_or_default();
                    self.ranks.insert(task, lowest.saturating_sub(1));
                }
                false
            }
        }
    }

    /// A thread has gone on: what others wait for may have come.
    fn has_gone_on(&mut self) {
        for state in &mut self.threads {
            if let ThreadState::Waits(task) = *state {
                *state = ThreadState::Busy(task);
            }
        }
    }

    /// Decides which thread goes on. `None` says that none can.
    pub(super) fn next(&mut self, thread: usize, place: Option<&'static Location<'static>>) -> Option<usize> {
        self.steps += 1;
        if self.steps > TOO_MANY {
            self.over = Some(Err(Wrong::NeverEnds));
            return None;
        }
        self.clock.take_yielding().into_iter().for_each(Waker::wake);
        if self.time == Time::AtAnyPoint && self.over.is_none() && self.rng.once_in(RARELY) {
            self.clock.advance(NEAR).into_iter().for_each(Waker::wake);
        }
        let choices = self.choices();
        let choice = match self.order {
            _ if choices.is_empty() => return None,
            PollOrder::Even { .. } => choices[self.rng.below(choices.len())],
            PollOrder::Ranked { .. } => {
                let rank = |next: &NextTask| self.ranks.get(&next.task()).copied().unwrap_or_default();
                choices.iter().max_by_key(|next| rank(next)).copied()?
            }
        };
        let goes_on = match choice {
            NextTask::Thread(thread, _) => thread,
            NextTask::Poll(task) => self.assign(thread, task)?,
        };
        if let Some(place) = place.filter(|_| goes_on != thread) {
            self.trace.push_back((thread, self.task_of(thread), place));
            if self.trace.len() > TRACE {
                self.trace.pop_front();
            }
        }
        Some(goes_on)
    }

    fn choices(&self) -> Vec<NextTask> {
        let mut choices = Vec::new();
        for (thread, state) in self.threads.iter().enumerate() {
            if let ThreadState::Busy(task) = state {
                choices.push(NextTask::Thread(thread, *task));
            }
        }
        let is_free = self.threads.iter().any(|state| matches!(state, ThreadState::Idle));
        if is_free && self.over.is_none() {
            let is_told = |task: u64| self.threads.iter().any(|state| state.task() == Some(task));
            let ready = self.units.iter().filter(|(task, unit)| unit.is_ready() && !is_told(**task));
            choices.extend(ready.map(|(task, _)| NextTask::Poll(*task)));
        }
        choices
    }

    /// Tells an idle thread to poll a task: this one, if it is idle.
    fn assign(&mut self, thread: usize, task: u64) -> Option<usize> {
        let is_idle = |thread: &usize| matches!(self.threads[*thread], ThreadState::Idle);
        let thread = Some(thread).filter(is_idle).or_else(|| (0..self.threads.len()).find(is_idle))?;
        let unit = Arc::clone(self.units.get(&task)?);
        self.threads[thread] = ThreadState::Told(task, unit);
        Some(thread)
    }

    fn task_of(&self, thread: usize) -> Option<u64> {
        self.threads[thread].task()
    }

    /// Nothing can go on as it is: lets time pass if that helps. Answers whether it does.
    pub(super) fn pass_time(&mut self) -> bool {
        if self.over.is_some() {
            return false;
        }
        if self.threads.iter().any(|state| !matches!(state, ThreadState::Idle)) {
            self.over = Some(Err(Wrong::Deadlocks));
            return false;
        }
        let woken = self.clock.advance(Duration::MAX);
        if woken.is_empty() {
            self.over = Some(Err(Wrong::Hangs));
            return false;
        }
        woken.into_iter().for_each(Waker::wake);
        true
    }

    /// Whether every thread has come to the end of what it was at.
    pub(super) fn is_quiet(&self) -> bool {
        self.threads.iter().all(|state| matches!(state, ThreadState::Idle))
    }

    /// All tasks that are left, to be dropped when the state is free.
    pub(super) fn take_units(&mut self) -> Vec<Arc<PolledTask>> {
        let left = std::mem::take(&mut self.units).into_values();
        left.chain(std::mem::take(&mut self.spare)).collect()
    }

    pub(super) fn trace(&self) -> Vec<String> {
        let line = |(thread, task, place): &(usize, Option<u64>, &'static Location<'static>)| {
            let task = task.map_or("nothing".to_owned(), |task| format!("task {task}"));
            format!("thread {thread} leaves {task} at {}:{}", place.file(), place.line())
        };
        self.trace.iter().map(line).collect()
    }
}

impl ThreadState {
    fn task(&self) -> Option<u64> {
        match self {
            Self::Idle => None,
            Self::Told(task, _) | Self::Busy(task) | Self::Waits(task) => Some(*task),
        }
    }
}
