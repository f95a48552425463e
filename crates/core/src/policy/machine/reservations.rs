//! Reserved places: a dynamic supervisor keeps them for callers, so that it need not refuse the children that they
//! bring.

use std::collections::VecDeque;

use super::io::{CallKey, Reply};
use super::waiting::reply;
use super::{Actions, Machine, Phase};
use crate::policy::Keeping;

/// The places that are kept, and the callers that wait for one, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Reservations {
    kept: usize,
    waiting: VecDeque<CallKey>,
}

impl Reservations {
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    pub(super) fn wait(&mut self, call: CallKey) {
        self.waiting.push_back(call);
    }

    /// A place is not kept any more: a child has it now, or its caller has left.
    pub(super) fn leave(&mut self) {
        // A machine that has taken over knows of none.
        self.kept = self.kept.saturating_sub(1);
    }

    /// The supervisor stops: no caller gets a place any more.
    pub(super) fn dismiss(&mut self, out: &mut Actions) {
        for call in self.waiting.drain(..) {
            reply(call, Reply::Stopping, out);
        }
    }
}

impl Machine {
    /// Gives the free places to the callers that wait, in the order in which they asked.
    pub(super) fn grant_reservations(&mut self, out: &mut Actions) {
        if self.reservations.waiting.is_empty() {
            return;
        }
        if self.held || matches!(self.phase, Phase::WindingDown(_) | Phase::Finished) {
            return self.reservations.dismiss(out);
        }
        let places = match self.policy.keeping {
            Keeping::Nothing { max_children } => max_children,
            Keeping::Specs => usize::MAX,
        };
        while self.children.len() + self.reservations.kept < places {
            let Some(call) = self.reservations.waiting.pop_front() else { return };
            self.reservations.kept += 1;
            reply(call, Reply::Reserved, out);
        }
    }
}
