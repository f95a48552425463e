//! What holds for any sequence of facts, under a shell that keeps its part of the contract.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{TestCaseError, any, prop, prop_assert, prop_assert_eq, proptest};

use super::any::{Step, Wish, any_policy, any_step, any_traits, number, request};
use super::*;

proptest! {
    #[test]
    fn the_promises_hold_after_any_inputs(
        policy in any_policy(),
        traits in prop::collection::vec(any_traits(), 0..5),
        steps in prop::collection::vec(any_step(), 0..60),
        patience in any::<bool>(),
    ) {
        let mut world = World::new(policy, traits);
        world.tell(Input::Begin)?;
        for (step, pass) in steps {
            world.pass(pass)?;
            match step {
                Step::Say(input) => world.tell(input)?,
                Step::Call(request, key) => world.call(request, key)?,
                Step::HoldBack => world.ancestor_stops = true,
                Step::StopSoon => {
                    let deadline = Some(world.rig.now + GRACE);
                    world.tell(Input::Stop { cause: StopCause::Parent, deadline })?;
                    world.deadline = world.deadline.or(deadline);
                }
            }
        }

        // Then a stop, and every child that is there ends when it has been asked.
        world.tell(Input::Stop { cause: StopCause::Parent, deadline: None })?;
        world.tell(Input::Close)?;
        for _ in 0..200 {
            let next = if patience { world.asked.last() } else { world.asked.first() };
            match next.copied() {
                Some(key) => world.tell(Input::Ended(key, ExitClass::Normal))?,
                None => break,
            }
        }
        prop_assert_eq!(world.finished, 1, "every stop ends in one finish");
        prop_assert!(world.live.is_empty(), "the finish comes when everything is gone");
        prop_assert!(world.open.is_empty(), "every call is answered");
        prop_assert!(world.rig.machine.is_quiet(), "nothing is left that anything could wait for");
        prop_assert_eq!(world.rig.machine.next_alarm(), None, "and nothing is due any more");
    }
}

/// The shell and the children, and what must never be among the machine's actions.
struct World {
    rig: Rig,
    policy: Policy,
    next_key: u64,
    next_call: u64,
    /// Those that have been told to start and have not said how that went.
    starting: BTreeSet<ChildKey>,
    live: BTreeSet<ChildKey>,
    asked: BTreeSet<ChildKey>,
    forced: BTreeMap<ChildKey, Instant>,
    stuck: BTreeSet<ChildKey>,
    /// Clean-up work that was started while everything stops. It keeps nothing waiting.
    late: BTreeSet<ChildKey>,
    offered: BTreeSet<ChildKey>,
    reservations: usize,
    open: BTreeSet<CallKey>,
    awaits_restart: BTreeSet<ChildKey>,
    restarts: Vec<Instant>,
    /// The stop of an ancestor has begun.
    ancestor_stops: bool,
    /// The machine knows it.
    held: bool,
    /// The supervisor itself stops.
    stopping: bool,
    all_at_once: bool,
    deadline: Option<Instant>,
    /// What a supervisor says of itself once in its life.
    said: BTreeSet<&'static str>,
    finished: u32,
}

impl World {
    fn new(policy: Policy, traits: Vec<Traits>) -> Self {
        Self {
            next_key: traits.len() as u64,
            next_call: 0,
            all_at_once: policy.stop_order == StopOrder::Concurrent,
            rig: Rig::new(policy, traits),
            policy,
            starting: BTreeSet::new(),
            live: BTreeSet::new(),
            asked: BTreeSet::new(),
            forced: BTreeMap::new(),
            stuck: BTreeSet::new(),
            late: BTreeSet::new(),
            offered: BTreeSet::new(),
            reservations: 0,
            open: BTreeSet::new(),
            awaits_restart: BTreeSet::new(),
            restarts: Vec::new(),
            ancestor_stops: false,
            held: false,
            stopping: false,
            deadline: None,
            said: BTreeSet::new(),
            finished: 0,
        }
    }

    /// Time passes, and alarms come when they are due.
    fn pass(&mut self, time: Duration) -> Result<(), TestCaseError> {
        let until = self.rig.now + time;
        while let Some(at) = self.rig.machine.next_alarm().filter(|at| *at <= until) {
            prop_assert!(at >= self.rig.now, "no alarm is wanted for a time that is over");
            self.rig.now = at;
            self.all_at_once |= self.deadline.is_some_and(|deadline| deadline <= at);
            self.tell(Input::Alarm)?;
            let next = self.rig.machine.next_alarm();
            prop_assert!(next.is_none_or(|next| next > at), "what was due has been done");
        }
        self.rig.now = until;
        Ok(())
    }

