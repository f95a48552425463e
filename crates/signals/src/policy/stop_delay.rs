//! Which decisions are held back until handlers have been called, and which are not.
//!
//! Handlers are foreign code. The handlers of a signal that stops the tree are called before the tree is touched, so
//! that what they say comes first. But a handler that hangs takes nothing away: a force and a leave do not wait, and
//! carry out before them what was held back; and a stop waits no longer than the limit. Nothing else has anything to
//! wait for.

use std::time::{Duration, Instant};

use super::{HandlerCallId, Reaction, SignalDecision};

/// Holds a stop back until its handlers have been called, and gives out decisions in the order of arrival.
#[derive(Debug)]
pub(crate) struct StopDelay {
    limit: Option<Duration>,
    delayed: Option<DelayedStop>,
}

/// A stop that waits for its handlers.
#[derive(Debug)]
struct DelayedStop {
    handlers: HandlerCallId,
    /// When it is carried out all the same.
    until: Option<Instant>,
    stop: SignalDecision,
    /// What was decided after it, of each kind one. None of that touches the tree: it is held back so that the record
    /// has signals in the order in which they arrived.
    behind: Vec<SignalDecision>,
}

impl StopDelay {
    /// With a limit for how long a stop waits for its handlers. `None` means as long as it takes.
    pub(crate) fn new(limit: Option<Duration>) -> Self {
        Self { limit, delayed: None }
    }

    /// Takes a decision, and the call of its handlers if it has some. Gives back what is to be carried out now.
    pub(crate) fn decided(
        &mut self,
        decided: SignalDecision,
        call: Option<HandlerCallId>,
        now: Instant,
    ) -> Vec<SignalDecision> {
        match (decided.reaction, call, &mut self.delayed) {
            (Reaction::Force | Reaction::Leave, _, _) => {
                let mut due = self.release();
                due.push(decided);
                due
            }
            // It is over by the time that the handlers have been called.
            (Reaction::Suspend | Reaction::Resume, _, _) => vec![decided],
            (Reaction::Stop, Some(handlers), None) => {
                let until = self.limit.and_then(|limit| now.checked_add(limit));
                self.delayed = Some(DelayedStop { handlers, until, stop: decided, behind: Vec::new() });
                Vec::new()
            }
            (Reaction::Stop | Reaction::Snapshot | Reaction::Ignore, _, Some(delayed)) => {
                if delayed.stop != decided && !delayed.behind.contains(&decided) {
                    delayed.behind.push(decided);
                }
                Vec::new()
            }
            (Reaction::Stop | Reaction::Snapshot | Reaction::Ignore, _, None) => vec![decided],
        }
    }

    /// Hears that handlers have been called. Gives back what is to be carried out now. What has been carried out
    /// without waiting is not carried out again.
    pub(crate) fn handled(&mut self, call: HandlerCallId) -> Vec<SignalDecision> {
        match &self.delayed {
            Some(delayed) if delayed.handlers == call => self.release(),
            Some(_) | None => Vec::new(),
        }
    }

    /// When the stop that is held back is carried out whatever its handlers do.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.delayed.as_ref().and_then(|delayed| delayed.until)
    }

    /// Looks at the time. Gives back what is to be carried out now.
    pub(crate) fn look(&mut self, now: Instant) -> Vec<SignalDecision> {
        match self.until() {
            Some(until) if until <= now => self.release(),
            Some(_) | None => Vec::new(),
        }
    }

    fn release(&mut self) -> Vec<SignalDecision> {
        let Some(delayed) = self.delayed.take() else { return Vec::new() };
        std::iter::once(delayed.stop).chain(delayed.behind).collect()
    }
}

#[cfg(test)]
mod tests;
