//! The supervisor's machine: what to start, what to stop, when to give up.
//!
//! The machine knows children by their keys and how far each has come. Its shell tells it facts ([`Input`]), and it
//! answers with what the shell has to do ([`Action`]). Only one thing is in hand at a time, as in OTP: while children
//! are stopped and started, what else happens waits in a queue. A stop does not wait: it ends whatever is in hand.
//!
//! Facts change what is known of a child; then [`Machine::advance`] goes on with what is in hand until there is
//! something to wait for. A fact that comes late or twice changes nothing.
//!
//! # The contract with the shell
//!
//! 1. *All facts that are there go into one [`step`](Machine::step).* What has happened before a decision has its place
//!    before what follows from the decision: a sibling that has died already is not asked to stop.
//! 2. *All actions of a step are carried out, in order, before the next step.*
//! 3. *What an action answers at once goes to the front of the facts*, because it was over before anything else could
//!    be heard:
//!    - [`Start`](Action::Start) is answered with `Started`, `Ignored` or `StartFailed`, at once or later; or with
//!      `Cancelled` at once, if the stop of an ancestor has begun.
//!    - [`StartCleanUp`](Action::StartCleanUp) is answered in the same way, but never with `Cancelled`.
//!    - [`Restarting`](Action::Restarting) is always answered at once: with `Announced` if the shell has written it
//!      down, or with `Hold` if the stop of an ancestor has begun. A start behind it is carried out as usual, so that
//!      it is answered with `Cancelled`.
//!    - [`GaveUp`](Action::GaveUp) is always answered at once: with `GaveUp` if the shell has written it down, or with
//!      `Hold` if the stop of an ancestor has begun.
//!    - [`Stop`](Action::Stop) is answered with `Forced` at once, if the child could not be asked and the shell has
//!      forced it instead.
//! 4. *The shell steps again, also without facts, while [`goes_on`](Machine::goes_on).* In between it answers what can
//!    be answered at once, so that a start that fails at once has failed before the machine takes up what waits behind
//!    it.
//! 5. *When there are no facts and no actions left*, the shell sets its alarm to [`next_alarm`](Machine::next_alarm)
//!    and sends [`Input::Alarm`] at that time. Alarms that come early, late or twice do no harm.
//! 6. *After each step* the shell may ask: [`restarting_changes`](Machine::restarting_changes) for what snapshots show,
//!    [`is_restarting`](Machine::is_restarting) for whether there is still something to settle, and
//!    [`is_quiet`](Machine::is_quiet) for callers that wait until there are no children. It takes the changes out
//!    regularly, since the machine keeps them until then.
//! 7. *[`Input::Stuck`] is said of a child* that has been forced and cannot go, or of a supervisor whose own machine
//!    has answered [`Action::Stuck`]. It holds for the incarnation of which it is said.
//! 8. *After [`Action::Finish`] there are no actions any more*, whatever the machine is told, but for refusals.
//!
//! # Held
//!
//! Once the stop of an ancestor has begun ([`Input::Hold`]) nothing is started, restarted or given up here, although
//! the supervisor itself is asked only when its turn comes. A child that ends stays down. What was in hand is
//! abandoned: children that start go on starting, children that are being stopped are waited for. Calls that stop or
//! delete children still work, and clean-up work is still started.

mod alarm;
mod ancestor_stop;
mod calls;
mod child;
mod children;
mod deferred_ends;
mod exits;
mod io;
mod outlook;
mod reservations;
mod round;
mod waiting;
mod wind_down;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use self::child::State;
use self::children::Children;
use self::deferred_ends::DeferredEnds;
use self::exits::Pending;
use self::reservations::Reservations;
use self::round::Round;
use self::waiting::Waiter;
use self::wind_down::WindDown;
use super::backoff::Jitter;
use super::intensity::RestartWindow;
use super::{Closing, Policy};
use crate::child::ChildId;

pub(crate) use self::child::{ChildKey, Traits, Tuning};
pub(crate) use self::io::{Action, Actions, CallKey, Input, Reply, Request, SupervisorEnd};
pub(crate) use self::outlook::{AwaitedKey, CountedRestarts, Prospects};
pub use self::outlook::{Consequence, NextStep, PatienceLimit};

