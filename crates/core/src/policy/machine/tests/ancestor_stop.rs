//! From the moment on at which the stop of an ancestor has begun nothing is started, restarted or given up.

use super::*;

// --- ends ---

#[test]
fn a_child_that_would_be_restarted_just_goes_down() {
    let mut rig = Rig::held(policy(Strategy::OneForAll, 9), [permanent(), permanent()]);

    assert_eq!(rig.failed(A), []);
    assert_eq!(rig.asks_for(Request::Delete(id(A))), [Action::Forget(A), replied(Reply::Done)]);
}

#[test]
fn a_child_that_would_be_one_restart_too_many_just_goes_down() {
    let mut rig = Rig::held(policy(Strategy::OneForOne, 0), [permanent()]);

    assert_eq!(rig.failed(A), []);
}

#[test]
fn a_significant_child_that_ends_stops_nothing() {
    let policy = Policy { auto_shutdown: AutoShutdown::AnySignificant, ..Policy::default() };
    let mut rig = Rig::held(policy, [significant(transient()), permanent()]);

    assert_eq!(rig.ended(A), []);
}

#[test]
fn a_child_that_is_not_kept_is_deleted_when_it_ends() {
    let mut rig = Rig::held(Policy::default(), [temporary()]);
    assert_eq!(rig.failed(A), [Action::Forget(A)]);

    let mut rig = Rig::held(dynamic(9), [permanent()]);
    assert_eq!(rig.failed(A), [Action::Forget(A)]);
}

#[test]
fn ends_that_wait_their_turn_have_no_consequences_any_more() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 0), [permanent(), temporary()]);

    let died = |key| Input::Ended(key, ExitClass::Abnormal);
    assert_eq!(rig.tell_all([died(A), died(B), Input::Hold]), [Action::Forget(B)]);
    assert!(rig.machine.is_quiet());
    assert!(!rig.machine.goes_on());
}

#[test]
fn an_end_that_is_heard_together_with_the_end_of_the_giving_up_is_not_given_up_either() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 0), [permanent(), permanent()]);
    assert_eq!(rig.failed(A), [gave_up(0)]);

    assert_eq!(rig.tell_all([Input::Hold, Input::Ended(B, ExitClass::Abnormal)]), []);
    assert!(rig.machine.is_quiet());
}

// --- restarts ---

#[test]
fn a_restart_that_was_put_off_does_not_take_place() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [put_off()]);
    rig.failed(A);

    assert_eq!(rig.tell(Input::Hold), []);
    assert_eq!(rig.machine.next_alarm(), None);
    assert!(!rig.machine.awaits_restart(A));
    assert!(rig.machine.is_quiet());
    rig.passes(GRACE);
    assert_eq!(rig.tell(Input::Alarm), []);
}

#[test]
fn a_restart_that_is_due_and_waits_its_turn_does_not_take_place() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [put_off(), permanent()]);
    rig.failed(A);
    rig.failed(B);
    rig.passes(GRACE);
    assert_eq!(rig.tell(Input::Alarm), [], "B is being started");

    assert_eq!(rig.tell(Input::Hold), []);
    assert_eq!(rig.tell(Input::Started(B)), []);
    assert!(!rig.machine.awaits_restart(A));
    assert!(!rig.machine.is_restarting());
}

#[test]
fn a_restart_that_failed_is_not_tried_again() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent()]);
    rig.failed(A);

    assert_eq!(rig.tell_all([Input::StartFailed(A), Input::Hold]), []);
    assert!(rig.machine.is_quiet());
}

#[test]
fn a_restart_that_the_shell_may_not_write_down_is_abandoned_together_with_its_start() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent(), permanent()]);
    assert_eq!(rig.failed(A), [restarting(A, 1), Action::Start(A)]);

    assert_eq!(rig.tell_all([Input::Cancelled(A), Input::Hold]), []);
    assert!(!rig.machine.is_restarting());
    assert_eq!(rig.stop(None), [rig.asks(B, StopCause::Parent)]);
    assert_eq!(rig.ended(B), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn a_group_restart_stops_siblings_when_the_shell_has_written_it_down() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), permanent()]);
    assert_eq!(rig.tell_only([Input::Ended(A, ExitClass::Abnormal)]), [restarting(A, 1)]);

    assert_eq!(rig.tell(Input::Announced(B)), [], "it is not B that is restarted");
    assert_eq!(rig.tell(Input::Announced(A)), [rig.asks(B, StopCause::Sibling)]);
}

