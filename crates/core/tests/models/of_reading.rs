//! The clock of awake time: it is looked at whenever a time is waited for, and what it shows never goes back.

#![expect(clippy::disallowed_methods, reason = "a clock that the test sets needs any instant to count from")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use loom::thread;

use crate::policy::UNSEEN;
use crate::reading::SharedReading;
use crate::sync::model;

const SECOND: Duration = Duration::from_secs(1);

/// A clock at which it was looked a second after its origin, and that moment.
fn looked_at() -> (Arc<SharedReading>, Instant) {
    let origin = Instant::now();
    let clock = SharedReading::new(origin);
    clock.wait();
    clock.begin(origin + SECOND);
    (Arc::new(clock), origin + SECOND)
}

#[test]
fn a_wait_that_meets_the_last_look_is_looked_at() {
    model(|| {
        let (clock, start) = looked_at();
        clock.end_wait();
        let waits = {
            let clock = Arc::clone(&clock);
            thread::spawn(move || {
                if clock.wait() {
                    clock.begin(start + SECOND);
                }
            })
        };

        clock.look(start + SECOND, Duration::ZERO);

        waits.join().unwrap();
        assert_ne!(clock.looked(), None, "a time is waited for, and no look is to come");
    });
}

#[test]
fn a_clock_that_is_read_while_a_loss_is_found_never_goes_back() {
    model(|| {
        let (clock, start) = looked_at();
        let found = start + 60 * SECOND;
        let looks = {
            let clock = Arc::clone(&clock);
            thread::spawn(move || clock.look(found, 60 * SECOND - UNSEEN))
        };

        let shown = [clock.awake(found), clock.awake(found)];

        looks.join().unwrap();
        assert!(shown[0] <= shown[1], "it has gone back by {:?}", shown[0] - shown[1]);
        assert!(shown[1] <= clock.awake(found), "it has gone back by {:?}", shown[1] - clock.awake(found));
        assert!(shown[0] >= start + UNSEEN, "it had shown {:?} more", start + UNSEEN - shown[0]);
    });
}

#[test]
fn a_clock_is_not_taken_for_the_systems_while_the_look_that_finds_a_loss_is_the_last() {
    model(|| {
        let (clock, start) = looked_at();
        clock.end_wait();
        let looks = {
            let clock = Arc::clone(&clock);
            thread::spawn(move || clock.look(start + 60 * SECOND, 60 * SECOND - UNSEEN))
        };

        assert!(!clock.is_the_systems());

        assert!(!looks.join().unwrap(), "no time is waited for");
        assert_eq!((clock.looked(), clock.is_the_systems()), (None, false));
    });
}
