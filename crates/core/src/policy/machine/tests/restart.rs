//! Which children are restarted when one has ended.

use super::*;

/// OTP rule 22.
#[test]
fn one_for_one_starts_only_the_child_that_failed() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 1), [permanent(), permanent(), permanent()]);

    assert_eq!(rig.failed(B), [restarting(B, 1), Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(B)), []);
}

/// OTP rule 23.
#[test]
fn one_for_all_stops_all_others_in_reverse_order_and_starts_all_in_order() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [permanent(), permanent(), permanent()]);

    assert_eq!(rig.failed(B), [restarting(B, 1), rig.asks(C, StopCause::Sibling)]);
    assert_eq!(rig.ended(C), [rig.asks(A, StopCause::Sibling)]);
    assert_eq!(rig.ended(A), [Action::Start(A)]);
    assert_eq!(rig.tell(Input::Started(A)), [Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(B)), [Action::Start(C)]);
    assert_eq!(rig.tell(Input::Started(C)), []);
}

/// OTP rule 23.
#[test]
fn rest_for_one_leaves_those_before_the_failed_child_alone() {
    let mut rig = Rig::running(policy(Strategy::RestForOne, 1), [permanent(), permanent(), permanent()]);

    assert_eq!(rig.failed(B), [restarting(B, 1), rig.asks(C, StopCause::Sibling)]);
    assert_eq!(rig.ended(C), [Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(B)), [Action::Start(C)]);
}

/// OTP rule 24.
#[test]
fn a_group_restart_revives_a_transient_sibling_that_had_ended_normally() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [transient(), permanent()]);
    rig.tell(Input::Ended(A, ExitClass::Normal));

    assert_eq!(rig.failed(B), [restarting(B, 1), Action::Start(A)]);
}

/// OTP rule 25.
#[test]
fn a_group_restart_deletes_temporary_siblings() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [temporary(), permanent()]);
    rig.failed(B);

    assert_eq!(rig.ended(A), [Action::Forget(A), Action::Start(B)]);
}

/// OTP rule 25.
#[test]
fn the_end_of_a_temporary_child_restarts_no_child() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [temporary(), permanent()]);

    assert_eq!(rig.failed(A), [Action::Forget(A)]);
}

/// OTP rule 26.
#[test]
fn a_sibling_that_has_died_too_is_not_asked_to_stop() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [permanent(), permanent()]);
    let died = |key| Input::Ended(key, ExitClass::Abnormal);

    assert_eq!(rig.tell_all([died(A), died(B)]), [restarting(A, 1), Action::Start(A)]);
}

/// OTP rule 26.
#[test]
fn a_sibling_that_died_before_a_group_restart_came_to_it_is_absorbed_and_counts_nothing() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [permanent(), permanent(), permanent()]);
    rig.failed(C);

    // B is being asked to stop; A dies on its own meanwhile.
    assert_eq!(rig.failed(A), []);
    assert_eq!(rig.ended(B), [Action::Start(A)], "one restart was allowed, and one was counted");
}

/// OTP rule 26.
#[test]
fn under_one_for_one_each_of_two_deaths_counts() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 1), [permanent(), permanent()]);
    rig.failed(A);

    assert_eq!(rig.failed(B), [], "A is being started");
    assert_eq!(rig.tell(Input::Started(A)), [gave_up(1)]);
    let stops = [Action::Stopping(StopCause::GaveUp), rig.asks(A, StopCause::GaveUp)];
    assert_eq!(rig.tell(Input::GaveUp), stops);
}

/// OTP rule 31, OTP rule 36.
#[test]
fn a_restart_that_fails_is_tried_again_and_counted_until_the_supervisor_gives_up() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 2), [permanent()]);
    rig.failed(A);

    assert_eq!(rig.tell(Input::StartFailed(A)), [restarting(A, 2), Action::Start(A)]);
    assert_eq!(rig.tell(Input::StartFailed(A)), [gave_up(2)]);
    let stops = [Action::Stopping(StopCause::GaveUp), Action::Finish(SupervisorEnd::GaveUp)];
    assert_eq!(rig.tell(Input::GaveUp), stops);
}

/// OTP rule 34.
#[test]
fn a_child_that_has_nothing_to_run_when_it_is_restarted_stays_down_and_is_not_tried_again() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [permanent(), permanent()]);
    rig.failed(A);
    rig.ended(B);

    assert_eq!(rig.tell(Input::Ignored(A)), [Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(B)), []);
    assert!(!rig.machine.awaits_restart(A));
}

/// OTP rule 32.
#[test]
fn one_for_all_starts_the_whole_round_again_when_a_start_in_it_fails() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), permanent(), permanent()]);
    rig.failed(C);
    rig.ended(B);
    rig.ended(A);
    rig.tell(Input::Started(A));

    let again = rig.tell(Input::StartFailed(B));

    assert_eq!(again, [restarting(B, 1), rig.asks(A, StopCause::Sibling)]);
    assert_eq!(rig.ended(A), [Action::Start(A)]);
}

/// OTP rule 32.
#[test]
fn rest_for_one_resumes_at_the_child_whose_start_failed() {
    let mut rig = Rig::running(policy(Strategy::RestForOne, 9), [permanent(), permanent(), permanent()]);
    rig.failed(A);
    rig.ended(C);
    rig.ended(B);
    rig.tell(Input::Started(A));

    assert_eq!(rig.tell(Input::StartFailed(B)), [restarting(B, 1), Action::Start(B)]);
}

#[test]
fn attempts_count_anew_once_a_child_has_run_as_long_as_restarts_are_counted() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent()]);
    rig.failed(A);
    rig.tell(Input::Started(A));
    assert_eq!(rig.failed(A)[0], restarting(A, 2));
    rig.tell(Input::Started(A));

    rig.passes(Intensity::default().within);

    assert_eq!(rig.failed(A)[0], restarting(A, 1));
}

#[test]
fn the_time_that_an_end_waits_to_be_dealt_with_is_no_time_for_which_the_child_ran() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent(), permanent()]);
    rig.failed(A);
    rig.tell(Input::Started(A));
    rig.failed(B);
    assert_eq!(rig.failed(A), [], "B is being started");

    rig.passes(Intensity::default().within);

    assert_eq!(rig.tell(Input::Started(B))[0], restarting(A, 2));
}

#[test]
fn attempts_count_anew_also_if_the_child_that_ran_well_was_stopped_for_a_sibling() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), permanent()]);
    rig.failed(A);
    rig.ended(B);
    rig.tell(Input::Started(A));
    rig.tell(Input::Started(B));
    rig.passes(Intensity::default().within);
    rig.failed(B);
    rig.ended(A);
    rig.tell(Input::Started(A));
    rig.tell(Input::Started(B));

    assert_eq!(rig.failed(A)[0], restarting(A, 1));
}
