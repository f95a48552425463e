//! Ends that may be part of a stop of everything: decided upon a little later.
//!
//! A service manager, or a user, may send a stop signal to all processes of a program at once. Then children end
//! because of it while the root's own signal is still on its way, and are no crashes: nothing is restarted, and nothing
//! counts. So what follows from such an end waits until the root must have heard of it. If a stop begins meanwhile,
//! nothing follows; otherwise it was an end like any other, and OTP's rules hold from then on.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::child::{ChildKey, State};
use super::exits::{Pending, is_restarted};
use super::{Actions, Machine};
use crate::child::ExitClass;

/// How long the root's signal may be on its way. The sender may lose the processor in between, more than once on a
/// machine that has much to do: with twenty programs that want to run on two processors 100 ms were not enough.
pub(super) const DEFERRAL: Duration = Duration::from_millis(250);

/// Ends that are decided upon later, in the order in which their time comes.
#[derive(Clone, Debug, Default)]
pub(super) struct DeferredEnds(VecDeque<(Instant, Pending)>);

impl DeferredEnds {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// When the next one is decided upon.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.front().map(|(at, _)| *at)
    }
}

impl Machine {
    /// A child has ended as programs do because of a stop signal, which may have been meant for the whole tree.
    pub(super) fn ended_by_signal(
        &mut self,
        key: ChildKey,
        class: ExitClass,
        now: Instant,
        out: &mut Actions,
    ) {
        let before = self.pending.len();
        self.over(key, State::Ended(class), now, out);
        debug_assert!(self.pending.len() <= before + 1, "an end has one consequence");
        // A success is deferred only where it leads to a restart: work that is done is done.
        let restart = self.children.get(key).map(|child| child.traits.restart);
        let is_deferred =
            class == ExitClass::Abnormal || restart.is_some_and(|restart| is_restarted(restart, class));
        if is_deferred && self.pending.len() > before {
            self.deferred.0.extend(self.pending.pop_back().map(|exit| (now + DEFERRAL, exit)));
        }
    }

    /// The start of a child was ended by a stop signal, which may have been meant for the whole tree. A caller that
    /// waits for the start hears of it at once: it asked for this child, and not for the tree.
    pub(super) fn start_failed_by_signal(&mut self, key: ChildKey, now: Instant, out: &mut Actions) {
        let deferred_until = (!self.waiting.contains_key(&key)).then_some(now + DEFERRAL);
        self.over(key, State::Failed { deferred_until }, now, out);
    }

    /// A start whose end was deferred has failed.
    pub(super) fn has_failed(&mut self, key: ChildKey) {
        self.children.set(key, State::Failed { deferred_until: None });
    }

    /// Takes up the ends that have been deferred for long enough.
    pub(super) fn deferral_is_over(&mut self, now: Instant) {
        while self.deferred.next().is_some_and(|at| at <= now) {
            self.pending.extend(self.deferred.0.pop_front().map(|(_, exit)| exit));
        }
    }
}
