//! Which handlers are called next, and what becomes of those that do not return.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::CallPlace::{Aside, InTurn};
use super::*;
use crate::policy::Reaction::{Force, Ignore, Snapshot, Stop};
use crate::policy::tests::SIGNALS;

static START: LazyLock<Instant> = LazyLock::new(|| tokio::time::Instant::now().into_std());

fn decided(signal: Signal, reaction: Reaction) -> SignalDecision {
    SignalDecision { signal, reaction }
}

fn given(arrived: &[(Signal, Reaction)]) -> (CallQueue, Vec<HandlerCallId>) {
    let mut calls = CallQueue::default();
    let ids = arrived.iter().map(|(signal, reaction)| calls.add(decided(*signal, *reaction))).collect();
    (calls, ids)
}

/// The next call and its place, at once.
fn next(calls: &mut CallQueue) -> Option<(HandlerCallId, CallPlace)> {
    calls.next(*START).map(|(call, place)| (call.id, place))
}

/// The next call and its place when a stop has waited too long.
fn next_later(calls: &mut CallQueue) -> Option<(HandlerCallId, CallPlace)> {
    calls.next(*START + PATIENCE).map(|(call, place)| (call.id, place))
}

#[test]
fn calls_are_made_one_after_the_other() {
    let (mut calls, ids) =
        given(&[(Signal::INT, Stop), (Signal::USR2, Ignore), (Signal::USR1, Snapshot), (Signal::INT, Force)]);

    for id in ids {
        assert_eq!((next(&mut calls), next(&mut calls)), (Some((id, InTurn)), None));
        calls.made(id);
    }
    assert_eq!(next(&mut calls), None);
}

#[test]
fn a_call_whose_handler_has_run_beyond_its_limit_may_be_left_and_the_next_one_is_made() {
    let (mut calls, ids) = given(&[(Signal::HUP, Ignore), (Signal::USR2, Ignore), (Signal::WINCH, Ignore)]);
    let limit = *START + Duration::from_secs(5);
    assert_eq!(next(&mut calls), Some((ids[0], InTurn)));
    calls.begun(ids[0], Some(limit));
    assert_eq!((calls.until(), calls.overdue(*START)), (Some(limit), None));

    let overdue = calls.overdue(limit).unwrap();
    assert_eq!((overdue.call.id, overdue.place, overdue.may_be_left), (ids[0], InTurn, true));
    assert_eq!(next(&mut calls), None, "it has its thread as long as there is no other one");
    calls.leave(InTurn);
    assert_eq!((calls.overdue(limit), calls.until()), (None, None));

    let again = calls.add(decided(Signal::HUP, Ignore));
    assert_eq!(next(&mut calls), Some((ids[1], InTurn)));
    calls.made(ids[1]);
    assert_eq!(next(&mut calls), Some((ids[2], InTurn)));
    calls.made(ids[2]);
    assert_eq!(next(&mut calls), None, "no handler is called twice at a time");
    calls.made(ids[0]);
    assert_eq!(next(&mut calls), Some((again, InTurn)));
}

#[test]
fn a_handler_that_returns_or_limits_itself_is_not_overdue() {
    let (mut calls, ids) = given(&[(Signal::HUP, Ignore)]);
    next(&mut calls);

    calls.begun(ids[0], Some(*START));
    calls.begun(ids[0], None);
    assert_eq!((calls.overdue(*START), calls.until()), (None, None));
    calls.begun(ids[0], Some(*START));
    calls.made(ids[0]);

    assert_eq!((calls.overdue(*START), calls.until()), (None, None));
}

/// As many calls as may be left alone, which are, and one more, which is overdue as well.
fn given_one_more_than_may_be_left() -> (CallQueue, [HandlerCallId; MOST_LEFT + 1]) {
    let (mut calls, _) = given(&[]);
    let signals = [Signal::HUP, Signal::USR1, Signal::USR2, Signal::WINCH, Signal::QUIT];
    let all = signals.map(|signal| {
        let id = calls.add(decided(signal, Ignore));
        assert_eq!(next(&mut calls), Some((id, InTurn)));
        calls.begun(id, Some(*START));
        let overdue = calls.overdue(*START).unwrap();
        if overdue.may_be_left {
            calls.leave(overdue.place);
        }
        (id, overdue.may_be_left)
    });
    assert_eq!(all.map(|(_, may_be_left)| may_be_left), [true, true, true, true, false]);
    (calls, all.map(|(id, _)| id))
}

#[test]
fn no_more_than_a_few_calls_may_be_left() {
    let (mut calls, _) = given_one_more_than_may_be_left();

    calls.add(decided(Signal::PIPE, Ignore));

    assert_eq!(next(&mut calls), None);
    let later = *START + AGAIN * 10;
    assert_eq!((calls.overdue(later), calls.until()), (None, None), "it is told once, and nothing is due");
}

#[test]
fn a_call_that_could_not_be_left_is_left_as_soon_as_one_of_the_few_returns() {
    let (mut calls, ids) = given_one_more_than_may_be_left();
    let waits = calls.add(decided(Signal::PIPE, Ignore));

    calls.made(ids[2]);

    assert_eq!(calls.until(), Some(*START));
    let overdue = calls.overdue(*START).unwrap();
    let expected = (ids[4], InTurn, true, true);
    assert_eq!((overdue.call.id, overdue.place, overdue.may_be_left, overdue.is_told), expected);
    calls.leave(InTurn);
    assert_eq!(next(&mut calls), Some((waits, InTurn)));
    calls.made(ids[4]);
    calls.made(waits);
    assert_eq!((next(&mut calls), calls.until()), (None, None));
}