/// The state of one supervisor.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    policy: Policy,
    window: RestartWindow,
    children: Children,
    /// What has happened while something else was in hand, in order.
    pending: VecDeque<Pending>,
    /// Ends that may be part of a stop of everything.
    deferred: DeferredEnds,
    /// The calls that wait for a child to start or to be gone.
    waiting: BTreeMap<ChildKey, Vec<Waiter>>,
    /// What makes the delays of restarts longer or shorter.
    jitter: Jitter,
    phase: Phase,
    /// Whether a stop ends with the last child.
    closed: bool,
    /// Whether the stop of an ancestor has begun.
    held: bool,
    /// The places that are kept for children to come.
    reservations: Reservations,
    /// The child whose end the supervisor stops for by itself.
    blamed: Option<ChildKey>,
}

/// What the supervisor has in hand.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Nothing has been started yet.
    New,
    /// Nothing is in hand.
    Idle,
    /// Children are being stopped, then started.
    Working(Round),
    /// The intensity is used up. The shell says whether the supervisor gives up or is held.
    GivingUp,
    /// All children are being stopped, and nothing is started any more.
    WindingDown(WindDown),
    /// All children are gone.
    Finished,
}

/// Whether the machine can go on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Advance {
    GoOn,
    Wait,
}

impl Machine {
    /// A machine without children. The seed decides by how much delays are longer or shorter, and nothing else.
    pub(crate) fn new(policy: Policy, seed: u64) -> Self {
        Self {
            policy,
            window: RestartWindow::new(policy.intensity),
            children: Children::new(),
            pending: VecDeque::new(),
            deferred: DeferredEnds::default(),
            waiting: BTreeMap::new(),
            jitter: Jitter::new(seed),
            phase: Phase::New,
            closed: policy.closing == Closing::WhenEmpty,
            held: false,
            reservations: Reservations::default(),
            blamed: None,
        }
    }