#[test]
fn a_group_restart_that_the_shell_may_not_write_down_stops_no_sibling() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let mut rig = Rig::running(policy(strategy, 9), [permanent(), permanent()]);
        assert_eq!(rig.tell_only([Input::Ended(A, ExitClass::Abnormal)]), [restarting(A, 1)]);

        assert_eq!(rig.tell(Input::Hold), []);
        assert!(!rig.machine.is_restarting());
        assert_eq!(rig.stop(None), [rig.asks(B, StopCause::Parent)]);
    }
}

// --- rounds ---

#[test]
fn while_children_start_the_one_that_starts_goes_on_and_the_others_do_not_start() {
    let mut rig = Rig::new(Policy::default(), [permanent(), permanent()]);
    rig.tell(Input::Begin);

    assert_eq!(rig.tell(Input::Hold), []);
    assert_eq!(rig.tell(Input::Started(A)), [], "neither B nor the word that all have been started");
    assert!(!rig.machine.is_restarting());
    assert!(!rig.machine.is_quiet(), "A runs");
    assert_eq!(rig.stop(None), [rig.asks(A, StopCause::Parent)]);
}

#[test]
fn a_start_that_fails_leaves_the_child_down_and_ends_nothing() {
    let mut rig = Rig::new(Policy::default(), [permanent(), temporary()]);
    rig.tell(Input::Begin);
    rig.tell(Input::Hold);

    assert_eq!(rig.tell(Input::StartFailed(A)), []);
    assert!(rig.machine.is_quiet());
}

#[test]
fn a_supervisor_that_has_not_begun_starts_nothing_and_waits_until_it_is_asked() {
    let mut rig = Rig::new(Policy::default(), [permanent()]);
    rig.tell(Input::Hold);

    assert_eq!(rig.tell(Input::Begin), []);
    assert!(rig.machine.is_quiet());
    assert_eq!(rig.stop(None), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn a_group_restart_stops_no_more_children_and_starts_none() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), permanent(), permanent()]);
    assert_eq!(rig.failed(B), [restarting(B, 1), rig.asks(C, StopCause::Sibling)]);

    assert_eq!(rig.tell(Input::Hold), []);
    assert!(!rig.machine.is_restarting());
    assert_eq!(rig.ended(C), [], "A is left alone, and C stays down");
    assert_eq!(rig.stop(None), [rig.asks(A, StopCause::Parent)]);
}

#[test]
fn a_temporary_child_that_a_group_restart_had_asked_is_deleted_when_it_is_gone() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [temporary(), permanent()]);
    rig.failed(B);
    rig.tell(Input::Hold);

    assert_eq!(rig.ended(A), [Action::Forget(A)]);
}

#[test]
fn siblings_do_not_come_back_when_a_restart_is_called_off() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), put_off()]);
    rig.failed(B);
    rig.ended(A);
    assert_eq!(rig.asks_for(Request::Terminate(id(B))), [replied(Reply::Done), Action::Start(A)]);

    assert_eq!(rig.tell(Input::Cancelled(A)), []);
    assert!(rig.machine.is_quiet());
}

// --- calls ---

#[test]
fn starts_and_restarts_are_refused() {
    let mut rig = Rig::held(Policy::default(), [permanent()]);
    rig.failed(A);

    assert_eq!(rig.starts(B, permanent()), [Action::Refuse(B), replied(Reply::Stopping)]);
    assert_eq!(rig.asks_for(Request::Restart(id(A))), [replied(Reply::Stopping)]);
}

#[test]
fn starts_that_wait_their_turn_are_refused() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent()]);
    rig.failed(A);
    assert_eq!(rig.starts(B, permanent()), [], "A is being started");

    assert_eq!(rig.tell(Input::Hold), [Action::Refuse(B), replied(Reply::Stopping)]);
}

