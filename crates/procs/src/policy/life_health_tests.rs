//! What becomes of a program that is unhealthy.

use super::*;

#[test]
fn a_program_is_checked_from_when_it_has_started() {
    let mut life = Sim::new(LifeRules { has_health: true, ..ready_rules() });
    life.tell(LifeInput::Begin);
    life.tell(LifeInput::Launched);

    assert_eq!(life.tell(LifeInput::Ready), [Action::ReportStarted, Action::CheckHealth]);
    assert!(!life.life.is_awaited());
}

#[test]
fn a_program_that_is_unhealthy_is_asked_and_killed_after_its_own_grace() {
    let mut life = Sim::healthy();

    assert_eq!(life.tell(LifeInput::Unhealthy), [Action::EndCheck, TERM, life.wake_in(5)]);
    assert_eq!(life.tell(LifeInput::Unhealthy), []);
    assert_eq!(life.later(5, LifeInput::Timer), [KILL, life.wake_in(1)]);
    assert_eq!(life.tell(LifeInput::CheckOver), []);
    assert_eq!(life.tell(LifeInput::Exited), [Action::WatchMembers]);
    assert_eq!(life.tell(LifeInput::Empty), [Action::Finish(LifeEnd::Ended)]);
}

#[test]
fn the_supervisors_force_ends_the_grace_of_a_program_that_is_unhealthy() {
    let mut life = Sim::healthy();
    life.tell(LifeInput::Unhealthy);

    assert_eq!(life.tell(LifeInput::Stop), []);
    assert_eq!(life.tell(LifeInput::Force), [KILL, life.wake_in(1)]);
}

#[test]
fn a_program_that_is_stopped_is_not_unhealthy_any_more() {
    let mut life = Sim::healthy();

    assert_eq!(life.tell(LifeInput::Stop), [Action::EndCheck, TERM]);
    assert_eq!(life.tell(LifeInput::Unhealthy), []);
    assert_eq!(life.later(60, LifeInput::Timer), []);
}

#[test]
fn a_health_check_ends_with_its_program() {
    let mut life = Sim::healthy();

    assert_eq!(life.tell(LifeInput::Exited), [Action::EndCheck, Action::WatchMembers]);
    assert_eq!(life.tell(LifeInput::Empty), [life.wake_in(1)]);
    assert_eq!(life.tell(LifeInput::CheckOver), [Action::Finish(LifeEnd::Ended)]);
}

impl Sim {
    fn healthy() -> Self {
        let mut life = Self::new(LifeRules { has_health: true, ..rules() });
        life.tell(LifeInput::Begin);
        life.tell(LifeInput::Launched);
        life
    }
}
