//! What a reading shows between the looks. What it shows while another thread looks is in `tests/models/of_reading.rs`.

#![expect(clippy::disallowed_methods, reason = "a clock that the test sets needs any instant to count from")]

use std::time::{Duration, Instant};

use super::policy::UNSEEN;
use super::reading::SharedReading;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_clock_stands_still_half_a_second_after_the_last_look_until_it_is_known_what_was_lost() {
    let (clock, start) = looking();
    let stands = start + UNSEEN;

    assert_eq!(clock.awake(start + UNSEEN / 2), start + UNSEEN / 2);
    assert_eq!(clock.awake(start + 60 * SECOND), stands);
    assert!(clock.is_stalled(start + 60 * SECOND) && !clock.is_stalled(stands));

    clock.look(start + 60 * SECOND, 60 * SECOND - UNSEEN);
    assert_eq!(clock.awake(start + 60 * SECOND), stands, "it goes on from where it stood");
    assert_eq!(clock.awake(start + 61 * SECOND - UNSEEN), stands + SECOND - UNSEEN);
}

#[test]
fn a_clock_that_was_not_looked_at_because_the_machine_is_busy_makes_up_for_it() {
    let (clock, start) = looking();
    assert_eq!(clock.awake(start + 60 * SECOND), start + UNSEEN);

    clock.look(start + 60 * SECOND, Duration::ZERO);

    assert_eq!(clock.awake(start + 60 * SECOND), start + 60 * SECOND);
}

#[test]
fn what_was_lost_stays_lost_when_nothing_is_waited_for_any_more() {
    let (clock, start) = looking();
    clock.look(start + 10 * SECOND, 9 * SECOND);
    clock.end_wait();

    clock.look(start + 11 * SECOND, Duration::ZERO);

    assert_eq!((clock.looked(), clock.is_the_systems()), (None, false));
    assert_eq!(clock.awake(start + 99 * SECOND), start + 90 * SECOND);
    assert!(clock.wait() && !clock.is_stalled(start + 99 * SECOND));
}

#[test]
fn a_clock_that_is_looked_at_does_not_begin_again() {
    let (clock, start) = looking();
    assert!(!clock.wait(), "it is looked already");

    // What began to wait at the same time may have found that it is not looked.
    clock.begin(start + 10 * SECOND);

    assert_eq!(clock.looked(), Some(start));
    assert_eq!(
        clock.awake(start + 10 * SECOND),
        start + UNSEEN,
        "nothing of what it stood still is forgotten"
    );
}

#[test]
fn a_clock_at_which_nothing_is_waited_for_is_the_systems() {
    let start = Instant::now();
    let clock = SharedReading::new(start);

    assert!(clock.is_the_systems());
    assert_eq!(clock.awake(start + 60 * SECOND), start + 60 * SECOND);
}

fn looking() -> (SharedReading, Instant) {
    let origin = Instant::now();
    let (clock, start) = (SharedReading::new(origin), origin + SECOND);
    assert!(clock.wait());
    clock.begin(start);
    (clock, start)
}