#[test]
fn children_can_still_be_terminated_and_deleted() {
    let mut rig = Rig::held(Policy::default(), [permanent()]);

    assert_eq!(rig.asks_for(Request::Terminate(id(A))), [rig.asks(A, StopCause::Api)]);
    assert_eq!(rig.ended(A), [replied(Reply::Done)]);
    assert_eq!(rig.asks_for(Request::Delete(id(A))), [Action::Forget(A), replied(Reply::Done)]);
}

#[test]
fn clean_up_work_is_started_and_stopped_when_the_supervisor_is_asked() {
    let mut rig = Rig::held(Policy::default(), [permanent()]);

    assert_eq!(rig.cleans_up(B), [Action::Keep(B), Action::StartCleanUp(B)]);
    assert_eq!(rig.tell(Input::Started(B)), [replied(Reply::Started(B))]);
    assert_eq!(rig.stop(None), [rig.asks(B, StopCause::Parent)]);
}

#[test]
fn clean_up_work_is_not_started_in_a_way_that_a_stop_can_cancel() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);

    assert_eq!(rig.cleans_up(B), [Action::Keep(B), Action::StartCleanUp(B)]);
}

#[test]
fn clean_up_work_with_an_id_that_is_there_is_declined() {
    let mut rig = Rig::held(Policy::default(), [permanent()]);
    let request = Request::CleanUp { key: B, id: id(A), traits: permanent() };

    assert_eq!(rig.asks_for(request), [Action::Decline(B), replied(Reply::AlreadyStarted)]);
}

#[test]
fn a_caller_that_waits_for_a_child_that_starts_gets_the_outcome() {
    let outcomes = [
        (Input::Started(A), vec![replied(Reply::Started(A))]),
        (Input::Ignored(A), vec![replied(Reply::Ignored)]),
        (Input::StartFailed(A), vec![replied(Reply::StartFailed(A)), Action::Forget(A)]),
    ];
    for (fact, answers) in outcomes {
        let mut rig = Rig::running(Policy::default(), []);
        rig.starts(A, permanent());

        assert_eq!(rig.tell(Input::Hold), []);
        assert_eq!(rig.tell(fact), answers);
    }
}

#[test]
fn a_caller_whose_child_a_group_restart_has_stopped_and_does_not_start_again_is_told() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent()]);
    rig.starts(B, permanent());
    rig.failed(A);
    rig.ended(B);

    assert_eq!(rig.tell(Input::Hold), [Action::Refuse(B), Action::Forget(B), replied(Reply::Stopping)]);
}

#[test]
fn a_caller_whose_child_is_being_stopped_by_a_group_restart_is_told_when_it_is_gone() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent()]);
    rig.starts(B, permanent());
    rig.failed(A);

    assert_eq!(rig.tell(Input::Hold), []);
    assert_eq!(rig.ended(B), [Action::Forget(B), replied(Reply::StartCancelled)]);
}

// --- starts that the shell has not carried out ---

#[test]
fn a_new_child_whose_start_was_cancelled_is_refused_and_forgotten() {
    let mut rig = Rig::running(Policy::default(), []);
    rig.starts(A, permanent());

    let refused = [Action::Refuse(A), Action::Forget(A), replied(Reply::Stopping)];
    assert_eq!(rig.tell(Input::Cancelled(A)), refused);
    assert_eq!(rig.asks_for(Request::Terminate(id(A))), [replied(Reply::NotFound)]);
}

#[test]
fn a_child_that_was_to_be_restarted_by_hand_is_kept_when_its_start_was_cancelled() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.terminated(A);
    rig.asks_for(Request::Restart(id(A)));

    assert_eq!(rig.tell(Input::Cancelled(A)), [replied(Reply::Stopping)]);
    assert_eq!(rig.asks_for(Request::Terminate(id(A))), [replied(Reply::Done)]);
}

