//! Which handlers are called next: those of one signal after those of the other, in the order of arrival.
//!
//! The handlers of the signal that stops the tree are the exception: they are called aside, on another thread, if they
//! have waited a tenth of a second for those of another signal. What another signal has called may hang, and no stop
//! waits longer for that.
//!
//! A handler that has run beyond its limit may never return, if it is not async. Then the calls after it are made on
//! another thread, and it is left alone, up to a few of them. A signal whose handlers have been left alone so has no
//! other call until they return: a handler is never called twice at a time. One beyond these few keeps its thread until
//! one of the others has returned, and one for which there is no thread is looked at again each second.
//!
//! A signal that arrives once more while an equal one still waits for its handlers is one with it, as the kernel has
//! it with signals that are pending. So there never wait more calls than there are kinds of them, however long a
//! handler hangs.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Reaction, SignalDecision};
use crate::Signal;

/// How long the handlers of a stop wait for those of signals that came before. As a rule they return at once, and all
/// signals keep their order.
const PATIENCE: Duration = Duration::from_millis(100);

/// How many calls may be left alone, each of which keeps a thread.
const MOST_LEFT: usize = 4;

/// How long until there may be a thread again where there was none.
const AGAIN: Duration = Duration::from_secs(1);

/// Says which call is meant: calls are counted as they are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HandlerCallId(u64);

/// The handlers of one signal, to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueuedCall {
    pub(crate) id: HandlerCallId,
    pub(crate) decided: SignalDecision,
    /// How many arrivals this call is for.
    pub(crate) times: u32,
}

/// Where a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallPlace {
    /// Where handlers are called, one signal after the other.
    InTurn,
    /// Where only a stop's handlers are called, while those of another signal do not return.
    Aside,
}

/// A call one of whose handlers has run beyond its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OverdueCall {
    pub(crate) call: QueuedCall,
    pub(crate) place: CallPlace,
    /// Whether it may be left alone. If not, the calls after it wait for it.
    pub(crate) may_be_left: bool,
    /// Whether it was overdue before, and could not be left alone then.
    pub(crate) is_told: bool,
}

/// When a call is looked at because of its handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DueCall {
    /// Its handler has to return by then.
    Returns(Instant),
    /// Its handler has not, and the calls after it wait. From then on it is left alone, as soon as it may be.
    Left(Instant),
}

/// The calls that wait, and those that are being made.
#[derive(Debug, Default)]
pub(crate) struct CallQueue {
    asked_for: u64,
    in_turn: Option<QueuedCall>,
    aside: Option<QueuedCall>,
    waiting: VecDeque<QueuedCall>,
    /// Since when a stop has waited for another signal.
    stop_waits_since: Option<Instant>,
    /// What is due of the handler that is being called, in each place.
    due_in_turn: Option<DueCall>,
    due_aside: Option<DueCall>,
    /// The calls that have been left alone.
    left: Vec<QueuedCall>,
}

impl CallQueue {
    /// Asks for a call. If an equal one waits already, that one is for both.
    pub(crate) fn add(&mut self, decided: SignalDecision) -> HandlerCallId {
        if let Some(equal) = self.waiting.iter_mut().find(|call| call.decided == decided) {
            equal.times = equal.times.saturating_add(1);
            return equal.id;
        }
        self.asked_for += 1;
        let id = HandlerCallId(self.asked_for);
        self.waiting.push_back(QueuedCall { id, decided, times: 1 });
        id
    }

    /// Hears that a handler of a call has begun, and by when it has to return. `None` says that nothing is due.
    pub(crate) fn begun(&mut self, id: HandlerCallId, due: Option<Instant>) {
        let is_it = |call: Option<QueuedCall>| call.is_some_and(|call| call.id == id);
        let due = due.map(DueCall::Returns);
        if is_it(self.in_turn) {
            self.due_in_turn = due;
        } else if is_it(self.aside) {
            self.due_aside = due;
        }
        // Nothing is due any more of one that has been left alone.
    }

    /// Hears that a call has been made.
    pub(crate) fn made(&mut self, id: HandlerCallId) {
        let is_it = |call: &mut QueuedCall| call.id == id;
        if self.in_turn.take_if(is_it).is_some() {
            self.due_in_turn = None;
        } else if self.aside.take_if(is_it).is_some() {
            self.due_aside = None;
        } else {
            debug_assert!(
                self.left.iter().any(|call| call.id == id),
                "what has been made was being made: {id:?}"
            );
            self.left.retain(|call| call.id != id);
        }
    }

