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
mod tests;
