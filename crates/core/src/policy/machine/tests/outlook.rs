//! What is said of what comes next is what is done then.

use proptest::prelude::{TestCaseError, prop, prop_assert, prop_assert_eq, proptest};

use super::super::child::FIRST;
use super::super::outlook::LOOKS;
use super::any::{Step, any_policy, any_step, any_traits, request};
use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_restart_that_is_put_off_is_said_with_its_attempt_and_its_moment() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 3), [permanent(), put_off()]);
    rig.failed(B);

    let said = rig.prospects(B);

    assert_eq!((said.next, said.due), (Some(NextStep::Restart { attempt: 1 }), Some(rig.now + GRACE)));
    assert_eq!((said.waits_for, said.before), (None, 0));
    assert_eq!(rig.prospects(A).next, None, "its sibling goes on");
}

#[test]
fn siblings_that_share_an_end_are_said_to_stop_and_then_to_start_at_the_same_moment() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 3), [permanent(), permanent(), put_off()]);
    rig.failed(C);

    let (first, second) = (rig.prospects(B), rig.prospects(A));
    rig.ended(B);
    rig.ended(A);
    let down = rig.prospects(A);

    assert_eq!((first.waits_for, first.next), (Some(AwaitedKey::End(B)), Some(NextStep::Start)));
    assert_eq!((second.waits_for, second.next), (Some(AwaitedKey::End(B)), Some(NextStep::Stop)));
    assert_eq!((down.waits_for, down.next), (None, Some(NextStep::Start)));
    assert_eq!((first.due, down.due), (Some(rig.now + GRACE), Some(rig.now + GRACE)));
}

#[test]
fn a_stop_says_whose_turn_it_is_and_how_many_come_before() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 3), [permanent(), permanent(), permanent()]);
    rig.stop(None);

    let said = [A, B, C].map(|key| rig.prospects(key));

    let waits_for = Some(AwaitedKey::End(C));
    assert_eq!(said.each_ref().map(|said| said.waits_for), [waits_for; 3]);
    assert_eq!(said.each_ref().map(|said| said.next), [Some(NextStep::Stop), Some(NextStep::Stop), None]);
    assert_eq!(said.each_ref().map(|said| said.before), [1, 0, 0]);
    assert_eq!(said[2].limit, Some((PatienceLimit::Force, rig.now + GRACE)));
}

#[test]
fn a_start_says_which_sibling_it_waits_for_and_when_it_is_given_up() {
    let tuning = Some(Arc::new(Tuning { start_timeout: Some(30 * SECOND), ..Tuning::default() }));
    let impatient = Traits { tuning, ..permanent() };
    let mut rig = Rig::new(policy(Strategy::OneForOne, 3), [impatient, permanent()]);
    rig.tell(Input::Begin);

    let (first, second) = (rig.prospects(A), rig.prospects(B));

    assert_eq!((first.waits_for, first.next), (Some(AwaitedKey::Start(A)), None));
    assert_eq!(first.limit, Some((PatienceLimit::GiveUpStart, rig.now + 30 * SECOND)));
    assert_eq!((second.waits_for, second.next), (Some(AwaitedKey::Start(A)), Some(NextStep::Start)));
}

#[test]
fn what_an_end_would_lead_to_is_said_up_to_the_one_that_is_too_many() {
    let mut rig = Rig::running(policy(Strategy::RestForOne, 1), [put_off(), permanent(), transient()]);

    let failure = |rig: &Rig, key| rig.prospects(key).on_failure;
    let restart = |attempt, delay, siblings| Some(Consequence::Restart { attempt, delay, siblings });
    assert_eq!(failure(&rig, A), restart(1, GRACE, 2));
    assert_eq!(failure(&rig, C), restart(1, Duration::ZERO, 0));
    assert_eq!(rig.prospects(C).on_success, Some(Consequence::StaysDown));
    rig.failed(C);
    rig.tell(Input::Started(C));

    assert_eq!(failure(&rig, A), Some(Consequence::GivesUp));
    assert_eq!(rig.machine.counted(rig.now).restarts, 1);
}