    /// Makes room for so many more children.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.children.reserve(additional);
    }

    /// Adds a child behind all others, without starting it.
    pub(crate) fn add(&mut self, key: ChildKey, id: ChildId, traits: Traits) {
        self.children.insert(key, id, traits);
    }

    /// Adds a child that is running already, for a machine that takes over.
    pub(crate) fn adopt(&mut self, key: ChildKey, id: ChildId, traits: Traits) {
        self.children.insert(key, id, traits);
        self.children.set(key, State::Running);
    }

    /// Takes all facts that there are, and adds what follows from them to what is to be done.
    pub(crate) fn step(&mut self, inputs: impl IntoIterator<Item = Input>, now: Instant, out: &mut Actions) {
        for input in inputs {
            self.hear(input, now, out);
        }
        self.advance(now, out);
        self.grant_reservations(out);
    }

    fn hear(&mut self, input: Input, now: Instant, out: &mut Actions) {
        match input {
            Input::Begin => self.begin(),
            Input::Started(key) => self.started(key, now, out),
            Input::Ignored(key) => self.over(key, State::Down, now, out),
            Input::StartFailed(key) => self.over(key, State::Failed { deferred_until: None }, now, out),
            Input::StartFailedBySignal(key) => self.start_failed_by_signal(key, now, out),
            Input::Ended(key, class) => self.over(key, State::Ended(class), now, out),
            Input::EndedBySignal(key, class) => self.ended_by_signal(key, class, now, out),
            Input::Call { call, request } => self.call(call, request, now, out),
            Input::Stop { cause, deadline } => self.stop(cause, deadline, out),
            Input::Hold => self.hold(out),
            Input::Cancelled(key) => self.cancelled(key, out),
            Input::Announced(key) => self.announced(key),
            Input::GaveUp => self.gave_up(out),
            Input::Forced(key) => self.forced(key, now),
            Input::Stuck(key) => self.children.set_stuck(key),
            Input::ReservationDropped => self.reservations.leave(),
            Input::Close => self.closed = true,
            Input::Kill => self.kill(now, out),
            Input::Force => self.force(None, now, out),
            Input::Fail => self.fail(out),
            Input::Alarm => self.alarm(now, out),
        }
    }

    /// Goes on until there is something to wait for.
    fn advance(&mut self, now: Instant, out: &mut Actions) {
        loop {
            let progress = match self.phase {
                Phase::New | Phase::GivingUp | Phase::Finished => Advance::Wait,
                Phase::Idle => self.take_up_next(now, out),
                Phase::Working(round) => self.work(round, now, out),
                Phase::WindingDown(down) => self.unwind(down, now, out),
            };
            if progress == Advance::Wait {
                return;
            }
        }
    }

    // --- what is known of a child ---

    /// The shell has forced a child that could not be asked.
    fn forced(&mut self, key: ChildKey, now: Instant) {
        if matches!(self.children.state(key), State::Stopping { .. }) {
            self.children.set(key, self.killed(key, now));
        }
    }

    /// A child is gone, or never came to be. `state` is what that means if the machine has not asked it to go.
    fn over(&mut self, key: ChildKey, state: State, now: Instant, out: &mut Actions) {
        let Some(child) = self.children.get(key) else { return };
        let was_stopped = child.state.is_stopping();
        match (child.state, state) {
            // However it ended: OTP rule 12.
            (State::Stopping { .. } | State::Killed { .. }, _) => {
                self.children.set(key, State::Down);
            }
            (State::Starting { .. } | State::Abandoned | State::Running, State::Ended(_)) => {
                let exit = Pending::Exit { key, generation: child.generation };
                if !self.absorbs_ends() {
                    self.pending.push_back(exit);
                }
                self.children.set(key, state);
            }
            (State::Starting { .. } | State::Abandoned, _) => {
                self.children.set(key, state);
            }
            // Nothing else can be said of a child that runs, and nothing at all of one that is gone.
            (
                State::Running
                | State::Down
                | State::Ended(_)
                | State::Failed { .. }
                | State::Restarting { .. },
                _,
            ) => return,
        }
        self.note_run(key, now);
        self.answer(key, was_stopped, out);
        self.settle(key, out);
    }

    /// Puts a child down, or deletes it, if nothing else follows from its end.
    fn settle(&mut self, key: ChildKey, out: &mut Actions) {
        let Some(child) = self.children.get(key) else { return };
        let is_over = match child.state {
            State::Ended(_) | State::Failed { .. } => self.absorbs_ends(),
            // What goes while everything stops stays for the report.
            State::Down => !matches!(self.phase, Phase::WindingDown(_)),
            State::Starting { .. }
            | State::Abandoned
            | State::Running
            | State::Restarting { .. }
            | State::Stopping { .. }
            | State::Killed { .. } => false,
        };
        if is_over {
            self.put_down(key, out);
        }
    }

    /// Whether a child that ends by itself just goes down: nothing is restarted any more.
    fn absorbs_ends(&self) -> bool {
        match self.phase {
            Phase::WindingDown(_) | Phase::Finished => true,
            Phase::New | Phase::Idle | Phase::Working(_) | Phase::GivingUp => self.held,
        }
    }

    /// Puts down all children whose end has not been dealt with, and those that wait for a restart.
    fn settle_all(&mut self, out: &mut Actions) {
        for key in self.children.unsettled() {
            self.put_down(key, out);
        }
    }

    // --- what the shell asks ---

    /// Whether the machine goes on in its next step, even if there are no new facts.
    pub(crate) fn goes_on(&self) -> bool {
        matches!(self.phase, Phase::Idle) && !self.pending.is_empty()
    }

    /// When the machine next wants an [`Input::Alarm`].
    pub(crate) fn next_alarm(&self) -> Option<Instant> {
        let deferred_or_stop = children::earlier(self.deferred.next(), self.wind_down_alarm());
        children::earlier(self.children.next_timer(), deferred_or_stop)
    }

    /// The child whose end the supervisor stops for by itself: it used up the intensity, or is significant.
    pub(crate) fn blamed(&self) -> Option<ChildKey> {
        self.blamed
    }

    /// Whether no caller brings in a child any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether there is neither a child that lives, nor one that is going to, nor a call that may bring one in.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.children.any_live() && !self.is_restarting()
    }

    /// Whether there are children that are down and are going to be started, or facts from which that may follow.
    pub(crate) fn is_restarting(&self) -> bool {
        let is_working = matches!(self.phase, Phase::Working(_));
        is_working || self.children.any_restarting() || !self.pending.is_empty() || !self.deferred.is_empty()
    }

    /// Whether this child waits for another attempt to restart it.
    #[cfg(test)]
    pub(crate) fn awaits_restart(&self, key: ChildKey) -> bool {
        self.children.state(key).is_restarting()
    }

    /// Takes out which children have begun (`true`) or ceased (`false`) to wait for a restart since this was last
    /// asked, in order. A child that did both in between is left out. Among them may be children that have been deleted
    /// since.
    pub(crate) fn restarting_changes(&mut self) -> impl Iterator<Item = (ChildKey, bool)> + '_ {
        self.children.restarting_changes()
    }

    /// The child with this id.
    #[cfg(test)]
    pub(crate) fn key(&self, id: &ChildId) -> Option<ChildKey> {
        self.children.key(id)
    }
}