    /// A call one of whose handlers has run beyond its limit. It comes again if it is not [left](Self::leave): when
    /// there is room for it, and each second.
    pub(crate) fn overdue(&mut self, now: Instant) -> Option<OverdueCall> {
        let may_be_left = self.may_be_left();
        let places = [
            (self.in_turn, &mut self.due_in_turn, CallPlace::InTurn),
            (self.aside, &mut self.due_aside, CallPlace::Aside),
        ];
        for (call, due, place) in places {
            let (Some(call), Some(at)) = (call, *due) else { continue };
            let is_told = match at {
                DueCall::Returns(at) if at <= now => false,
                DueCall::Left(at) if at <= now && may_be_left => true,
                DueCall::Returns(_) | DueCall::Left(_) => continue,
            };
            // Where it may not be left, the next one that returns makes room for it.
            *due = Some(DueCall::Left(if may_be_left { now + AGAIN } else { now }));
            return Some(OverdueCall { call, place, may_be_left, is_told });
        }
        None
    }

    /// Leaves the call in this place alone: there is another thread for the ones after it.
    pub(crate) fn leave(&mut self, place: CallPlace) {
        let (call, due) = match place {
            CallPlace::InTurn => (&mut self.in_turn, &mut self.due_in_turn),
            CallPlace::Aside => (&mut self.aside, &mut self.due_aside),
        };
        *due = None;
        self.left.extend(call.take());
    }

    /// The call that is to be made now, and where: the next one if none is being made, and otherwise a stop that has
    /// waited too long for another signal.
    pub(crate) fn next(&mut self, now: Instant) -> Option<(QueuedCall, CallPlace)> {
        if self.aside.is_some() {
            return None;
        }
        if self.in_turn.is_none() {
            let next = self.waiting.iter().position(|call| !self.is_left(call.decided.signal));
            self.in_turn = next.and_then(|next| self.waiting.remove(next));
            if let Some(call) = self.in_turn {
                return Some((call, CallPlace::InTurn));
            }
        }
        let Some(stop) = self.stop_that_waits() else {
            self.stop_waits_since = None;
            return None;
        };
        let since = *self.stop_waits_since.get_or_insert(now);
        if now.saturating_duration_since(since) < PATIENCE {
            return None;
        }
        self.stop_waits_since = None;
        self.aside = self.waiting.remove(stop);
        self.aside.map(|call| (call, CallPlace::Aside))
    }

    /// When a stop that waits for another signal has waited too long, or a handler has run beyond its limit.
    pub(crate) fn until(&self) -> Option<Instant> {
        let stop = self.stop_waits_since.and_then(|since| since.checked_add(PATIENCE));
        let due = [self.due_in_turn, self.due_aside].map(|due| match due? {
            DueCall::Returns(at) => Some(at),
            // Without room nothing is due: a call that returns makes some.
            DueCall::Left(at) => self.may_be_left().then_some(at),
        });
        due.into_iter().chain([stop]).flatten().min()
    }

    /// Whether there is room for one more call that is left alone.
    fn may_be_left(&self) -> bool {
        self.left.len() < MOST_LEFT
    }

    /// Whether handlers of this signal have been left alone.
    fn is_left(&self, signal: Signal) -> bool {
        self.left.iter().any(|call| call.decided.signal == signal)
    }

    /// The place in the queue of a stop whose handlers wait for those of another signal.
    fn stop_that_waits(&self) -> Option<usize> {
        let busy = self.in_turn?;
        self.waiting.iter().position(|call| {
            let signal = call.decided.signal;
            call.decided.reaction == Reaction::Stop && signal != busy.decided.signal && !self.is_left(signal)
        })
    }
}

#[cfg(test)]
mod tests {
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
        let (mut calls, ids) = given(&[
            (Signal::INT, Stop),
            (Signal::USR2, Ignore),
            (Signal::USR1, Snapshot),
            (Signal::INT, Force),
        ]);

        for id in ids {
            assert_eq!((next(&mut calls), next(&mut calls)), (Some((id, InTurn)), None));
            calls.made(id);
        }
        assert_eq!(next(&mut calls), None);
    }

    #[test]
    fn a_call_whose_handler_has_run_beyond_its_limit_may_be_left_and_the_next_one_is_made() {
        let (mut calls, ids) =
            given(&[(Signal::HUP, Ignore), (Signal::USR2, Ignore), (Signal::WINCH, Ignore)]);
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
        assert_eq!(
            (calls.overdue(later), calls.until()),
            (None, None),
            "it is told once, and nothing is due"
        );
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
        let (mut calls, ids) =
            given(&[(Signal::USR2, Ignore), (Signal::USR1, Snapshot), (Signal::TERM, Stop)]);

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
        let (mut calls, ids) =
            given(&[(Signal::HUP, Ignore), (Signal::USR1, Snapshot), (Signal::TERM, Stop)]);

        for id in ids {
            assert_eq!((next(&mut calls), next(&mut calls)), (Some((id, InTurn)), None));
            calls.made(id);
        }

        assert_eq!((next_later(&mut calls), calls.until()), (None, None));
    }

    #[test]
    fn what_arrives_with_a_stop_or_after_it_waits_until_the_stop_has_been_called() {
        let (mut calls, ids) =
            given(&[(Signal::USR2, Ignore), (Signal::TERM, Stop), (Signal::USR1, Snapshot)]);
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
}
