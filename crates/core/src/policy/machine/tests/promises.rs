//! What holds for any sequence of facts.

use std::collections::BTreeSet;

use proptest::prelude::{Just, TestCaseError, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as Generate;

use super::*;

proptest! {
    #[test]
    fn whatever_happens_the_promises_hold(
        strategy in prop::sample::select(vec![Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne]),
        max_restarts in 0u32..4,
        traits in prop::collection::vec(any_traits(), 0..5),
        inputs in prop::collection::vec(any_input(), 0..60),
    ) {
        let mut rig = Rig::new(policy(strategy, max_restarts), traits);
        let mut checker = Checker::default();
        let mut actions = rig.tell(Input::Begin);
        for (input, pass) in inputs {
            checker.check(&actions, rig.now, max_restarts)?;
            checker.hear(input.clone());
            rig.passes(pass);
            actions = rig.tell(input);
        }
        checker.check(&actions, rig.now, max_restarts)?;

        // Then a stop, and every child that is there ends when it has been asked.
        let mut actions = rig.stop(None);
        checker.stopping = true;
        for _ in 0..100 {
            checker.check(&actions, rig.now, max_restarts)?;
            let Some(key) = checker.asked.iter().next().copied() else { break };
            checker.hear(Input::Ended(key, ExitClass::Normal));
            actions = rig.ended(key);
        }
        prop_assert_eq!(checker.finished, 1, "every stop ends in one finish");
        prop_assert!(checker.live.is_empty(), "the finish comes when everything is gone");
    }
}

/// Reads the machine's actions and knows what must never be among them.
#[derive(Default)]
struct Checker {
    starting: BTreeSet<ChildKey>,
    live: BTreeSet<ChildKey>,
    asked: BTreeSet<ChildKey>,
    restarts: Vec<Instant>,
    stopping: bool,
    finished: u32,
}

impl Checker {
    fn hear(&mut self, input: Input) {
        match input {
            // That a child which runs could not be started is nonsense, and the machine has to treat it as such.
            Input::Ignored(key) | Input::StartFailed(key)
                if !self.starting.contains(&key) && !self.asked.contains(&key) => {}
            Input::Ended(key, _) | Input::Ignored(key) | Input::StartFailed(key) => {
                self.starting.remove(&key);
                self.live.remove(&key);
                self.asked.remove(&key);
            }
            Input::Started(key) => {
                self.starting.remove(&key);
            }
            Input::Stop { .. } | Input::Force | Input::Kill | Input::Fail => self.stopping = true,
            Input::Begin
            | Input::Close
            | Input::Alarm
            | Input::Call { .. }
            | Input::Cancelled(_)
            | Input::Hold
            | Input::GaveUp
            | Input::Stuck(_)
            | Input::Forced(_) => {}
        }
    }

    fn check(&mut self, actions: &[Action], now: Instant, max_restarts: u32) -> Result<(), TestCaseError> {
        for action in actions {
            prop_assert_eq!(self.finished, 0, "nothing follows the finish");
            match *action {
                Action::Start(key) => {
                    prop_assert!(!self.stopping, "nothing starts once stopping has begun");
                    self.starting.insert(key);
                    prop_assert!(self.live.insert(key), "a child that is there is not started again");
                }
                Action::Stop { key, .. } | Action::Kill { key, .. } => {
                    prop_assert!(self.live.contains(&key), "only what is there is asked to stop");
                    prop_assert!(self.asked.insert(key), "a child is asked once");
                    let later: Vec<_> = self.live.iter().filter(|other| **other > key).collect();
                    prop_assert!(!self.stopping || later.is_empty(), "children stop in reverse order");
                }
                Action::Force { key, .. } => {
                    prop_assert!(self.live.contains(&key));
                    self.asked.insert(key);
                }
                Action::Restarting { .. } => {
                    let within = Intensity::default().within;
                    self.restarts.retain(|restart| now.duration_since(*restart) <= within);
                    self.restarts.push(now);
                    prop_assert!(
                        self.restarts.len() <= max_restarts as usize,
                        "restarts stay within intensity"
                    );
                }
                Action::Stopping(_) => self.stopping = true,
                Action::Finish(_) => {
                    prop_assert!(self.live.is_empty(), "the acknowledgement comes after all children's");
                    self.finished += 1;
                }
                Action::Forget(key) => prop_assert!(!self.live.contains(&key)),
                Action::GaveUp(_)
                | Action::Ready
                | Action::Stuck
                | Action::AbandonStart(_)
                | Action::Keep(_)
                | Action::StartCleanUp(_)
                | Action::Refuse(_)
                | Action::Decline(_)
                | Action::Reply { .. } => {}
            }
        }
        Ok(())
    }
}

fn any_traits() -> impl Generate<Value = Traits> {
    let restart = prop::sample::select(vec![Restart::Permanent, Restart::Transient, Restart::Temporary]);
    let shutdown = prop::sample::select(vec![Shutdown::Kill, Shutdown::Grace(GRACE), Shutdown::Infinity]);
    (restart, shutdown).prop_map(|(restart, shutdown)| Traits {
        restart,
        shutdown,
        significant: false,
        tuning: None,
    })
}

/// Mostly what children say, in any order and about children that may not exist.
fn any_input() -> impl Generate<Value = (Input, Duration)> {
    let key = || (0u64..6).prop_map(ChildKey);
    let input = prop_oneof![
        8 => key().prop_map(Input::Started),
        4 => key().prop_map(|key| Input::Ended(key, ExitClass::Abnormal)),
        2 => key().prop_map(|key| Input::Ended(key, ExitClass::Normal)),
        2 => key().prop_map(Input::StartFailed),
        1 => key().prop_map(Input::Ignored),
        1 => Just(Input::Alarm),
        1 => Just(Input::Begin),
    ];
    (input, (0u64..4).prop_map(Duration::from_secs))
}