#[test]
fn a_call_that_could_not_be_left_and_returns_is_over() {
    let (mut calls, ids) = given_one_more_than_may_be_left();
    let waits = calls.add(decided(Signal::PIPE, Ignore));

    calls.made(ids[4]);

    assert_eq!((calls.overdue(*START), next(&mut calls)), (None, Some((waits, InTurn))));
}

#[test]
fn a_call_for_which_there_is_no_other_thread_is_looked_at_again_each_second() {
    let (mut calls, ids) = given(&[(Signal::HUP, Ignore), (Signal::USR2, Ignore)]);
    next(&mut calls);
    calls.begun(ids[0], Some(*START));

    let mut now = *START;
    for is_told in [false, true, true] {
        let overdue = calls.overdue(now).unwrap();
        assert_eq!((overdue.may_be_left, overdue.is_told), (true, is_told));
        assert_eq!((calls.overdue(now), calls.until()), (None, Some(now + AGAIN)));
        now += AGAIN;
    }
    calls.overdue(now).unwrap();
    calls.leave(InTurn);

    assert_eq!(next(&mut calls), Some((ids[1], InTurn)));
    assert_eq!(calls.until(), None);
}

#[test]
fn a_handler_that_follows_one_which_was_told_has_a_limit_of_its_own() {
    let (mut calls, ids) = given_one_more_than_may_be_left();
    let limit = *START + AGAIN;

    calls.begun(ids[4], Some(limit));

    assert_eq!((calls.overdue(*START), calls.until()), (None, Some(limit)));
    assert!(!calls.overdue(limit).unwrap().is_told);
}

#[test]
fn a_stop_that_has_waited_for_another_signal_is_called_aside_and_before_all_that_wait() {
    let (mut calls, ids) = given(&[(Signal::USR2, Ignore), (Signal::USR1, Snapshot), (Signal::TERM, Stop)]);

    assert_eq!(next(&mut calls), Some((ids[0], InTurn)));
    assert_eq!((next(&mut calls), calls.until()), (None, Some(*START + PATIENCE)));
    assert_eq!(next_later(&mut calls), Some((ids[2], Aside)));
    assert_eq!((next_later(&mut calls), calls.until()), (None, None));

    calls.made(ids[2]);
    assert_eq!(next_later(&mut calls), None, "nothing but a stop is called aside");
    calls.made(ids[0]);
    assert_eq!(next(&mut calls), Some((ids[1], InTurn)));
}

#[test]
fn a_stop_keeps_its_place_if_the_calls_before_it_are_soon_made() {
    let (mut calls, ids) = given(&[(Signal::HUP, Ignore), (Signal::USR1, Snapshot), (Signal::TERM, Stop)]);

    for id in ids {
        assert_eq!((next(&mut calls), next(&mut calls)), (Some((id, InTurn)), None));
        calls.made(id);
    }

    assert_eq!((next_later(&mut calls), calls.until()), (None, None));
}

#[test]
fn what_arrives_with_a_stop_or_after_it_waits_until_the_stop_has_been_called() {
    let (mut calls, ids) = given(&[(Signal::USR2, Ignore), (Signal::TERM, Stop), (Signal::USR1, Snapshot)]);
    next(&mut calls);
    next(&mut calls);
    next_later(&mut calls);

    calls.made(ids[0]);

    assert_eq!(next(&mut calls), None);
    calls.made(ids[1]);
    assert_eq!(next(&mut calls), Some((ids[2], InTurn)));
}

#[test]
fn a_stop_waits_for_an_earlier_call_of_its_own_signal() {
    let (mut calls, ids) = given(&[(Signal::HUP, Ignore), (Signal::HUP, Stop)]);

    assert_eq!((next(&mut calls), next(&mut calls)), (Some((ids[0], InTurn)), None));
    calls.made(ids[0]);
    assert_eq!(next(&mut calls), Some((ids[1], InTurn)));
}

#[test]
fn equal_signals_that_wait_are_one_call_and_it_knows_how_many_they_are() {
    let (mut calls, ids) = given(&[(Signal::USR1, Snapshot)]);
    calls.next(*START);
    let waits = calls.add(decided(Signal::USR1, Snapshot));

    let again = calls.add(decided(Signal::USR1, Snapshot));

    assert_eq!((ids[0] == waits, waits == again), (false, true));
    calls.made(ids[0]);
    let both = QueuedCall { id: waits, decided: decided(Signal::USR1, Snapshot), times: 2 };
    assert_eq!(calls.next(*START), Some((both, InTurn)));
    calls.made(waits);
    assert_eq!(calls.next(*START), None);
}

proptest! {
    #[test]
    fn no_arrival_is_forgotten_and_no_more_calls_wait_than_there_are_kinds(
        arrivals in prop::collection::vec((prop::sample::select(SIGNALS.to_vec()), any::<bool>()), 0..200),
        stop in 0_usize..200,
    ) {
        let mut calls = CallQueue::default();
        let (mut count, mut times, mut now) = (0, 0, *START);
        let mut made = Vec::new();

        for (place, (signal, is_over)) in arrivals.into_iter().enumerate() {
            calls.add(decided(signal, if place == stop { Stop } else { Ignore }));
            count += 1;
            now += PATIENCE / 2;
            while let Some((call, _)) = calls.next(now) {
                times += call.times;
                made.push(call);
            }
            prop_assert!(made.len() <= 2);
            if let [first, second] = made.as_slice() {
                prop_assert_ne!(first.decided.signal, second.decided.signal);
            }
            if let Some(call) = is_over.then(|| made.pop()).flatten() {
                calls.made(call.id);
            }
            prop_assert!(calls.waiting.len() <= SIGNALS.len() + 1);
        }

        times += calls.waiting.iter().map(|call| call.times).sum::<u32>();
        prop_assert_eq!(times, count);
    }
}
