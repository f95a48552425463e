//! A worker is never seen with the time of another one: it would count as stuck although it has just begun.

use std::sync::Arc;

use loom::thread;

use crate::sync::model;
use crate::work_cell::{Doing, SlotWork, WorkCell, WorkerId};

const LATER: u64 = 30;

fn check(seen: Option<SlotWork>) {
    let Some(SlotWork { worker: WorkerId(worker), doing, since }) = seen else { return };
    let (began, does) = match worker {
        1 => (10, Doing::Poll),
        2 => (20, Doing::Drop),
        other => panic!("there is no worker {other}"),
    };
    assert!(since >= began, "worker {worker} has begun at {began}, and not at {since}");
    assert_eq!(doing, does);
}

#[test]
fn a_worker_that_ends_while_it_is_looked_at_does_not_seem_to_be_stuck() {
    model(|| {
        let cell = Arc::new(WorkCell::new());
        let thread = {
            let cell = Arc::clone(&cell);
            thread::spawn(move || {
                let before = cell.begin(WorkerId(1), Doing::Poll, 10);
                cell.end(before);
            })
        };

        check(cell.look(LATER));

        thread.join().unwrap();
        assert_eq!(cell.look(LATER), None);
    });
}

#[test]
fn a_worker_inside_of_another_has_a_time_of_its_own_and_the_outer_one_keeps_its_own() {
    model(|| {
        let cell = Arc::new(WorkCell::new());
        let outer = cell.begin(WorkerId(1), Doing::Poll, 10);
        let thread = {
            let cell = Arc::clone(&cell);
            thread::spawn(move || {
                let inner = cell.begin(WorkerId(2), Doing::Drop, 20);
                cell.end(inner);
            })
        };

        check(cell.look(LATER));

        thread.join().unwrap();
        let seen = cell.look(LATER);
        assert_eq!(seen, Some(SlotWork { worker: WorkerId(1), doing: Doing::Poll, since: 10 }));
        cell.end(outer);
    });
}