#[test]
fn a_child_that_is_forced_and_does_not_go_is_passed_over() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 1), [permanent(), permanent()]);
    rig.stop(None);
    rig.passes(GRACE);
    rig.tell(Input::Alarm);

    let said = rig.prospects(B);

    assert_eq!(said.limit, Some((PatienceLimit::PassOver, rig.now + SECOND)));
    rig.passes(SECOND);
    rig.tell(Input::Alarm);
    assert_eq!(rig.prospects(B).limit, None);
}

#[test]
fn a_failure_that_waits_for_a_siblings_start_is_the_one_that_is_too_many_and_its_sibling_is_stopped() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 1), [permanent(), permanent()]);
    rig.failed(A);
    rig.failed(B);

    let (sibling, blamed) = (rig.prospects(A), rig.prospects(B));

    assert_eq!((blamed.waits_for, blamed.next), (Some(AwaitedKey::Start(A)), Some(NextStep::GiveUp)));
    assert_eq!((sibling.waits_for, sibling.next), (Some(AwaitedKey::Start(A)), Some(NextStep::Stop)));
}

#[test]
fn a_start_that_was_given_up_ends_by_failing_and_the_child_is_started_again() {
    let tuning = Some(Arc::new(Tuning { start_timeout: Some(SECOND), ..Tuning::default() }));
    let impatient = Traits { tuning, ..transient() };
    let mut rig = Rig::running(policy(Strategy::OneForOne, 3), [impatient]);
    rig.failed(A);
    rig.passes(SECOND);
    assert_eq!(rig.tell(Input::Alarm), [Action::AbandonStart(A)]);

    let said = rig.prospects(A);

    assert_eq!(
        (said.waits_for, said.next),
        (Some(AwaitedKey::End(A)), Some(NextStep::Restart { attempt: 2 }))
    );
}

#[test]
fn what_is_under_way_beside_a_restart_that_is_put_off_comes_before_it() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [permanent(), permanent()]);
    rig.asks_for(Request::Terminate(id(B)));
    rig.tell(Input::EndedBySignal(A, ExitClass::Abnormal));

    let (restarted, stops) = (rig.prospects(A), rig.prospects(B));

    assert_eq!((restarted.waits_for, restarted.before), (None, 0), "its sibling has stopped by then");
    assert_eq!(restarted.next, Some(NextStep::Restart { attempt: 1 }));
    assert_eq!((stops.waits_for, stops.before), (Some(AwaitedKey::End(B)), 1), "then its sibling is started");
    assert_eq!((stops.next, stops.due), (Some(NextStep::Start), restarted.due));
}

#[test]
fn a_supervisor_that_goes_on_with_the_siblings_of_one_that_is_stuck_waits_for_the_sibling() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 1), [permanent(), permanent(), permanent()]);
    rig.stop(None);
    assert_eq!(rig.machine.in_hand(), Some(AwaitedKey::End(C)));

    rig.passes(GRACE);
    rig.tell(Input::Alarm);
    rig.passes(SECOND);
    rig.tell(Input::Alarm);

    assert_eq!(rig.machine.in_hand(), Some(AwaitedKey::End(B)));
    rig.ended(B);
    rig.ended(A);
    assert_eq!(rig.machine.in_hand(), Some(AwaitedKey::End(C)), "it is the only one that is left");
}

