//! The machine's behaviour, fact by fact. Children are A, B and C in start order; time stands still unless a test moves
//! it.

mod ancestor_stop;
mod any;
mod asked;
mod auto_shutdown;
mod backoff;
mod calls;
mod deferred_ends;
mod instances;
mod outlook;
mod promises;
mod reservations;
mod restart;
mod start;
mod stop;
mod stuck;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::child::{ExitClass, Restart, Shutdown, StopCause};
use crate::policy::{AutoShutdown, Backoff, Intensity, Keeping, StopOrder, Strategy};

const A: ChildKey = ChildKey(0);
const B: ChildKey = ChildKey(1);
const C: ChildKey = ChildKey(2);
const CALL: CallKey = CallKey(7);
const GRACE: Duration = Duration::from_secs(5);

struct Rig {
    machine: Machine,
    now: Instant,
}

impl Rig {
    fn new(policy: Policy, children: impl IntoIterator<Item = Traits>) -> Self {
        let mut machine = Machine::new(policy, 0);
        for (key, traits) in (0..).map(ChildKey).zip(children) {
            machine.add(key, id(key), traits);
        }
        #[expect(clippy::disallowed_methods, reason = "any moment will do as the origin")]
        let now = Instant::now();
        Self { machine, now }
    }

    /// All children have been started.
    fn running<const N: usize>(policy: Policy, children: [Traits; N]) -> Self {
        let mut rig = Self::new(policy, children);
        rig.tell(Input::Begin);
        for key in (0..N as u64).map(ChildKey) {
            rig.tell(Input::Started(key));
        }
        rig
    }

    fn tell(&mut self, input: Input) -> Vec<Action> {
        self.tell_all([input])
    }

    /// All of it has happened before anything is decided. What the machine wants to have written down is.
    fn tell_all<const N: usize>(&mut self, inputs: [Input; N]) -> Vec<Action> {
        let mut actions = self.tell_only(inputs);
        let announced = |action: &Action| {
            let Action::Restarting { key, .. } = action else { return None };
            Some(Input::Announced(*key))
        };
        if let Some(announced) = actions.iter().find_map(announced) {
            actions.extend(self.tell_only([announced]));
        }
        actions
    }

    /// The same, and nothing is written down.
    fn tell_only<const N: usize>(&mut self, inputs: [Input; N]) -> Vec<Action> {
        let mut out = Actions::new();
        self.machine.step(inputs, self.now, &mut out);
        out.drain().collect()
    }

    /// Tells it something and what follows from that at once.
    fn tell_to_the_end(&mut self, input: Input) -> Vec<Action> {
        let (mut facts, mut done) = (vec![input], Vec::new());
        while !facts.is_empty() || self.machine.goes_on() {
            let mut out = Actions::new();
            self.machine.step(facts.drain(..), self.now, &mut out);
            for action in out.drain() {
                if let Action::Restarting { key, .. } = action {
                    facts.push(Input::Announced(key));
                }
                if let Action::GaveUp(_) = action {
                    facts.push(Input::GaveUp);
                }
                done.push(action);
            }
        }
        done
    }

    fn prospects(&self, key: ChildKey) -> Prospects {
        self.machine.prospects(key, self.now)
    }

    fn ended(&mut self, key: ChildKey) -> Vec<Action> {
        self.tell(Input::Ended(key, ExitClass::Normal))
    }

    fn failed(&mut self, key: ChildKey) -> Vec<Action> {
        self.tell(Input::Ended(key, ExitClass::Abnormal))
    }

    fn stop(&mut self, deadline: Option<Instant>) -> Vec<Action> {
        self.tell(Input::Stop { cause: StopCause::Parent, deadline })
    }

    fn asks_for(&mut self, request: Request) -> Vec<Action> {
        self.tell(Input::Call { call: CALL, request })
    }

    fn starts(&mut self, key: ChildKey, traits: Traits) -> Vec<Action> {
        self.asks_for(Request::Start { key, id: id(key), traits })
    }

    fn cleans_up(&mut self, key: ChildKey) -> Vec<Action> {
        self.asks_for(Request::CleanUp { key, id: id(key), traits: permanent() })
    }

    fn terminated(&mut self, key: ChildKey) {
        self.asks_for(Request::Terminate(id(key)));
        self.ended(key);
    }

    fn passes(&mut self, time: Duration) {
        self.now += time;
    }

    /// The request that a child with the usual grace gets now.
    fn asks(&self, key: ChildKey, cause: StopCause) -> Action {
        Action::Stop { key, cause, deadline: Some(self.now + GRACE) }
    }
}

fn policy(strategy: Strategy, max_restarts: u32) -> Policy {
    let intensity = Intensity { max_restarts, ..Intensity::default() };
    Policy { strategy, intensity, ..Policy::default() }
}

fn permanent() -> Traits {
    Traits { restart: Restart::Permanent, shutdown: Shutdown::Grace(GRACE), significant: false, tuning: None }
}

fn transient() -> Traits {
    Traits { restart: Restart::Transient, ..permanent() }
}

fn temporary() -> Traits {
    Traits { restart: Restart::Temporary, ..permanent() }
}

fn significant(traits: Traits) -> Traits {
    Traits { significant: true, ..traits }
}

fn id(key: ChildKey) -> ChildId {
    let letter = usize::try_from(key.0).ok().and_then(|at| ["a", "b", "c", "d", "e", "f"].get(at));
    ChildId::new(letter.map_or_else(|| key.0.to_string(), ToString::to_string)).unwrap()
}

fn gave_up(max_restarts: u32) -> Action {
    Action::GaveUp(Intensity { max_restarts, ..Intensity::default() })
}

fn restarting(key: ChildKey, attempt: u32) -> Action {
    Action::Restarting { key, attempt, delay: Duration::ZERO }
}

fn replied(reply: Reply) -> Action {
    Action::Reply { call: CALL, reply }
}

fn dynamic(max_children: usize) -> Policy {
    Policy { keeping: Keeping::Nothing { max_children }, ..policy(Strategy::OneForOne, 9) }
}

/// The supervisor of a task's children.
fn task_group() -> Policy {
    Policy { closing: Closing::WhenTold, ..Policy::default() }
}

/// A child whose restarts are put off.
fn put_off() -> Traits {
    let backoff = Backoff::new(GRACE, GRACE);
    Traits { tuning: Some(Arc::new(Tuning { backoff: Some(backoff), ..Tuning::default() })), ..permanent() }
}
