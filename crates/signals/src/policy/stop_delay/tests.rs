//! What waits for handlers and for how long.

use proptest::prelude::*;

use super::Reaction::{Force, Ignore, Leave, Snapshot, Stop};
use super::*;
use crate::Signal;
use crate::policy::CallQueue;

const LIMIT: Duration = Duration::from_secs(5);

fn decided(reaction: Reaction) -> SignalDecision {
    SignalDecision { signal: Signal::INT, reaction }
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "any moment will do as the origin")]
    Instant::now()
}

/// A delay, and a stop that it holds back.
fn given_a_stop_that_waits() -> (StopDelay, CallQueue, HandlerCallId, Instant) {
    let (mut stop_delay, mut calls, now) = (StopDelay::new(Some(LIMIT)), CallQueue::default(), now());
    let call = calls.add(decided(Stop));
    assert_eq!(stop_delay.decided(decided(Stop), Some(call), now), []);
    (stop_delay, calls, call, now)
}

#[test]
fn a_stop_waits_for_its_handlers() {
    let (mut stop_delay, _, call, now) = given_a_stop_that_waits();

    assert_eq!(stop_delay.look(now), []);
    assert_eq!(stop_delay.handled(call), [decided(Stop)]);
    assert_eq!((stop_delay.handled(call), stop_delay.until()), (vec![], None));
}

#[test]
fn a_stop_without_handlers_waits_for_nothing() {
    let mut stop_delay = StopDelay::new(Some(LIMIT));

    assert_eq!(stop_delay.decided(decided(Stop), None, now()), [decided(Stop)]);
}

#[test]
fn a_stop_waits_for_no_other_signals_handlers() {
    let (mut stop_delay, mut calls, call, _) = given_a_stop_that_waits();
    let other = calls.add(decided(Snapshot));

    assert_eq!(stop_delay.handled(other), []);
    assert_eq!(stop_delay.handled(call), [decided(Stop)]);
}

#[test]
fn a_stop_whose_handlers_hang_is_carried_out_when_the_limit_is_over() {
    let (mut stop_delay, _, call, now) = given_a_stop_that_waits();

    assert_eq!(stop_delay.until(), Some(now + LIMIT));
    assert_eq!(stop_delay.look(now + LIMIT - Duration::from_nanos(1)), []);
    assert_eq!(stop_delay.look(now + LIMIT), [decided(Stop)]);
    assert_eq!(stop_delay.handled(call), [], "the handlers came to an end after all");
}

#[test]
fn without_a_limit_a_stop_waits_as_long_as_it_takes() {
    for limit in [None, Some(Duration::MAX)] {
        let (mut stop_delay, mut calls) = (StopDelay::new(limit), CallQueue::default());
        let call = calls.add(decided(Stop));
        stop_delay.decided(decided(Stop), Some(call), now());

        assert_eq!((stop_delay.until(), stop_delay.look(now() + LIMIT)), (None, vec![]));
    }
}

#[test]
fn a_force_waits_for_nothing_and_takes_along_what_was_held_back() {
    for urgent in [Force, Leave] {
        let (mut stop_delay, mut calls, call, now) = given_a_stop_that_waits();
        stop_delay.decided(decided(Snapshot), None, now);
        let urgent_call = calls.add(decided(urgent));

        let due = stop_delay.decided(decided(urgent), Some(urgent_call), now);

        assert_eq!(due, [Stop, Snapshot, urgent].map(decided));
        assert_eq!((stop_delay.handled(call), stop_delay.handled(urgent_call)), (vec![], vec![]));
    }
}

#[test]
fn what_only_handlers_care_for_is_carried_out_at_once_although_it_has_some() {
    let (mut stop_delay, mut calls) = (StopDelay::new(Some(LIMIT)), CallQueue::default());

    for reaction in [Ignore, Snapshot] {
        let call = calls.add(decided(reaction));
        assert_eq!(stop_delay.decided(decided(reaction), Some(call), now()), [decided(reaction)]);
    }
}

#[test]
fn behind_a_stop_that_waits_there_is_one_of_a_kind() {
    let (mut stop_delay, _, call, now) = given_a_stop_that_waits();

    for reaction in [Ignore, Snapshot, Ignore, Snapshot, Ignore] {
        assert_eq!(stop_delay.decided(decided(reaction), None, now), []);
    }

    assert_eq!(stop_delay.handled(call), [Stop, Ignore, Snapshot].map(decided));
}

proptest! {
    #[test]
    fn every_kind_of_decision_is_carried_out_and_in_the_order_of_arrival(
        arrivals in prop::collection::vec(
            (prop::sample::select(vec![Force, Snapshot, Ignore]), prop::sample::select(crate::policy::tests::SIGNALS.to_vec())),
            0..20,
        ),
        before in 0_usize..20,
        answered in prop::option::of(0_usize..20),
    ) {
        let mut arrivals: Vec<_> =
            arrivals.into_iter().map(|(reaction, signal)| SignalDecision { signal, reaction }).collect();
        // An escalation asks for a stop once.
        arrivals.insert(before.min(arrivals.len()), decided(Stop));
        let (mut stop_delay, mut calls) = (StopDelay::new(Some(LIMIT)), CallQueue::default());
        let mut done = Vec::new();
        let mut stop = None;

        for (place, decided) in arrivals.iter().enumerate() {
            let call = calls.add(*decided);
            stop = stop.or((decided.reaction == Stop).then_some(call));
            done.extend(stop_delay.decided(*decided, Some(call), now()));
            if let Some(stop) = stop.filter(|_| answered == Some(place)) {
                done.extend(stop_delay.handled(stop));
            }
        }
        done.extend(stop_delay.look(now() + LIMIT));

        // Each is the next of those that arrived; what is left out is equal to one that is there.
        let mut rest = arrivals.iter();
        prop_assert!(done.iter().all(|one| rest.any(|arrived| arrived == one)), "{:?} of {:?}", done, arrivals);
        prop_assert!(arrivals.iter().all(|arrived| done.contains(arrived)));
        prop_assert_eq!(done.iter().filter(|one| one.reaction == Stop).count(), 1);
    }
}
