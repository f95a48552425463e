//! When the end of a child is the end of its supervisor.

use super::*;

/// OTP rule 38.
#[test]
fn any_significant_end_stops_the_supervisor() {
    let policy = Policy { auto_shutdown: AutoShutdown::AnySignificant, ..Policy::default() };
    let mut rig = Rig::running(policy, [significant(transient()), permanent()]);

    let actions = rig.tell(Input::Ended(A, ExitClass::Normal));

    assert_eq!(actions, [Action::Stopping(StopCause::AutoShutdown), rig.asks(B, StopCause::AutoShutdown)]);
    assert_eq!(rig.ended(B), [Action::Finish(SupervisorEnd::AutoShutdown)]);
}

/// OTP rule 39.
#[test]
fn all_significant_waits_for_the_last_one() {
    let policy = Policy { auto_shutdown: AutoShutdown::AllSignificant, ..Policy::default() };
    let mut rig = Rig::running(policy, [significant(transient()), significant(temporary())]);

    assert_eq!(rig.tell(Input::Ended(A, ExitClass::Normal)), []);
    let last = rig.failed(B);

    let stops = [
        Action::Forget(B),
        Action::Stopping(StopCause::AutoShutdown),
        Action::Finish(SupervisorEnd::AutoShutdown),
    ];
    assert_eq!(last, stops);
}

/// OTP rule 39, OTP rule 57.
#[test]
fn all_significant_stops_a_dynamic_supervisor_when_its_last_child_has_ended() {
    let keeping = Keeping::Nothing { max_children: 9 };
    let policy = Policy { auto_shutdown: AutoShutdown::AllSignificant, keeping, ..Policy::default() };
    let mut rig = Rig::running(policy, [significant(transient()), significant(transient())]);

    assert_eq!(rig.ended(A), [Action::Forget(A)]);
    let last = rig.ended(B);

    let stops = [
        Action::Forget(B),
        Action::Stopping(StopCause::AutoShutdown),
        Action::Finish(SupervisorEnd::AutoShutdown),
    ];
    assert_eq!(last, stops);
}

/// OTP rule 39, OTP rule 40.
#[test]
fn all_significant_counts_a_terminated_child_as_gone_and_its_end_as_no_trigger() {
    let policy = Policy { auto_shutdown: AutoShutdown::AllSignificant, ..Policy::default() };
    let both = [significant(transient()), significant(transient())];
    let mut rig = Rig::running(policy, both.clone());
    rig.terminated(A);
    assert_eq!(rig.ended(B)[0], Action::Stopping(StopCause::AutoShutdown));

    let mut rig = Rig::running(policy, both);
    rig.ended(A);
    rig.asks_for(Request::Terminate(id(B)));
    assert_eq!(rig.ended(B), [replied(Reply::Done)]);
}

/// OTP rule 39.
#[test]
fn all_significant_counts_a_child_that_waits_for_its_restart_as_active() {
    let policy = Policy { auto_shutdown: AutoShutdown::AllSignificant, ..Policy::default() };
    let waits = Traits { restart: Restart::Transient, ..significant(put_off()) };
    let mut rig = Rig::running(policy, [waits, significant(transient())]);
    rig.failed(A);

    assert_eq!(rig.ended(B), []);
}

/// OTP rule 26, OTP rule 40.
#[test]
fn the_end_of_a_significant_child_that_a_group_restart_absorbs_stops_nothing() {
    let policy = Policy { auto_shutdown: AutoShutdown::AnySignificant, ..policy(Strategy::OneForAll, 9) };
    let mut rig = Rig::running(policy, [permanent(), significant(temporary()), permanent()]);
    rig.failed(A);

    // C is being asked to stop; B ends on its own meanwhile.
    assert_eq!(rig.ended(B), []);
    assert_eq!(rig.ended(C), [Action::Forget(B), Action::Start(A)]);
}
