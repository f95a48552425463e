//! Which decisions wait until their handlers have been called, and which do not.
//!
//! Handlers are somebody else's code. They are called before the tree is touched, so that what they say comes
//! first; but a handler that hangs must not take away the way out. So whoever loses patience does not wait:
//! force and leave are carried out at once, and everything that was waiting before them is carried out first.

use std::collections::VecDeque;

use super::Reaction;
use crate::Signal;

/// Says which signal is meant: they are counted as they arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// A signal and what was decided about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) signal: Signal,
    pub(crate) reaction: Reaction,
}

/// Holds decisions back until it is their turn, and gives them out in the order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    arrived: u64,
    waiting: VecDeque<(Ticket, Decided)>,
}

impl Patience {
    /// Takes a decision. Gives back what is to be carried out now.
    pub(crate) fn decided(&mut self, decided: Decided) -> (Ticket, Vec<Decided>) {
        self.arrived += 1;
        let ticket = Ticket(self.arrived);
        self.waiting.push_back((ticket, decided));
        let due = match decided.reaction {
            Reaction::Force | Reaction::Leave => self.handled(ticket),
            Reaction::Stop | Reaction::Snapshot | Reaction::Ignore => Vec::new(),
        };
        (ticket, due)
    }

    /// Hears that the handlers for this signal, and for all before it, have been called. Gives back what is
    /// to be carried out now. What has been carried out without waiting is not carried out again.
    pub(crate) fn handled(&mut self, ticket: Ticket) -> Vec<Decided> {
        let due = self.waiting.iter().take_while(|(waiting, _)| *waiting <= ticket).count();
        self.waiting.drain(..due).map(|(_, decided)| decided).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Reaction::{Force, Ignore, Leave, Snapshot, Stop};
    use super::*;

    fn decided(reaction: Reaction) -> Decided {
        Decided { signal: Signal::Interrupt, reaction }
    }

    fn any_reaction() -> impl Strategy<Value = Reaction> {
        prop::sample::select(vec![Stop, Force, Leave, Snapshot, Ignore])
    }

    #[test]
    fn a_stop_waits_for_its_handlers() {
        let mut patience = Patience::default();

        let (ticket, at_once) = patience.decided(decided(Stop));
        let afterwards = patience.handled(ticket);

        assert_eq!((at_once, afterwards), (vec![], vec![decided(Stop)]));
    }

    #[test]
    fn a_force_waits_for_nobody_and_takes_along_what_was_waiting() {
        let mut patience = Patience::default();
        let (stop, _) = patience.decided(decided(Stop));
        patience.decided(decided(Snapshot));

        let (force, at_once) = patience.decided(decided(Force));

        assert_eq!(at_once, [Stop, Snapshot, Force].map(decided));
        assert_eq!((patience.handled(stop), patience.handled(force)), (vec![], vec![]));
    }

    proptest! {
        #[test]
        fn every_decision_is_carried_out_once_and_in_the_order_of_arrival(
            reactions in prop::collection::vec(any_reaction(), 0..20),
            answered in prop::collection::vec(any::<bool>(), 20),
        ) {
            let mut patience = Patience::default();
            let mut done = Vec::new();
            let mut last = None;

            for (reaction, handled) in reactions.iter().zip(answered) {
                let (ticket, at_once) = patience.decided(decided(*reaction));
                done.extend(at_once);
                last = Some(ticket);
                if handled {
                    done.extend(patience.handled(ticket));
                }
            }
            done.extend(last.map(|last| patience.handled(last)).unwrap_or_default());

            prop_assert_eq!(done, reactions.into_iter().map(decided).collect::<Vec<_>>());
        }
    }
}
