//! When the end of a child is the end of its supervisor.

use super::*;

#[test]
fn any_significant_end_stops_the_supervisor() {
    let policy = Policy { auto_shutdown: AutoShutdown::AnySignificant, ..Policy::default() };
    let mut rig = Rig::running(policy, [significant(transient()), permanent()]);

    let actions = rig.tell(Input::Ended(A, ExitClass::Normal));

    assert_eq!(actions, [Action::Stopping(StopCause::AutoShutdown), rig.asks(B, StopCause::AutoShutdown)]);
    assert_eq!(rig.ended(B), [Action::Finish(End::AutoShutdown)]);
}

#[test]
fn all_significant_waits_for_the_last_one() {
    let policy = Policy { auto_shutdown: AutoShutdown::AllSignificant, ..Policy::default() };
    let mut rig = Rig::running(policy, [significant(transient()), significant(temporary())]);

    assert_eq!(rig.tell(Input::Ended(A, ExitClass::Normal)), []);
    let last = rig.failed(B);

    let stops =
        [Action::Forget(B), Action::Stopping(StopCause::AutoShutdown), Action::Finish(End::AutoShutdown)];
    assert_eq!(last, stops);
}

#[test]
fn all_significant_stops_a_dynamic_supervisor_when_its_last_child_has_ended() {
    let keeping = Keeping::Nothing { max_children: 9 };
    let policy = Policy { auto_shutdown: AutoShutdown::AllSignificant, keeping, ..Policy::default() };
    let mut rig = Rig::running(policy, [significant(transient()), significant(transient())]);

    assert_eq!(rig.ended(A), [Action::Forget(A)]);
    let last = rig.ended(B);

    let stops =
        [Action::Forget(B), Action::Stopping(StopCause::AutoShutdown), Action::Finish(End::AutoShutdown)];
    assert_eq!(last, stops);
}