#[test]
fn a_cancelled_start_holds_the_supervisor() {
    let mut rig = Rig::new(Policy::default(), [permanent(), permanent()]);
    rig.tell(Input::Begin);

    assert_eq!(rig.tell(Input::Cancelled(A)), [], "B is not started either");
    assert_eq!(rig.starts(C, permanent()), [Action::Refuse(C), replied(Reply::Stopping)]);
    assert_eq!(rig.stop(None), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn a_cancelled_start_deletes_a_child_that_is_not_kept() {
    let mut rig = Rig::running(dynamic(9), [permanent()]);
    rig.failed(A);

    assert_eq!(rig.tell(Input::Cancelled(A)), [Action::Forget(A)]);
}

#[test]
fn that_a_child_which_runs_was_cancelled_says_nothing_of_it() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);

    assert_eq!(rig.tell(Input::Cancelled(A)), []);
    assert_eq!(rig.stop(None), [rig.asks(A, StopCause::Parent)]);
}

// --- giving up ---

#[test]
fn a_supervisor_gives_up_when_that_has_been_written_down() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 0), [permanent(), permanent()]);

    assert_eq!(rig.failed(A), [gave_up(0)]);
    let stops = [Action::Stopping(StopCause::GaveUp), rig.asks(B, StopCause::GaveUp)];
    assert_eq!(rig.tell(Input::GaveUp), stops);
    assert_eq!(rig.ended(B), [Action::Finish(SupervisorEnd::GaveUp)]);
}

#[test]
fn a_supervisor_that_may_not_give_up_leaves_the_child_down_and_waits_until_it_is_asked() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 0), [permanent(), permanent()]);
    rig.failed(A);

    assert_eq!(rig.tell(Input::Hold), []);
    assert_eq!(rig.failed(B), []);
    assert!(rig.machine.is_quiet());
    assert_eq!(rig.stop(None), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn until_it_is_known_whether_the_supervisor_gives_up_nothing_else_is_decided() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 0), [permanent(), permanent()]);
    rig.failed(A);

    assert_eq!(rig.failed(B), []);
    assert_eq!(rig.starts(C, permanent()), []);
    assert!(!rig.machine.goes_on());
    assert_eq!(
        rig.tell(Input::GaveUp),
        [
            Action::Stopping(StopCause::GaveUp),
            Action::Refuse(C),
            replied(Reply::Stopping),
            Action::Finish(SupervisorEnd::GaveUp)
        ]
    );
}

#[test]
fn a_stop_that_comes_before_the_giving_up_has_been_written_down_wins() {
    let stop = Input::Stop { cause: StopCause::Parent, deadline: None };
    for stop in [stop, Input::Kill, Input::Force] {
        let mut rig = Rig::running(policy(Strategy::OneForOne, 0), [permanent()]);
        rig.failed(A);

        assert_eq!(rig.tell_all([stop, Input::GaveUp]), [Action::Finish(SupervisorEnd::Stopped)]);
    }
}

#[test]
fn that_a_supervisor_has_given_up_means_nothing_if_it_has_not_asked() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);

    assert_eq!(rig.tell(Input::GaveUp), []);
    assert_eq!(rig.stop(None), [rig.asks(A, StopCause::Parent)]);
}

// --- the stop ---

#[test]
fn it_holds_once_and_a_stop_winds_down_as_ever() {
    let mut rig = Rig::held(Policy::default(), [permanent(), permanent()]);

    assert_eq!(rig.tell(Input::Hold), []);
    assert_eq!(rig.stop(None), [rig.asks(B, StopCause::Parent)]);
    assert_eq!(rig.tell(Input::Hold), []);
    assert_eq!(rig.ended(B), [rig.asks(A, StopCause::Parent)]);
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::Stopped)]);
    assert_eq!(rig.tell(Input::Hold), []);
}

#[test]
fn a_supervisor_that_is_held_can_be_killed_and_forced() {
    let mut rig = Rig::held(Policy::default(), [permanent()]);
    assert_eq!(rig.tell(Input::Kill), [Action::Kill { key: A, cause: StopCause::Parent }]);

    let mut rig = Rig::held(Policy::default(), [permanent()]);
    assert_eq!(rig.tell(Input::Force), [Action::Force { key: A, cause: StopCause::Parent }]);
}

impl Rig {
    /// All children have been started, and the stop of an ancestor has begun.
    fn held<const N: usize>(policy: Policy, children: [Traits; N]) -> Self {
        let mut rig = Self::running(policy, children);
        assert_eq!(rig.tell(Input::Hold), []);
        rig
    }
}
