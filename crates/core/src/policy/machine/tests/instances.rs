//! What is particular about the children of a dynamic supervisor.

use super::*;

/// OTP rule 52.
#[test]
fn the_children_of_a_dynamic_supervisor_share_its_restarts() {
    let keeping = Keeping::Nothing { max_children: 9 };
    let mut rig =
        Rig::running(Policy { keeping, ..policy(Strategy::OneForOne, 1) }, [permanent(), permanent()]);
    rig.failed(A);
    rig.tell(Input::Started(A));

    assert_eq!(rig.failed(B)[..2], [Action::Forget(B), gave_up(1)]);
}

/// OTP rule 58.
#[test]
fn a_child_that_waits_for_its_restart_takes_a_place() {
    let mut rig = Rig::running(dynamic(1), [put_off()]);
    rig.failed(A);

    assert_eq!(rig.starts(B, permanent()), [Action::Decline(B), replied(Reply::MaxChildren)]);
}

/// OTP rule 61, OTP rule 62.
#[test]
fn a_child_that_waits_for_its_restart_keeps_its_name_and_can_be_terminated_by_it() {
    let mut rig = Rig::running(dynamic(9), [put_off()]);
    rig.failed(A);

    assert_eq!(rig.asks_for(Request::Terminate(id(A))), [Action::Forget(A), replied(Reply::Done)]);
}

/// OTP rule 49, OTP rule 62.
#[test]
fn a_child_that_has_ended_for_good_is_not_found_any_more() {
    let mut rig = Rig::running(dynamic(9), [temporary()]);
    assert_eq!(rig.failed(A), [Action::Forget(A)]);

    assert_eq!(rig.asks_for(Request::Terminate(id(A))), [replied(Reply::NotFound)]);
}

/// OTP rule 60.
#[test]
fn a_new_child_that_had_nothing_to_run_is_not_kept_under_any_restart_type() {
    let mut rig = Rig::running(dynamic(9), []);
    rig.starts(A, permanent());

    assert_eq!(rig.tell(Input::Ignored(A)), [Action::Forget(A), replied(Reply::Ignored)]);
}
