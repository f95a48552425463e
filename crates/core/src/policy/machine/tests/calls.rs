//! What can be asked of a running supervisor: OTP's table of outcomes, call by call and state by state.

use super::*;

// --- start_child ---

#[test]
fn a_child_is_added_behind_all_others_and_started() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);

    assert_eq!(rig.starts(B, permanent()), [Action::Keep(B), Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(B)), [replied(Reply::Started(B))]);
    assert_eq!(rig.stop(None), [rig.asks(B, StopCause::Parent)]);
}

/// OTP rule 45.
#[test]
fn a_child_that_cannot_be_started_is_not_added() {
    let mut rig = Rig::running(Policy::default(), []);
    rig.starts(A, permanent());

    assert_eq!(rig.tell(Input::StartFailed(A)), [replied(Reply::StartFailed(A)), Action::Forget(A)]);
    assert_eq!(rig.asks_for(Request::Delete(id(A))), [replied(Reply::NotFound)]);
}

#[test]
fn a_child_that_had_nothing_to_run_is_kept_unless_it_is_temporary() {
    let mut rig = Rig::running(Policy::default(), []);

    rig.starts(A, permanent());
    assert_eq!(rig.tell(Input::Ignored(A)), [replied(Reply::Ignored)]);
    rig.starts(B, temporary());
    assert_eq!(rig.tell(Input::Ignored(B)), [Action::Forget(B), replied(Reply::Ignored)]);
}

/// OTP rule 45.
#[test]
fn an_id_that_is_there_already_is_refused() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    let again = Request::Start { key: B, id: id(A), traits: permanent() };

    assert_eq!(rig.asks_for(again.clone()), [Action::Decline(B), replied(Reply::AlreadyStarted)]);
    rig.terminated(A);
    assert_eq!(rig.asks_for(again), [Action::Decline(B), replied(Reply::AlreadyPresent)]);
}

// --- terminate_child ---

/// OTP rule 42.
#[test]
fn a_terminated_child_is_answered_for_when_it_is_gone_and_does_not_come_back() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);

    assert_eq!(rig.asks_for(Request::Terminate(id(A))), [rig.asks(A, StopCause::Api)]);
    assert_eq!(rig.failed(A), [replied(Reply::Done)]);
}

/// OTP rule 42.
#[test]
fn a_terminated_temporary_child_is_deleted() {
    let mut rig = Rig::running(Policy::default(), [temporary()]);
    rig.asks_for(Request::Terminate(id(A)));

    assert_eq!(rig.ended(A), [Action::Forget(A), replied(Reply::Done)]);
}

/// OTP rule 42, OTP rule 44.
#[test]
fn to_terminate_what_is_down_is_fine_and_what_is_unknown_is_not() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.terminated(A);

    assert_eq!(rig.asks_for(Request::Terminate(id(A))), [replied(Reply::Done)]);
    assert_eq!(rig.asks_for(Request::Terminate(id(B))), [replied(Reply::NotFound)]);
}

#[test]
fn two_callers_that_terminate_the_same_child_are_both_answered() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.asks_for(Request::Terminate(id(A)));
    rig.asks_for(Request::Terminate(id(A)));

    assert_eq!(rig.ended(A), [replied(Reply::Done), replied(Reply::Done)]);
}

/// OTP rule 33.
#[test]
fn to_terminate_a_child_cancels_its_restart() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent(), permanent()]);
    rig.failed(A);
    // Behind the retry that will be queued when this start fails stands the call.
    rig.failed(B);
    let call = rig.asks_for(Request::Terminate(id(A)));
    assert_eq!(call, [], "a start is in hand");

    let actions = rig.tell(Input::StartFailed(A));

    assert_eq!(actions[0], restarting(B, 1));
    let rest = rig.tell(Input::Started(B));
    assert_eq!(rest, [replied(Reply::Done)], "and A is not tried again");
}

/// OTP rule 13.
#[test]
fn an_end_that_waits_behind_the_call_that_terminates_the_child_is_absorbed() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent()]);
    let call = Input::Call { call: CALL, request: Request::Terminate(id(A)) };

    let actions = rig.tell_all([call, Input::Ended(A, ExitClass::Abnormal)]);

    assert_eq!(actions, [replied(Reply::Done)], "it is neither asked nor restarted");
}