#[test]
fn what_an_end_would_lead_to_is_said_only_of_a_child_that_runs_while_its_supervisor_has_nothing_in_hand() {
    let says = |rig: &Rig, key| {
        let said = rig.prospects(key);
        assert_eq!(said.on_failure.is_some(), said.on_success.is_some());
        said.on_failure.is_some()
    };
    let children = || [permanent(), put_off()];
    let mut idle = Rig::running(policy(Strategy::OneForOne, 3), children());
    assert!(says(&idle, A) && says(&idle, B));

    idle.failed(B);
    assert!(says(&idle, A), "its sibling waits for a restart");
    assert!(!says(&idle, B), "it does not run");

    let mut at_work = Rig::running(policy(Strategy::OneForAll, 3), [permanent(), permanent(), permanent()]);
    at_work.failed(C);
    assert!(!says(&at_work, A), "it is stopped for a sibling");

    let mut held = Rig::running(policy(Strategy::OneForOne, 3), children());
    held.tell(Input::Hold);
    assert!(!says(&held, A), "a supervisor above stops");

    let mut stops = Rig::running(policy(Strategy::OneForOne, 3), children());
    stops.stop(None);
    assert!(!says(&stops, A), "its turn to stop comes");
}

/// What is said of the last of many children that wait for restarts takes a few looks at each of them.
#[test]
fn what_is_said_among_thousands_of_children_that_wait_takes_no_look_at_all_of_them_in_every_step() {
    const MANY: usize = 2000;
    let traits: [Traits; MANY] = std::array::from_fn(|_| put_off());
    let mut rig = Rig::running(policy(Strategy::OneForOne, 10_000), traits);
    let keys: Vec<ChildKey> = (0..MANY as u64).map(ChildKey).collect();
    let last = keys[MANY - 1];
    for key in keys {
        rig.failed(key);
        rig.passes(Duration::from_micros(10));
    }
    LOOKS.set(0);

    let said = rig.prospects(last);

    assert_eq!(said.next, Some(NextStep::Restart { attempt: 1 }));
    assert!(LOOKS.get() <= 10 * MANY, "{} looks", LOOKS.get());
}

proptest! {
    #[test]
    fn what_the_machine_says_is_what_it_does_after_any_inputs(
        policy in any_policy(),
        traits in prop::collection::vec(any_traits(), 0..5),
        steps in prop::collection::vec(any_step(), 0..40),
    ) {
        let mut listener = Listener { rig: Rig::new(policy, traits), next: 100 };
        listener.tell(Input::Begin)?;
        for (step, time) in steps {
            listener.pass(time)?;
            let number = listener.next;
            listener.next += 1;
            listener.tell(match step {
                Step::Say(input) => input,
                Step::Call(wish, key) => {
                    let request = request(wish, ChildKey(key), ChildKey(number));
                    Input::Call { call: CallKey(number), request }
                }
                Step::HoldBack => Input::Hold,
                Step::StopSoon => {
                    Input::Stop { cause: StopCause::Parent, deadline: Some(listener.rig.now + GRACE) }
                }
            })?;
        }
        // Then to the end of what time alone brings.
        listener.pass(100 * SECOND)?;
    }
}

/// Holds what the machine says against what it does.
struct Listener {
    rig: Rig,
    next: u64,
}

impl Listener {
    fn pass(&mut self, time: Duration) -> Result<(), TestCaseError> {
        let until = self.rig.now + time;
        while let Some(at) = self.rig.machine.next_alarm().filter(|at| *at <= until) {
            self.rig.now = at;
            self.tell(Input::Alarm)?;
        }
        self.rig.now = until;
        Ok(())
    }

