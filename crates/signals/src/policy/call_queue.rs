//! Which handlers are called next: those of one signal after those of the other, in the order of arrival.
//!
//! A signal that arrives once more while an equal one still waits for its handlers is one with it, as the kernel has
//! it with signals that are pending. So there never wait more calls than there are kinds of them, however long a
//! handler hangs.

use std::collections::VecDeque;

use super::SignalDecision;

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

/// The calls that wait, and whether one is being made.
#[derive(Debug, Default)]
pub(crate) struct CallQueue {
    asked_for: u64,
    current: Option<HandlerCallId>,
    waiting: VecDeque<QueuedCall>,
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

    /// Hears that a call has been made.
    pub(crate) fn made(&mut self, id: HandlerCallId) {
        debug_assert_eq!(self.current, Some(id), "one call is made at a time");
        self.current = None;
    }

    /// The call that is to be made now: the next one, unless one is being made.
    pub(crate) fn next(&mut self) -> Option<QueuedCall> {
        if self.current.is_some() {
            return None;
        }
        let next = self.waiting.pop_front();
        self.current = next.map(|call| call.id);
        next
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Signal;
    use crate::policy::Reaction::{self, Ignore, Snapshot, Stop};
    use crate::policy::tests::SIGNALS;

    fn decided(signal: Signal, reaction: Reaction) -> SignalDecision {
        SignalDecision { signal, reaction }
    }

    #[test]
    fn calls_are_made_one_after_the_other() {
        let mut calls = CallQueue::default();
        let first = calls.add(decided(Signal::USR2, Ignore));
        let second = calls.add(decided(Signal::INT, Stop));

        assert_eq!(calls.next().map(|call| call.id), Some(first));
        assert_eq!(calls.next(), None);
        calls.made(first);
        assert_eq!(calls.next().map(|call| call.id), Some(second));
    }

    #[test]
    fn equal_signals_that_wait_are_one_call_and_it_knows_how_many_they_are() {
        let mut calls = CallQueue::default();
        let current = calls.add(decided(Signal::USR1, Snapshot));
        calls.next();
        let waits = calls.add(decided(Signal::USR1, Snapshot));

        let again = calls.add(decided(Signal::USR1, Snapshot));

        assert_eq!((current == waits, waits == again), (false, true));
        calls.made(current);
        assert_eq!(
            calls.next(),
            Some(QueuedCall { id: waits, decided: decided(Signal::USR1, Snapshot), times: 2 })
        );
        calls.made(waits);
        assert_eq!(calls.next(), None);
    }

    proptest! {
        #[test]
        fn no_arrival_is_forgotten_and_no_more_calls_wait_than_there_are_kinds(
            arrivals in prop::collection::vec((prop::sample::select(SIGNALS.to_vec()), any::<bool>()), 0..200),
        ) {
            let mut calls = CallQueue::default();
            let (mut count, mut times) = (0, 0);
            let mut current = None;

            for (signal, is_over) in arrivals {
                calls.add(decided(signal, Ignore));
                count += 1;
                if let Some(call) = calls.next() {
                    times += call.times;
                    current = Some(call.id);
                }
                if let Some(id) = current.take_if(|_| is_over) {
                    calls.made(id);
                }
                prop_assert!(calls.waiting.len() <= SIGNALS.len());
            }

            times += calls.waiting.iter().map(|call| call.times).sum::<u32>();
            prop_assert_eq!(times, count);
        }
    }
}
