//! A command that asks a program to stop: see [`Life`].

use super::*;

const INT: Action = Action::Signal(Signal::INT);

fn int_after(seconds: u64) -> Action {
    note(Signal::INT, seconds)
}

/// A program that runs, and is asked by a command that has 20 seconds.
fn commanded() -> Sim {
    let ladder = Ladder::single(Signal::INT).behind_command(20 * SECOND);
    let mut life = Sim::new(LifeRules { ladder, ..rules() });
    life.tell(LifeInput::Begin);
    life.tell(LifeInput::Launched);
    life
}

fn asked() -> Sim {
    let mut life = commanded();
    let note = Action::NoteStep(Ask { signal: Signal::INT, way: Way::Command }, Duration::ZERO);
    assert_eq!(life.tell(LifeInput::Stop), [note, Action::RunStopCommand, life.wake_in(20)]);
    life
}

#[test]
fn a_command_comes_first_and_the_signal_when_its_time_is_over() {
    let mut life = asked();

    assert_eq!(life.later(20, LifeInput::Timer), [Action::EndStopCommand, int_after(20), INT]);
    assert_eq!(life.tell(LifeInput::StopCommandOver), []);
    assert_eq!(life.tell(LifeInput::Exited), [Action::WatchMembers]);
    assert_eq!(life.tell(LifeInput::Empty), [Action::Finish(LifeEnd::Ended)]);
}

#[test]
fn a_command_that_fails_is_followed_by_the_signal_and_one_that_succeeds_gives_its_time_to_the_program() {
    let mut life = asked();
    assert_eq!(life.tell(LifeInput::StopCommandFailed), [Action::EndStopCommand, int_after(0), INT]);

    let mut life = asked();
    assert_eq!(life.tell(LifeInput::StopCommandOver), []);
    assert_eq!(life.later(20, LifeInput::Timer), [int_after(20), INT]);
}

#[test]
fn a_command_is_ended_with_the_program_and_waited_for() {
    let mut life = asked();

    assert_eq!(life.tell(LifeInput::Exited), [Action::EndStopCommand, Action::WatchMembers]);
    assert_eq!(life.tell(LifeInput::Empty), [life.wake_in(1)]);
    assert_eq!(life.tell(LifeInput::StopCommandOver), [Action::Finish(LifeEnd::Ended)]);
}

#[test]
fn what_the_program_leaves_behind_gets_the_signal_and_no_command() {
    let mut life = asked();
    life.tell(LifeInput::Exited);
    assert_eq!(life.tell(LifeInput::Inhabited), [int_after(0), INT]);

    let mut life = commanded();
    life.tell(LifeInput::Exited);
    assert_eq!(life.tell(LifeInput::Inhabited), [int_after(0), INT, life.wake_in(5)]);
}

#[test]
fn a_force_ends_the_command_too() {
    let mut life = asked();

    assert_eq!(
        life.tell(LifeInput::Force),
        [Action::EndStopCommand, Action::Signal(Signal::KILL), life.wake_in(1)]
    );
}

#[test]
fn a_program_that_has_not_started_is_asked_by_the_signal_alone() {
    let readiness = Some(Readiness { within: SECOND, has_check: false, looks_last: false });
    let ladder = Ladder::single(Signal::INT).behind_command(20 * SECOND);
    let mut life = Sim::new(LifeRules { ladder, readiness, ..rules() });
    life.tell(LifeInput::Begin);
    life.tell(LifeInput::Launched);

    assert_eq!(life.tell(LifeInput::Stop), [int_after(0), INT]);
}

#[test]
fn the_check_and_the_command_are_both_waited_for() {
    let readiness = Some(Readiness { within: 10 * SECOND, has_check: true, looks_last: false });
    let ladder = Ladder::single(Signal::INT).behind_command(20 * SECOND);
    for (first, second) in [
        (LifeInput::CheckOver, LifeInput::StopCommandOver),
        (LifeInput::StopCommandOver, LifeInput::CheckOver),
    ] {
        let mut life = Sim::new(LifeRules { ladder: ladder.clone(), readiness, ..rules() });
        for input in
            [LifeInput::Begin, LifeInput::Launched, LifeInput::Ready, LifeInput::Stop, LifeInput::Exited]
        {
            life.tell(input);
        }

        assert_eq!(life.tell(LifeInput::Empty), [life.wake_in(1)]);
        assert_eq!(life.tell(first), []);
        assert_eq!(life.tell(second), [Action::Finish(LifeEnd::Ended)]);
    }
}
