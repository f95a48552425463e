//! The record of the tree, read and checked while it is written.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};

use rootward::event::Events;
use rootward::{Event, EventKind};
use rootward_tests::say;

/// What the record has told so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(super) events: AtomicU64,
    pub(super) missed: AtomicU64,
    pub(super) starts: AtomicU64,
    /// Those of processes.
    pub(super) programs: AtomicU64,
    pub(super) restarts: AtomicU64,
    pub(super) lines: AtomicU64,
    pub(super) stalled: AtomicU64,
    pub(super) gave_up: AtomicU64,
    pub(super) stragglers: AtomicU64,
    problem: Mutex<Option<String>>,
}

impl Tally {
    /// What is wrong with the record, if anything is.
    pub(super) fn problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads a record on a thread of its own.
pub(super) struct Reader {
    thread: JoinHandle<()>,
}

impl Reader {
    pub(super) fn start(events: Events, tally: Arc<Tally>) -> Self {
        Self { thread: thread::spawn(move || read(events, &tally)) }
    }

    /// Waits for the record's end.
    pub(super) fn join(self) {
        self.thread.join().expect("the reader does not panic");
    }
}

fn read(mut events: Events, tally: &Tally) {
    let mut seq = 0;
    let mut running = HashSet::new();
    loop {
        match events.blocking_next() {
            Ok(Some(event)) => {
                seq += 1;
                let problem = if event.seq == seq {
                    check(&event, &mut running, tally)
                } else {
                    Some(format!("event {seq} should come, and this does: {event:?}"))
                };
                if let Some(problem) = problem {
                    say(format_args!("problem {problem}"));
                    *tally.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
                    return;
                }
            }
            Ok(None) => return,
            Err(lagged) => {
                seq += lagged.missed;
                tally.missed.fetch_add(lagged.missed, Ordering::Relaxed);
                // Which incarnations run now is not known: starts and ends were missed.
                running.clear();
            }
        }
    }
}

/// Counts an event, and says what is wrong with it.
fn check(event: &Event, running: &mut HashSet<(String, u32)>, tally: &Tally) -> Option<String> {
    let add = |counter: &AtomicU64, count: usize| {
        counter.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    };
    add(&tally.events, 1);
    let who = || (event.path.as_str().to_owned(), event.incarnation);
    match &event.what {
        EventKind::Started { pid } => {
            add(&tally.starts, 1);
            add(&tally.programs, usize::from(pid.is_some()));
            if !running.insert(who()) {
                return Some(format!("started twice: {event:?}"));
            }
        }
        EventKind::Exited { stragglers, .. } | EventKind::Stopped { stragglers, .. } => {
            add(&tally.stragglers, stragglers.len());
            running.remove(&who());
        }
        EventKind::Restarting { .. } => add(&tally.restarts, 1),
        EventKind::Output { .. } => add(&tally.lines, 1),
        EventKind::Stalled { .. } => add(&tally.stalled, 1),
        EventKind::GaveUp { .. } => add(&tally.gave_up, 1),
        _ => {}
    }
    None
}