    fn call(&mut self, wish: Wish, key: u64) -> Result<(), TestCaseError> {
        let new = ChildKey(self.next_key);
        let request = match wish {
            Wish::Leave if self.reservations > 0 => {
                self.reservations -= 1;
                return self.tell(Input::ReservationDropped);
            }
            Wish::StartInReserved if self.reservations > 0 => {
                self.reservations -= 1;
                Request::StartInReserved { key: new, id: number(new), traits: permanent() }
            }
            Wish::Start
            | Wish::CleanUp
            | Wish::Terminate
            | Wish::Restart
            | Wish::Delete
            | Wish::Reserve
            | Wish::StartInReserved
            | Wish::Leave => request(wish, ChildKey(key), new),
        };
        if let Request::Start { .. } | Request::StartInReserved { .. } | Request::CleanUp { .. } = request {
            self.next_key += 1;
            self.offered.insert(new);
        }
        let call = CallKey(self.next_call);
        self.next_call += 1;
        self.open.insert(call);
        self.tell(Input::Call { call, request })
    }

    /// Tells the machine something and does what it wants, and what follows from that at once.
    fn tell(&mut self, input: Input) -> Result<(), TestCaseError> {
        let mut facts = vec![input];
        for _ in 0..100 {
            for fact in &facts {
                self.hear(fact);
            }
            let mut out = Actions::new();
            self.rig.machine.step(facts.drain(..), self.rig.now, &mut out);
            self.note_changes()?;
            for action in out.drain() {
                let answer = self.perform(action)?;
                facts.splice(0..0, answer);
            }
            if facts.is_empty() && !self.rig.machine.goes_on() {
                return self.at_rest();
            }
        }
        Err(TestCaseError::fail("there is an end to what follows from one fact"))
    }

    fn hear(&mut self, input: &Input) {
        match *input {
            // That a child which runs could not be started is nonsense, and the machine has to treat it as such.
            Input::Ignored(key) | Input::StartFailed(key) | Input::StartFailedBySignal(key)
                if !self.starting.contains(&key) && !self.asked.contains(&key) => {}
            Input::Ended(key, _) | Input::EndedBySignal(key, _) => self.gone(key),
            Input::Ignored(key) | Input::StartFailed(key) | Input::StartFailedBySignal(key) => self.gone(key),
            Input::Started(key) => {
                self.starting.remove(&key);
            }
            Input::Cancelled(key) => {
                self.gone(key);
                self.held = true;
            }
            Input::Stuck(key) => {
                if self.live.contains(&key) {
                    self.stuck.insert(key);
                }
            }
            Input::Forced(key) => {
                if self.asked.contains(&key) {
                    self.forced.entry(key).or_insert(self.rig.now);
                }
            }
            Input::Hold => self.held = true,
            Input::Stop { .. } | Input::Fail => self.stopping = true,
            Input::Force | Input::Kill => {
                self.stopping = true;
                self.all_at_once = true;
            }
            Input::Begin
            | Input::Close
            | Input::Alarm
            | Input::ReservationDropped
            | Input::Call { .. }
            | Input::Announced(_)
            | Input::GaveUp => {}
        }
    }

    fn gone(&mut self, key: ChildKey) {
        self.starting.remove(&key);
        self.live.remove(&key);
        self.asked.remove(&key);
        self.forced.remove(&key);
        self.stuck.remove(&key);
    }

    fn note_changes(&mut self) -> Result<(), TestCaseError> {
        let changes: Vec<_> = self.rig.machine.restarting_changes().collect();
        for (key, waits) in changes {
            let is_new =
                if waits { self.awaits_restart.insert(key) } else { self.awaits_restart.remove(&key) };
            prop_assert!(is_new, "only changes are told");
        }
        Ok(())
    }