/// OTP rule 14.
#[test]
fn while_a_child_takes_its_time_to_stop_others_are_dealt_with() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent(), permanent()]);
    rig.asks_for(Request::Terminate(id(A)));

    assert_eq!(rig.failed(B), [restarting(B, 1), Action::Start(B)]);
}

/// OTP rule 40.
#[test]
fn the_end_of_a_significant_child_that_was_terminated_does_not_stop_the_supervisor() {
    let policy = Policy { auto_shutdown: AutoShutdown::AnySignificant, ..Policy::default() };
    let mut rig = Rig::running(policy, [significant(transient())]);
    rig.asks_for(Request::Terminate(id(A)));

    assert_eq!(rig.ended(A), [replied(Reply::Done)]);
}

// --- restart_child and delete_child ---

/// OTP rule 35, OTP rule 18.
#[test]
fn a_child_that_is_down_can_be_restarted_which_does_not_count() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 0), [permanent()]);
    rig.terminated(A);

    assert_eq!(rig.asks_for(Request::Restart(id(A))), [Action::Start(A)]);
    assert_eq!(rig.tell(Input::Started(A)), [replied(Reply::Started(A))]);
}

#[test]
fn a_child_that_could_not_be_restarted_by_hand_is_kept_and_not_tried_again() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.terminated(A);
    rig.asks_for(Request::Restart(id(A)));

    assert_eq!(rig.tell(Input::StartFailed(A)), [replied(Reply::StartFailed(A))]);
    assert_eq!(rig.asks_for(Request::Restart(id(A))), [Action::Start(A)]);
}

#[test]
fn a_child_that_runs_can_be_neither_restarted_nor_deleted() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);

    assert_eq!(rig.asks_for(Request::Restart(id(A))), [replied(Reply::Running)]);
    assert_eq!(rig.asks_for(Request::Delete(id(A))), [replied(Reply::Running)]);
}

#[test]
fn a_child_that_waits_for_its_restart_can_be_neither_restarted_nor_deleted() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [put_off()]);
    rig.failed(A);

    assert_eq!(rig.asks_for(Request::Restart(id(A))), [replied(Reply::Restarting)]);
    assert_eq!(rig.asks_for(Request::Delete(id(A))), [replied(Reply::Restarting)]);
    assert_eq!(rig.asks_for(Request::Terminate(id(A))), [replied(Reply::Done)]);
    assert_eq!(rig.asks_for(Request::Delete(id(A))), [Action::Forget(A), replied(Reply::Done)]);
}

/// OTP rule 24, OTP rule 42.
#[test]
fn a_group_restart_revives_a_terminated_sibling() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), permanent()]);
    rig.terminated(A);

    assert_eq!(rig.failed(B), [restarting(B, 1), Action::Start(A)]);
}

#[test]
fn a_start_that_a_group_restart_cuts_short_is_answered_for_when_the_child_has_started_again() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent()]);
    rig.starts(B, permanent());

    assert_eq!(rig.failed(A), [restarting(A, 1), rig.asks(B, StopCause::Sibling)]);
    assert_eq!(rig.ended(B), [Action::Start(A)]);
    assert_eq!(rig.tell(Input::Started(A)), [Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(B)), [replied(Reply::Started(B))]);
}

#[test]
fn a_start_that_fails_at_once_has_failed_before_what_happened_after_the_call() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent()]);
    let request = Request::Start { key: B, id: id(B), traits: permanent() };
    let call = Input::Call { call: CALL, request };

    let begun = rig.tell_all([call, Input::Ended(A, ExitClass::Abnormal)]);
    assert_eq!(begun, [Action::Keep(B), Action::Start(B)]);
    assert!(rig.machine.goes_on());

    let failed = [replied(Reply::StartFailed(B)), Action::Forget(B), restarting(A, 1), Action::Start(A)];
    assert_eq!(rig.tell(Input::StartFailed(B)), failed);
}

#[test]
fn a_start_that_a_group_restart_cuts_short_is_over_if_the_child_is_not_kept() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent()]);
    rig.starts(B, temporary());
    rig.failed(A);

    assert_eq!(rig.ended(B), [Action::Forget(B), replied(Reply::StartCancelled), Action::Start(A)]);
}

