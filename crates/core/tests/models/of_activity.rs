//! A tree that becomes idle says so, and one that does not is never taken for idle.

use std::sync::Arc;

use loom::thread;

use crate::activity::ActivityCounter;
use crate::sync::{AtomicBool, Ordering, block_on};

#[test]
fn what_waits_hears_that_the_last_activity_has_ended() {
    loom::model(|| {
        let counter = Arc::new(ActivityCounter::default());
        let activity = counter.begin();
        let ends = thread::spawn(move || drop(activity));

        block_on(counter.idle());

        ends.join().unwrap();
    });
}

#[test]
fn a_tree_in_which_one_activity_takes_over_from_another_is_not_idle_in_between() {
    loom::model(|| {
        let counter = Arc::new(ActivityCounter::default());
        let is_over = Arc::new(AtomicBool::new(false));
        let first = counter.begin();
        let takes_over = {
            let (counter, is_over) = (Arc::clone(&counter), Arc::clone(&is_over));
            thread::spawn(move || {
                let second = counter.begin();
                drop(first);
                is_over.store(true, Ordering::Relaxed);
                drop(second);
            })
        };

        block_on(counter.idle());

        assert!(is_over.load(Ordering::Relaxed), "the second activity has ended, and what it did is seen");
        takes_over.join().unwrap();
    });
}
