//! How children are started.

use super::*;

/// OTP rule 1.
#[test]
fn children_start_one_after_the_other_each_when_the_one_before_runs() {
    let mut rig = Rig::new(Policy::default(), [permanent(), permanent()]);

    assert_eq!(rig.tell(Input::Begin), [Action::Start(A)]);
    assert_eq!(rig.tell(Input::Started(A)), [Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(B)), [Action::Ready]);
}

#[test]
fn a_supervisor_without_children_is_ready_at_once() {
    let mut rig = Rig::new(Policy::default(), []);

    assert_eq!(rig.tell(Input::Begin), [Action::Ready]);
}

/// OTP rule 3.
#[test]
fn a_child_that_had_nothing_to_run_is_kept_and_a_temporary_one_is_not() {
    let mut rig = Rig::new(Policy::default(), [temporary(), permanent()]);
    rig.tell(Input::Begin);

    assert_eq!(rig.tell(Input::Ignored(A)), [Action::Forget(A), Action::Start(B)]);
    assert_eq!(rig.tell(Input::Ignored(B)), [Action::Ready]);
}

/// OTP rule 4.
#[test]
fn if_a_child_cannot_be_started_those_before_it_stop_in_reverse_order_and_those_after_it_never_start() {
    let mut rig = Rig::new(Policy::default(), [permanent(), permanent(), permanent(), permanent()]);
    rig.tell(Input::Begin);
    rig.tell(Input::Started(A));
    rig.tell(Input::Started(B));

    let actions = rig.tell(Input::StartFailed(C));

    assert_eq!(actions, [Action::Stopping(StopCause::StartFailed), rig.asks(B, StopCause::StartFailed)]);
    assert_eq!(rig.ended(B), [rig.asks(A, StopCause::StartFailed)]);
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::StartFailed(C))]);
}