#[test]
fn a_new_child_that_is_terminated_while_it_starts_is_not_added() {
    let mut rig = Rig::running(Policy::default(), []);
    rig.starts(A, permanent());
    rig.asks_for(Request::Terminate(id(A)));

    let answers = [Action::Forget(A), replied(Reply::Done), replied(Reply::StartCancelled)];
    assert_eq!(rig.ended(A), answers);
    assert_eq!(rig.asks_for(Request::Restart(id(A))), [replied(Reply::NotFound)]);
}

#[test]
fn a_child_that_is_terminated_while_it_is_restarted_by_hand_is_kept() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.terminated(A);
    rig.asks_for(Request::Restart(id(A)));
    rig.asks_for(Request::Terminate(id(A)));

    assert_eq!(rig.ended(A), [replied(Reply::Done), replied(Reply::StartCancelled)]);
    assert_eq!(rig.asks_for(Request::Restart(id(A))), [Action::Start(A)]);
}

#[test]
fn siblings_that_wait_for_a_restart_that_is_called_off_come_back_without_it() {
    for (strategy, revived) in [(Strategy::OneForAll, vec![A, C]), (Strategy::RestForOne, vec![C])] {
        let mut rig = Rig::running(policy(strategy, 9), [permanent(), put_off(), permanent()]);
        rig.failed(B);
        for key in revived.iter().rev() {
            rig.ended(*key);
        }

        let mut actions = rig.asks_for(Request::Terminate(id(B)));
        for key in &revived {
            assert_eq!(actions.pop(), Some(Action::Start(*key)));
            actions.extend(rig.tell(Input::Started(*key)));
        }

        assert_eq!(actions, [replied(Reply::Done)]);
    }
}

#[test]
fn siblings_come_back_also_if_the_restart_was_due_when_it_was_called_off() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), put_off()]);
    rig.failed(B);
    rig.ended(A);
    rig.passes(GRACE);
    let calls = [Request::Start { key: C, id: id(C), traits: permanent() }, Request::Terminate(id(B))];
    rig.tell_all(calls.map(|request| Input::Call { call: CALL, request }));

    // The restart is queued behind the call that calls it off.
    assert_eq!(rig.tell(Input::Alarm), [replied(Reply::Done), Action::Start(A)]);
}

#[test]
fn siblings_do_not_come_back_when_a_restart_that_failed_is_called_off() {
    let mut rig = Rig::running(policy(Strategy::RestForOne, 9), [permanent(), permanent(), permanent()]);
    rig.failed(A);
    rig.ended(C);
    rig.ended(B);
    rig.asks_for(Request::Terminate(id(A)));

    assert_eq!(rig.tell(Input::StartFailed(A)), [replied(Reply::Done)]);
}

#[test]
fn a_start_that_a_group_restart_cuts_short_is_over_if_the_restart_is_put_off() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [put_off()]);
    rig.starts(B, permanent());
    rig.failed(A);

    assert_eq!(rig.ended(B), [Action::Forget(B), replied(Reply::StartCancelled)]);
}

#[test]
fn a_start_that_a_group_restart_does_not_concern_goes_on() {
    let mut rig = Rig::running(policy(Strategy::RestForOne, 9), [permanent(), permanent()]);
    rig.terminated(A);
    rig.asks_for(Request::Restart(id(A)));

    assert_eq!(rig.failed(B), [restarting(B, 1), Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(A)), [replied(Reply::Started(A))]);
}

#[test]
fn a_child_that_is_terminated_while_it_starts_and_does_not_share_the_fate_of_one_that_restarts_is_answered_for()
 {
    let mut rig = Rig::running(policy(Strategy::RestForOne, 9), [permanent(), permanent()]);
    rig.terminated(A);
    rig.asks_for(Request::Restart(id(A)));
    rig.asks_for(Request::Terminate(id(A)));
    rig.failed(B);

    assert_eq!(rig.ended(A), [replied(Reply::Done), replied(Reply::StartCancelled)]);
}

// --- dynamic supervisors ---