    fn tell(&mut self, input: Input) -> Result<(), TestCaseError> {
        let keys: Vec<ChildKey> = self.rig.machine.children.range(FIRST, None).collect();
        let said: Vec<_> = keys.iter().map(|key| (*key, self.rig.prospects(*key))).collect();
        let states: Vec<_> = keys.iter().map(|key| self.rig.machine.children.state(*key)).collect();
        let abandoned: Vec<ChildKey> = keys
            .iter()
            .zip(&states)
            .filter(|(_, state)| **state == State::Abandoned)
            .map(|(key, _)| *key)
            .collect();
        let is_under_way = states.iter().any(|state| {
            matches!(
                state,
                State::Starting { .. } | State::Abandoned | State::Stopping { .. } | State::Killed { .. }
            )
        });
        let done = self.rig.tell_to_the_end(input.clone());
        for ((key, said), state) in said.into_iter().zip(states) {
            // A start that was given up ends by failing: its child has never run.
            let is_abandoned = |key| abandoned.contains(&key);
            let comes = match (&input, said.waits_for) {
                (Input::Started(started), Some(AwaitedKey::Start(key))) => *started == key,
                (Input::Ended(ended, _), Some(AwaitedKey::End(key))) => *ended == key && !is_abandoned(key),
                (Input::StartFailed(failed), Some(AwaitedKey::End(key))) => {
                    *failed == key && is_abandoned(key)
                }
                _ => false,
            };
            let is_time = input == Input::Alarm && said.due == Some(self.rig.now);
            let is_next = said.before == 0
                && match (said.waits_for, said.due) {
                    (Some(_), None) => comes,
                    // What is said holds if all that is under way beside it comes to its end by then.
                    (None, Some(_)) => is_time && !is_under_way,
                    _ => false,
                };
            if let (true, Some(next)) = (is_next, said.next) {
                prop_assert!(done.iter().any(|action| is(*action, next, key)), "{next:?} {key:?}: {done:?}");
            }
            if let (Input::Alarm, Some((limit, at))) = (&input, said.limit) {
                let happens = done.iter().any(|action| is_limit(*action, limit, key));
                prop_assert!(at >= self.rig.now, "what is due has been done");
                prop_assert!(
                    at > self.rig.now || happens || limit == PatienceLimit::PassOver,
                    "{limit:?}: {done:?}"
                );
                prop_assert!(at == self.rig.now || !happens, "{limit:?} is not done before");
            }
            if let (Input::Ended(ended, class), State::Running) = (&input, state) {
                let consequence = match class {
                    ExitClass::Abnormal => said.on_failure,
                    ExitClass::Normal => said.on_success,
                };
                if let (Some(consequence), true) = (consequence, *ended == key) {
                    prop_assert_eq!(consequence_of(&done, key), without_siblings(consequence));
                }
            }
        }
        Ok(())
    }
}

fn is(action: Action, next: NextStep, key: ChildKey) -> bool {
    match next {
        NextStep::Start | NextStep::Restart { .. } => action == Action::Start(key),
        NextStep::Stop => {
            matches!(action, Action::Stop { key: other, .. } | Action::Kill { key: other, .. } if other == key)
        }
        NextStep::GiveUp => matches!(action, Action::GaveUp(_)),
    }
}

fn is_limit(action: Action, limit: PatienceLimit, key: ChildKey) -> bool {
    match limit {
        PatienceLimit::Force => matches!(action, Action::Force { key: other, .. } if other == key),
        PatienceLimit::GiveUpStart => action == Action::AbandonStart(key),
        PatienceLimit::PassOver => false,
    }
}

/// What has followed from the end of a child.
fn consequence_of(done: &[Action], key: ChildKey) -> Consequence {
    let restart = done.iter().find_map(|action| {
        let Action::Restarting { key: other, attempt, delay } = action else { return None };
        let (attempt, delay) = (*attempt, *delay);
        (*other == key).then_some(Consequence::Restart { attempt, delay, siblings: 0 })
    });
    let any = |is: fn(&Action) -> bool| done.iter().any(is);
    if any(|action| matches!(action, Action::GaveUp(_))) {
        Consequence::GivesUp
    } else if any(|action| matches!(action, Action::Stopping(_))) {
        Consequence::StopsSupervisor
    } else if done.contains(&Action::Forget(key)) {
        Consequence::IsForgotten
    } else {
        restart.unwrap_or(Consequence::StaysDown)
    }
}

fn without_siblings(consequence: Consequence) -> Consequence {
    let Consequence::Restart { attempt, delay, .. } = consequence else { return consequence };
    Consequence::Restart { attempt, delay, siblings: 0 }
}
