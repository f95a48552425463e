//! The last look at a program that has ended before it was known to be ready, and time that a program asks for.

use super::*;

#[test]
fn what_was_there_when_the_program_ended_counts() {
    let mut life = Sim::probed();

    assert_eq!(life.tell(LifeInput::Exited), [Action::LookLast, life.wake_in(1)]);
    assert_eq!(life.tell(LifeInput::Empty), []);
    assert_eq!(life.tell(LifeInput::CheckOver), []);
    assert_eq!(
        life.tell(LifeInput::Ready),
        [Action::ReportStarted, Action::WatchMembers, Action::Finish(LifeEnd::Ended)]
    );
}

#[test]
fn a_last_look_that_finds_nothing_leaves_a_program_that_has_ended() {
    let mut life = Sim::probed();
    life.tell(LifeInput::Exited);
    life.tell(LifeInput::CheckOver);

    assert_eq!(life.tell(LifeInput::NeverReady), [Action::WatchMembers]);
    assert_eq!(life.tell(LifeInput::Inhabited), [TERM, life.wake_in(5)]);
    assert_eq!(life.tell(LifeInput::Empty), [Action::Finish(LifeEnd::Ended)]);
}

#[test]
fn a_last_look_that_takes_too_long_is_given_up() {
    let mut life = Sim::probed();
    life.tell(LifeInput::Exited);

    assert_eq!(life.tell(LifeInput::Timer), []);
    assert_eq!(life.later(1, LifeInput::Timer), [Action::EndCheck, Action::WatchMembers]);
}

#[test]
fn what_a_program_has_left_is_killed_when_it_is_forced_during_the_last_look() {
    let mut life = Sim::probed();
    life.tell(LifeInput::Exited);

    assert_eq!(life.tell(LifeInput::Force), [Action::EndCheck, Action::WatchMembers, KILL, life.wake_in(1)]);
}

#[test]
fn a_program_that_asks_for_time_gets_it_and_never_less_than_it_has() {
    let mut life = Sim::unready();

    assert_eq!(life.tell(LifeInput::Extend(5 * SECOND)), []);
    assert_eq!(life.tell(LifeInput::Extend(20 * SECOND)), [life.wake_in(20)]);
    assert_eq!(life.later(10, LifeInput::Timer), []);
    assert_eq!(life.later(10, LifeInput::Timer), [TERM, life.wake_in(5)]);
    assert_eq!(life.tell(LifeInput::Extend(20 * SECOND)), [], "it is too late");
}

proptest! {
    #[test]
    fn a_set_that_is_empty_finishes_after_any_inputs(
        before in proptest::collection::vec(input(), 0..8),
        during in proptest::collection::vec(input(), 0..8),
    ) {
        let mut life = Sim::probed();
        let mut seen: Vec<Action> = before.into_iter().flat_map(|input| life.tell(input)).collect();
        seen.extend(life.tell(LifeInput::Exited));
        seen.extend(during.into_iter().flat_map(|input| life.tell(input)));
        seen.extend(life.tell(LifeInput::Empty));
        // The last look, and then the check, are waited for.
        seen.extend(life.later(1, LifeInput::Timer));
        seen.extend(life.later(1, LifeInput::Timer));
        seen.extend(life.tell(LifeInput::Empty));

        let finished = seen.iter().filter(|action| matches!(action, Action::Finish(_))).count();
        let started = seen.iter().filter(|action| matches!(action, Action::ReportStarted)).count();
        prop_assert_eq!(finished, 1, "{:?}", seen);
        prop_assert!(started <= 1);
    }
}

impl Sim {
    /// A program that runs, and of which a probe finds out whether it is ready.
    fn probed() -> Self {
        let readiness = Readiness { within: 10 * SECOND, has_check: true, looks_last: true };
        let mut life = Self::new(LifeRules { readiness: Some(readiness), ..rules() });
        life.tell(LifeInput::Begin);
        life.tell(LifeInput::Launched);
        life
    }
}

#[test]
fn a_life_says_what_it_waits_for() {
    let mut life = Sim::new(ready_rules());
    let start = life.now;
    let mut waits_after = |input| {
        life.tell(input);
        life.life.pending()
    };

    assert_eq!(waits_after(LifeInput::Begin), LifeWaits::Launch);
    assert_eq!(waits_after(LifeInput::Launched), LifeWaits::Ready { until: Some(start + 10 * SECOND) });
    assert_eq!(waits_after(LifeInput::Ready), LifeWaits::End);
    // Its supervisor counts its grace.
    assert_eq!(waits_after(LifeInput::Stop), LifeWaits::Step { next: None });
    assert_eq!(waits_after(LifeInput::Exited), LifeWaits::Step { next: None });
    assert_eq!(waits_after(LifeInput::Empty), LifeWaits::Gone);
}