/// OTP rule 48, OTP rule 58.
#[test]
fn a_dynamic_supervisor_forgets_what_has_ended_and_refuses_what_is_too_much() {
    let mut rig = Rig::running(dynamic(1), []);
    rig.starts(A, transient());
    rig.tell(Input::Started(A));

    let one_more = rig.starts(B, transient());
    assert_eq!(one_more, [Action::Decline(B), replied(Reply::MaxChildren)]);
    assert_eq!(rig.tell(Input::Ended(A, ExitClass::Normal)), [Action::Forget(A)]);
    assert_eq!(rig.starts(C, transient()), [Action::Keep(C), Action::Start(C)]);
}

/// OTP rule 54, OTP rule 60.
#[test]
fn a_dynamic_supervisor_forgets_a_child_that_had_nothing_to_run_when_it_was_restarted() {
    let mut rig = Rig::running(dynamic(9), []);
    rig.starts(A, permanent());
    rig.tell(Input::Started(A));
    rig.failed(A);

    assert_eq!(rig.tell(Input::Ignored(A)), [Action::Forget(A)]);
}

/// OTP rule 49.
#[test]
fn a_dynamic_supervisor_has_nothing_to_restart_or_to_delete_be_it_there_or_not() {
    let mut rig = Rig::running(dynamic(9), []);
    rig.starts(A, permanent());
    rig.tell(Input::Started(A));

    for key in [A, B] {
        assert_eq!(rig.asks_for(Request::Restart(id(key))), [replied(Reply::NothingKept)]);
        assert_eq!(rig.asks_for(Request::Delete(id(key))), [replied(Reply::NothingKept)]);
    }
}

/// OTP rule 50, OTP rule 63.
#[test]
fn a_concurrent_stop_asks_all_before_it_waits_for_any() {
    let policy = Policy { stop_order: StopOrder::Concurrent, ..Policy::default() };
    let mut rig = Rig::running(policy, [permanent(), permanent()]);

    let asks = [rig.asks(B, StopCause::Parent), rig.asks(A, StopCause::Parent)];
    assert_eq!(rig.stop(None), asks);
    assert_eq!(rig.ended(A), []);
    assert_eq!(rig.ended(B), [Action::Finish(SupervisorEnd::Stopped)]);
}

// --- clean-up work ---

#[test]
fn clean_up_work_is_started_while_all_stop_and_gets_what_is_left_of_the_deadline() {
    let mut rig = Rig::running(task_group(), [permanent()]);
    let deadline = Some(rig.now + GRACE / 2);
    rig.stop(deadline);

    let stop = Action::Stop { key: B, cause: StopCause::Parent, deadline };
    let begun = [Action::Keep(B), Action::StartCleanUp(B), replied(Reply::Started(B)), stop];
    assert_eq!(rig.cleans_up(B), begun);
    rig.tell(Input::Close);
    assert_eq!(rig.ended(A), []);
    assert_eq!(rig.ended(B), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn clean_up_work_with_an_id_that_is_there_is_declined_while_all_stop() {
    let mut rig = Rig::running(task_group(), [permanent()]);
    rig.stop(None);
    let request = Request::CleanUp { key: B, id: id(A), traits: permanent() };

    assert_eq!(rig.asks_for(request), [Action::Decline(B), replied(Reply::AlreadyStarted)]);
}

#[test]
fn clean_up_work_is_refused_once_all_has_been_forced() {
    let mut rig = Rig::running(task_group(), [permanent()]);
    rig.tell(Input::Force);

    assert_eq!(rig.cleans_up(B), [Action::Refuse(B), replied(Reply::Stopping)]);
}

#[test]
fn nothing_but_clean_up_work_is_started_while_all_stop() {
    let mut rig = Rig::running(task_group(), [permanent()]);
    rig.stop(None);

    assert_eq!(rig.starts(B, permanent()), [Action::Refuse(B), replied(Reply::Stopping)]);
}

// --- the end ---

/// OTP rule 14.
#[test]
fn every_caller_that_waits_is_answered_when_the_supervisor_stops() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.asks_for(Request::Terminate(id(A)));

    assert_eq!(rig.stop(None), [replied(Reply::Stopping)]);
    assert_eq!(rig.asks_for(Request::Terminate(id(A))), [replied(Reply::Stopping)]);
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::Stopped)]);
    assert_eq!(rig.asks_for(Request::Restart(id(A))), [replied(Reply::Stopping)]);
}
