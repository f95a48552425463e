//! A stop that begins on one thread while something is started on another.

use std::sync::{Arc, Barrier};
use std::thread;

use rootward::error::StartChildError;
use rootward::{DynamicSupervisor, Supervisor, Tree, TreeBuilder};

use super::begun_after;
use crate::support::{EventLog, OtherRuntime, builder, obedient};

/// A smoke test: of 600 such stops one showed the race when it was there, so that these find it in one run of 25. What
/// finds it is the seeded scheduler: its random stories did so after 66 of them at most, and
/// `seeded_nothing_starts_once_the_stop_of_the_root_is_written` is a small story of its own, told 400 times.
#[test]
fn no_child_starts_after_the_stop_of_a_large_tree_has_begun() {
    const CHILDREN: usize = 5000;
    const ROUNDS: usize = 24;
    let threads = OtherRuntime::new(2);
    for round in 0..ROUNDS {
        let children = (0..CHILDREN).map(|n| obedient(&format!("task-{n}")));
        let root = builder(Supervisor::new("root").children(children)).event_capacity(4 * CHILDREN + 4);
        let (tree, mut log) = launch(&threads, root);

        // Each round at another moment of the start, and never at its end.
        threads.block_on(log.wait_for_event(&format!("task-{}", round * 30), "started"));
        tree.request_stop();

        let record = threads.block_on(log.until_the_end());
        assert_eq!(begun_after(&record, "root stopping"), [""; 0]);
    }
}

#[test]
fn a_child_that_is_started_by_another_thread_starts_before_the_stop_or_is_handed_back() {
    const ROUNDS: usize = 300;
    let threads = OtherRuntime::new(2);
    for _ in 0..ROUNDS {
        let root = Supervisor::new("root").child(DynamicSupervisor::new("jobs")).child(obedient("last"));
        let (tree, log) = launch(&threads, builder(root));
        threads.block_on(tree.started()).expect("the tree can be started");
        let jobs = tree.supervisor("root/jobs").expect("it runs");

        let both = Arc::new(Barrier::new(2));
        let started = thread::scope(|scope| {
            let started = scope.spawn(|| {
                both.wait();
                threads.block_on(jobs.start_child(obedient("job")))
            });
            both.wait();
            tree.request_stop();
            started.join().expect("a call does not panic")
        });

        let record = threads.block_on(log.until_the_end());
        assert_eq!(begun_after(&record, "root stopping"), [""; 0]);
        let is_in_the_record = record.paths("starting").len() == 4;
        match started {
            Ok(_) => assert!(is_in_the_record, "it has been started:\n{record}"),
            Err(StartChildError::Stopping { .. } | StartChildError::NotRunning { .. }) => {
                assert!(!is_in_the_record, "it was refused:\n{record}");
            }
            other => panic!("{other:?}"),
        }
    }
}

fn launch(threads: &OtherRuntime, mut builder: TreeBuilder) -> (Tree, EventLog) {
    let log = EventLog::of(builder.subscribe());
    let _inside = threads.enter();
    (builder.launch(), log)
}
