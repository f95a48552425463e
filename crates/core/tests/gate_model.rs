//! The gate under all interleavings of threads that start work, threads that stop it, and parts that end.
//!
//! The file of the gate is compiled a second time here, over the locks of loom, which runs every model once for each
//! order in which its threads can take their steps.

#![expect(dead_code, reason = "a model uses what it needs of the gate")]

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

mod sync {
    pub(super) use loom::sync::{Mutex, MutexGuard};
    pub(super) use std::sync::PoisonError;
}

#[path = "../src/task/gate.rs"]
mod gate;

use gate::{EndOrder, Gate, StopBefore, WorkKind};

/// What stands for the supervisor of a task's children.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    children: Vec<&'static str>,
    /// It has been asked to stop.
    asked: bool,
    /// It has been told that no child comes any more.
    closed: bool,
}

type TestGate = Gate<Table, &'static str, &'static str>;

fn start(gate: &TestGate, child: &'static str) -> bool {
    let begin = |table: &mut Table, child| {
        assert!(!table.asked && !table.closed, "nothing starts once a stop has begun");
        table.children.push(child);
    };
    gate.admit(WorkKind::Work, child, |_| Table::default(), begin).is_ok()
}

fn clean_up(gate: &TestGate, work: &'static str) -> bool {
    let make = |request: Option<&&'static str>| Table { asked: request.is_some(), ..Table::default() };
    let begin = |table: &mut Table, work| {
        assert!(!table.closed, "nothing is cleaned up once the task is over");
        table.children.push(work);
    };
    gate.admit(WorkKind::CleanUp, work, make, begin).is_ok()
}

fn stop(gate: &TestGate) {
    gate.begin_stop("stop", |_, _| {}, |_, _| {}, |table| table.asked = true);
}

/// The body ends. `true` says that it reports the end.
fn leave(gate: &TestGate) -> bool {
    let left = gate.leave(|table, before| {
        if let Some(table) = table {
            table.asked |= matches!(before, StopBefore::None);
            table.closed = true;
        }
        "the report of the end"
    });
    left != EndOrder::First
}

/// The supervisor of the children ends, as it does when it has been asked, closed, and is empty. `true` says that it
/// reports the end.
fn empty(gate: &TestGate) -> bool {
    gate.emptied(|_| 0).is_some()
}

/// Checks that all children that were let in have been asked to stop.
fn all_were_asked(gate: &TestGate, let_in: usize) {
    let table = gate.with_group(|table| (table.asked, table.children.len()));
    match let_in {
        0 => assert!(table.is_none_or(|(_, children)| children == 0)),
        _ => assert_eq!(table, Some((true, let_in)), "a child that was let in is asked to stop"),
    }
}

#[test]
fn a_child_that_is_let_in_is_asked_to_stop_and_one_that_is_refused_is_counted() {
    loom::model(|| {
        let gate = Arc::new(TestGate::new());
        let starters = ["a", "b"].map(|child| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || usize::from(start(&gate, child)))
        });

        stop(&gate);

        let let_in: usize = starters.map(|starter| starter.join().unwrap()).into_iter().sum();
        all_were_asked(&gate, let_in);
        assert_eq!(gate.refused(), 2 - u32::try_from(let_in).unwrap());
        assert!(!start(&gate, "late"));
    });
}

#[test]
fn clean_up_work_is_told_of_the_stop_however_it_comes() {
    loom::model(|| {
        let gate = Arc::new(TestGate::new());
        let worker = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || usize::from(clean_up(&gate, "flush")))
        };

        stop(&gate);

        assert_eq!(worker.join().unwrap(), 1, "nothing was forced");
        all_were_asked(&gate, 1);
    });
}

#[test]
fn a_loop_of_tasks_that_start_tasks_ends_with_the_stop() {
    loom::model(|| {
        let gate = Arc::new(TestGate::new());
        let stopped = Arc::new(AtomicUsize::new(0));
        let respawner = {
            let (gate, stopped) = (Arc::clone(&gate), Arc::clone(&stopped));
            thread::spawn(move || {
                let mut after_the_stop = 0;
                for _ in 0..3 {
                    let was_stopped = stopped.load(Ordering::SeqCst);
                    if !start(&gate, "next") {
                        break;
                    }
                    after_the_stop += was_stopped;
                }
                after_the_stop
            })
        };

        stop(&gate);
        stopped.store(1, Ordering::SeqCst);

        assert_eq!(respawner.join().unwrap(), 0);
    });
}

#[test]
fn the_end_is_reported_once_whichever_part_ends_last() {
    loom::model(|| {
        let gate = Arc::new(TestGate::new());
        assert!(start(&gate, "a"));
        let group = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || usize::from(empty(&gate)))
        };

        let body = usize::from(leave(&gate));

        assert_eq!(body + group.join().unwrap(), 1);
    });
}

#[test]
fn nothing_comes_in_after_the_end_report() {
    loom::model(|| {
        let gate = Arc::new(TestGate::new());
        let late = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || clean_up(&gate, "late"))
        };

        let is_last = leave(&gate);

        let let_in = late.join().unwrap();
        assert_eq!(is_last, !let_in, "the body reports the end unless a child is below it");
        if let_in {
            all_were_asked(&gate, 1);
            assert!(empty(&gate));
        }
    });
}

#[test]
fn a_stop_a_start_and_an_end_in_any_order_leave_no_child_behind() {
    loom::model(|| {
        let gate = Arc::new(TestGate::new());
        let starter = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || usize::from(start(&gate, "a")))
        };
        let stopper = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || stop(&gate))
        };

        let is_last = leave(&gate);

        let let_in = starter.join().unwrap();
        stopper.join().unwrap();
        all_were_asked(&gate, let_in);
        assert_eq!(is_last, let_in == 0);
        assert_eq!(empty(&gate), let_in == 1);
    });
}

#[test]
fn a_guest_a_body_and_the_children_have_one_end_report_between_them() {
    loom::model(|| {
        let gate = Arc::new(TestGate::new());
        assert!(start(&gate, "child") && gate.enter());
        let words = Arc::new(AtomicUsize::new(0));
        let ends: [fn(&TestGate) -> bool; 2] = [|gate| gate.exit().is_some(), empty];
        let others = ends.map(|end| {
            let (gate, words) = (Arc::clone(&gate), Arc::clone(&words));
            thread::spawn(move || {
                words.fetch_add(usize::from(end(&gate)), Ordering::SeqCst);
            })
        });

        words.fetch_add(usize::from(leave(&gate)), Ordering::SeqCst);

        for other in others {
            other.join().unwrap();
        }
        assert_eq!(words.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_guest_comes_before_the_stop_or_not_at_all() {
    loom::model(|| {
        let gate = Arc::new(TestGate::new());
        let guest = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || gate.enter())
        };

        stop(&gate);
        let body_was_last = leave(&gate);

        let has_come = guest.join().unwrap();
        assert_eq!(body_was_last, !has_come, "a guest that comes is waited for");
        assert!(!gate.enter());
        let end_report = if has_come { gate.exit() } else { None };
        assert_eq!(end_report.is_some(), has_come);
    });
}