    /// Carries out an action. What that answers at once is returned.
    fn perform(&mut self, action: Action) -> Result<Option<Input>, TestCaseError> {
        let is_refusal = matches!(action, Action::Refuse(_) | Action::Reply { .. });
        prop_assert!(self.finished == 0 || is_refusal, "nothing but refusals follows the finish");
        match action {
            Action::Start(key) => {
                prop_assert!(!self.stopping && !self.held, "nothing starts once stopping has begun");
                self.begins(key)?;
                return Ok(self.ancestor_stops.then_some(Input::Cancelled(key)));
            }
            Action::StartCleanUp(key) => {
                self.begins(key)?;
                if self.stopping {
                    self.late.insert(key);
                }
            }
            Action::Stop { key, .. } | Action::Kill { key, .. } => {
                prop_assert!(self.live.contains(&key), "only what is there is asked to stop");
                let is_new = self.asked.insert(key);
                let is_forced = self.all_at_once && matches!(action, Action::Kill { .. });
                prop_assert!(is_new || is_forced, "a child is asked once");
                if matches!(action, Action::Kill { .. }) {
                    self.forced.entry(key).or_insert(self.rig.now);
                }
                let keeps_waiting = |other: &ChildKey| !self.gives_way(*other) && !self.late.contains(other);
                let waits = self.live.range(key..).skip(1).any(keeps_waiting) && !self.late.contains(&key);
                prop_assert!(!self.stopping || self.all_at_once || !waits, "children stop in reverse order");
            }
            Action::Force { key, .. } => {
                prop_assert!(self.live.contains(&key));
                self.asked.insert(key);
                self.forced.entry(key).or_insert(self.rig.now);
            }
            Action::AbandonStart(key) | Action::SaySlow { key, .. } => {
                prop_assert!(self.starting.contains(&key));
            }
            Action::Restarting { key, .. } => {
                prop_assert!(!self.stopping && !self.held, "nothing is restarted once stopping has begun");
                if self.ancestor_stops {
                    return Ok(Some(Input::Hold));
                }
                let Intensity { max_restarts, within } = self.policy.intensity;
                let now = self.rig.now;
                self.restarts.retain(|restart| now.duration_since(*restart) <= within);
                self.restarts.push(now);
                prop_assert!(self.restarts.len() <= max_restarts as usize, "restarts stay within intensity");
                return Ok(Some(Input::Announced(key)));
            }
            Action::GaveUp(_) => {
                prop_assert!(!self.stopping && !self.held, "nothing is given up once stopping has begun");
                return Ok(Some(if self.ancestor_stops { Input::Hold } else { Input::GaveUp }));
            }
            Action::Ready => prop_assert!(!self.stopping && !self.held && self.said.insert("ready")),
            Action::Stopping(_) => {
                prop_assert!(
                    !self.stopping && !self.held,
                    "a supervisor that is held waits until it is asked"
                );
                self.stopping = true;
            }
            Action::Stuck => {
                prop_assert!(self.stopping && self.said.insert("stuck"), "once, in a stop");
                prop_assert!(!self.live.is_empty() && self.live.iter().all(|key| self.gives_way(*key)));
            }
            Action::Finish(_) => {
                prop_assert!(self.live.is_empty(), "the acknowledgement comes after all children's");
                self.finished += 1;
            }
            Action::Forget(key) => prop_assert!(!self.live.contains(&key)),
            Action::Keep(key) | Action::Decline(key) => prop_assert!(self.offered.remove(&key)),
            Action::Refuse(key) => {
                self.offered.remove(&key);
            }
            Action::Reply { call, reply } => {
                prop_assert!(self.open.remove(&call), "a call is answered once");
                if reply == Reply::Reserved {
                    prop_assert!(
                        !self.stopping && !self.held,
                        "no place is reserved once stopping has begun"
                    );
                    self.reservations += 1;
                }
            }
        }
        Ok(None)
    }

    fn begins(&mut self, key: ChildKey) -> Result<(), TestCaseError> {
        self.starting.insert(key);
        prop_assert!(self.live.insert(key), "a child that is there is not started again");
        Ok(())
    }

    /// Whether no sibling waits for this child any more.
    fn gives_way(&self, key: ChildKey) -> bool {
        let is_overdue = |since: &Instant| self.rig.now >= *since + self.policy.give_way_after;
        self.stuck.contains(&key) || self.forced.get(&key).is_some_and(is_overdue)
    }

    /// What holds whenever there is nothing to do.
    fn at_rest(&self) -> Result<(), TestCaseError> {
        let machine = &self.rig.machine;
        prop_assert!(self.live.is_empty() || !machine.is_quiet(), "what lives is not quiet");
        if self.stopping || self.held {
            let is_going_to_start = machine.is_restarting() && self.finished == 0;
            prop_assert!(!is_going_to_start, "nothing is going to be started once stopping has begun");
            prop_assert_eq!(machine.is_quiet(), self.live.is_empty());
            prop_assert!(self.awaits_restart.is_empty());
        }
        for key in (0..self.next_key).map(ChildKey) {
            prop_assert_eq!(machine.awaits_restart(key), self.awaits_restart.contains(&key));
        }
        Ok(())
    }
}
