//! A child that does not go although it was forced keeps no sibling from being asked.

use super::*;

const A_WHILE: Duration = Duration::from_secs(1);

/// OTP rule 8.
#[test]
fn when_a_forced_child_is_still_there_a_while_later_the_next_one_is_asked() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);
    rig.stop(None);
    rig.forces_after_its_grace(B);

    assert_eq!(rig.machine.next_alarm(), Some(rig.now + A_WHILE));
    rig.passes(A_WHILE - Duration::from_millis(1));
    assert_eq!(rig.tell(Input::Alarm), []);
    rig.passes(Duration::from_millis(1));
    assert_eq!(rig.tell(Input::Alarm), [rig.asks(A, StopCause::Parent)], "with its own grace");
    assert_eq!(rig.ended(A), [Action::Stuck], "the finish waits for the one that is stuck");
    assert_eq!(rig.ended(B), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn how_long_siblings_wait_for_a_forced_child_can_be_chosen_and_for_ever_is_possible() {
    let patient = Policy { give_way_after: GRACE, ..Policy::default() };
    let mut rig = Rig::running(patient, [permanent(), permanent()]);
    rig.stop(None);
    rig.forces_after_its_grace(B);
    assert_eq!(rig.machine.next_alarm(), Some(rig.now + GRACE));

    let endless = Policy { give_way_after: Duration::MAX, ..Policy::default() };
    let mut rig = Rig::running(endless, [permanent(), permanent()]);
    rig.stop(None);
    rig.forces_after_its_grace(B);
    assert_eq!(rig.machine.next_alarm(), None);
}

#[test]
fn a_killed_child_gives_way_as_a_forced_one_does() {
    let mut rig = Rig::running(Policy::default(), [permanent(), brutal()]);
    assert_eq!(rig.stop(None), [Action::Kill { key: B, cause: StopCause::Parent }]);

    rig.passes(A_WHILE);
    assert_eq!(rig.tell(Input::Alarm), [rig.asks(A, StopCause::Parent)]);
}

#[test]
fn a_child_that_is_known_to_be_stuck_gives_way_at_once() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);
    rig.stop(None);
    rig.forces_after_its_grace(B);

    assert_eq!(rig.tell(Input::Stuck(B)), [rig.asks(A, StopCause::Parent)]);
    assert_eq!(rig.tell(Input::Stuck(B)), []);
    rig.passes(A_WHILE);
    assert_eq!(rig.tell(Input::Alarm), []);
}

#[test]
fn a_supervisor_below_which_only_stuck_children_are_left_gives_way_although_it_has_not_been_forced() {
    let endless = Traits { shutdown: Shutdown::Infinity, ..permanent() };
    let mut rig = Rig::running(Policy::default(), [permanent(), endless]);
    rig.stop(None);

    assert_eq!(rig.tell(Input::Stuck(B)), [rig.asks(A, StopCause::Parent)]);
    assert_eq!(rig.ended(B), [], "it has gone after all");
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn a_supervisor_that_was_stuck_already_when_it_is_asked_keeps_nothing_waiting() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);
    assert_eq!(rig.tell(Input::Stuck(B)), []);

    assert_eq!(rig.stop(None), [rig.asks(B, StopCause::Parent), rig.asks(A, StopCause::Parent)]);
}

#[test]
fn a_child_that_is_stuck_is_still_forced_when_its_grace_is_over() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.stop(None);
    rig.tell(Input::Stuck(A));

    rig.passes(GRACE);
    assert_eq!(rig.tell(Input::Alarm), [Action::Force { key: A, cause: StopCause::Deadline }]);
    assert_eq!(rig.machine.next_alarm(), None, "it is known to be stuck");
}

#[test]
fn each_of_several_stuck_children_gives_way_in_turn() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent(), permanent()]);
    rig.stop(None);

    for next in [B, A] {
        rig.passes(GRACE);
        rig.tell(Input::Alarm);
        rig.passes(A_WHILE);
        assert_eq!(rig.tell(Input::Alarm), [rig.asks(next, StopCause::Parent)]);
    }
    assert_eq!(rig.ended(B), []);
    assert_eq!(rig.ended(A), [Action::Stuck]);
    assert_eq!(rig.ended(C), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn a_child_that_was_stuck_before_the_stop_gives_way_in_it_at_once() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);
    rig.asks_for(Request::Terminate(id(B)));
    rig.forces_after_its_grace(B);
    rig.passes(A_WHILE);
    assert_eq!(rig.tell(Input::Alarm), []);

    assert_eq!(rig.stop(None), [replied(Reply::Stopping), rig.asks(A, StopCause::Parent)]);
}

#[test]
fn a_child_that_is_started_again_is_not_stuck_any_more() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);
    rig.asks_for(Request::Terminate(id(B)));
    rig.tell(Input::Stuck(B));
    rig.ended(B);
    rig.asks_for(Request::Restart(id(B)));
    rig.tell(Input::Started(B));

    assert_eq!(rig.stop(None), [rig.asks(B, StopCause::Parent)]);
    assert_eq!(rig.tell(Input::Started(B)), []);
}

#[test]
fn a_child_that_is_gone_or_unknown_cannot_be_stuck() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);
    rig.terminated(B);

    assert_eq!(rig.tell_all([Input::Stuck(B), Input::Stuck(C)]), []);
    assert_eq!(rig.stop(None), [rig.asks(A, StopCause::Parent)]);
    assert_eq!(rig.tell(Input::Stuck(A)), [Action::Stuck]);
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn a_child_that_could_not_be_asked_counts_as_forced_from_then_on() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);
    rig.stop(None);

    assert_eq!(rig.tell(Input::Forced(B)), []);
    assert_eq!(rig.machine.next_alarm(), Some(rig.now + A_WHILE));
    rig.passes(A_WHILE);
    assert_eq!(rig.tell(Input::Alarm), [rig.asks(A, StopCause::Parent)]);
    rig.passes(GRACE);
    let force = Action::Force { key: A, cause: StopCause::Deadline };
    assert_eq!(rig.tell(Input::Alarm), [force], "B is not forced once more");
}

#[test]
fn that_a_child_was_forced_which_was_not_asked_says_nothing() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);

    assert_eq!(rig.tell_all([Input::Forced(A), Input::Forced(B)]), []);
    assert_eq!(rig.stop(None), [rig.asks(A, StopCause::Parent)]);
}

#[test]
fn a_child_whose_start_took_too_long_has_been_forced_already_and_gets_no_grace() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.starts(B, slow());
    rig.passes(GRACE);
    assert_eq!(rig.tell(Input::Alarm), [Action::AbandonStart(B)]);

    let force = Action::Force { key: B, cause: StopCause::Parent };
    assert_eq!(rig.stop(None), [replied(Reply::Stopping), force]);
    rig.passes(A_WHILE);
    assert_eq!(rig.tell(Input::Alarm), [rig.asks(A, StopCause::Parent)]);
}

#[test]
fn a_child_whose_start_took_too_long_is_killed_if_that_is_what_its_spec_says() {
    let mut rig = Rig::running(Policy::default(), []);
    rig.starts(A, Traits { shutdown: Shutdown::Kill, ..slow() });
    rig.passes(GRACE);
    rig.tell(Input::Alarm);

    let kill = Action::Kill { key: A, cause: StopCause::Parent };
    assert_eq!(rig.stop(None), [replied(Reply::Stopping), kill]);
}

#[test]
fn a_child_that_came_to_run_just_before_its_start_was_given_up_runs() {
    let mut rig = Rig::running(Policy::default(), []);
    rig.starts(A, slow());
    rig.passes(GRACE);
    rig.tell(Input::Alarm);

    assert_eq!(rig.tell(Input::Started(A)), [replied(Reply::Started(A))]);
    assert_eq!(rig.stop(None), [rig.asks(A, StopCause::Parent)]);
}

// --- group restarts ---

#[test]
fn the_stops_of_a_group_restart_go_on_and_its_starts_wait_until_the_stuck_child_is_gone() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), permanent(), permanent()]);
    assert_eq!(rig.failed(B), [restarting(B, 1), rig.asks(C, StopCause::Sibling)]);
    rig.forces_after_its_grace(C);

    rig.passes(A_WHILE);
    assert_eq!(rig.tell(Input::Alarm), [rig.asks(A, StopCause::Sibling)]);
    assert_eq!(rig.ended(A), [], "C is still there");
    assert!(rig.machine.is_restarting());
    assert_eq!(rig.ended(C), [Action::Start(A)]);
    assert_eq!(rig.tell(Input::Started(A)), [Action::Start(B)]);
}

#[test]
fn a_stuck_child_that_a_group_restart_does_not_concern_keeps_nothing_from_starting() {
    let mut rig = Rig::running(policy(Strategy::RestForOne, 9), [permanent(), permanent()]);
    rig.asks_for(Request::Terminate(id(A)));
    rig.tell(Input::Stuck(A));

    assert_eq!(rig.failed(B), [restarting(B, 1), Action::Start(B)]);
}

#[test]
fn a_supervisor_that_says_too_early_that_it_is_stuck_keeps_nothing_from_starting() {
    let mut rig = Rig::new(Policy::default(), [permanent(), permanent()]);
    rig.tell(Input::Begin);
    rig.tell_all([Input::Started(A), Input::Stuck(A)]);

    assert_eq!(rig.tell(Input::Started(B)), [Action::Ready]);
}

#[test]
fn a_temporary_child_that_was_stuck_in_a_group_restart_is_deleted_when_it_is_gone_and_not_started() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [temporary(), permanent()]);
    rig.failed(B);
    assert_eq!(rig.tell(Input::Stuck(A)), []);

    assert_eq!(rig.ended(A), [Action::Forget(A), Action::Start(B)]);
}

#[test]
fn a_restart_that_is_put_off_waits_for_a_stuck_sibling_when_it_is_due() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), put_off()]);
    rig.failed(B);
    rig.tell(Input::Stuck(A));

    rig.passes(GRACE);
    assert_eq!(rig.tell(Input::Alarm), [Action::Force { key: A, cause: StopCause::Deadline }]);
    assert_eq!(rig.ended(A), [Action::Start(A)]);
}

#[test]
fn a_stuck_sibling_comes_back_too_when_the_restart_is_called_off() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), put_off()]);
    rig.failed(B);
    rig.tell(Input::Stuck(A));

    assert_eq!(rig.asks_for(Request::Terminate(id(B))), [replied(Reply::Done)]);
    assert_eq!(rig.ended(A), [Action::Start(A)]);
}

#[test]
fn siblings_that_come_back_wait_for_none_that_runs_and_says_too_early_that_it_is_stuck() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), put_off()]);
    rig.failed(B);
    rig.ended(A);
    rig.starts(C, permanent());
    rig.tell_all([Input::Started(C), Input::Stuck(C)]);

    assert_eq!(rig.asks_for(Request::Terminate(id(B))), [replied(Reply::Done), Action::Start(A)]);
}

#[test]
fn a_stop_ends_a_restart_that_waits_for_a_stuck_child() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), permanent()]);
    rig.failed(B);
    rig.tell(Input::Stuck(A));

    assert_eq!(rig.stop(None), [Action::Stuck]);
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::Stopped)]);
}

// --- what the parent is told ---

#[test]
fn the_parent_is_told_once_when_all_that_is_left_is_stuck() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);
    rig.stop(None);
    rig.tell(Input::Stuck(B));

    assert_eq!(rig.tell(Input::Stuck(A)), [Action::Stuck]);
    assert_eq!(rig.ended(B), []);
    assert_eq!(rig.tell(Input::Stuck(A)), []);
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn a_supervisor_that_stops_all_at_once_tells_its_parent_too() {
    let policy = Policy { stop_order: StopOrder::Concurrent, ..Policy::default() };
    let mut rig = Rig::running(policy, [permanent(), permanent()]);
    rig.stop(None);

    assert_eq!(rig.tell(Input::Stuck(A)), []);
    assert_eq!(rig.tell(Input::Stuck(B)), [Action::Stuck]);
}

#[test]
fn what_was_forced_all_at_once_is_stuck_a_while_later() {
    for all_at_once in [Input::Force, Input::Kill] {
        let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);
        rig.tell(all_at_once);
        rig.ended(A);

        assert_eq!(rig.machine.next_alarm(), Some(rig.now + A_WHILE));
        rig.passes(A_WHILE - Duration::from_millis(1));
        assert_eq!(rig.tell(Input::Alarm), []);
        rig.passes(Duration::from_millis(1));
        assert_eq!(rig.tell(Input::Alarm), [Action::Stuck]);
        assert_eq!(rig.machine.next_alarm(), None);
        assert_eq!(rig.ended(B), [Action::Finish(SupervisorEnd::Stopped)]);
    }
}

#[test]
fn a_supervisor_that_stops_by_itself_tells_its_parent_too() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 0), [permanent(), permanent()]);
    rig.failed(A);
    rig.tell(Input::GaveUp);

    assert_eq!(rig.tell(Input::Stuck(B)), [Action::Stuck]);
}

#[test]
fn a_supervisor_that_does_not_stop_does_not_tell_its_parent() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.asks_for(Request::Terminate(id(A)));

    assert_eq!(rig.tell(Input::Stuck(A)), []);
}

#[test]
fn a_supervisor_that_takes_in_clean_up_work_tells_its_parent_when_none_comes_any_more() {
    let mut rig = Rig::running(task_group(), [permanent()]);
    rig.stop(None);

    assert_eq!(rig.tell(Input::Stuck(A)), []);
    assert_eq!(rig.tell(Input::Close), [Action::Stuck]);
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::Stopped)]);
}

/// A child whose start is given up after a time.
fn slow() -> Traits {
    Traits {
        tuning: Some(Arc::new(Tuning { start_timeout: Some(GRACE), ..Tuning::default() })),
        ..permanent()
    }
}

fn brutal() -> Traits {
    Traits { shutdown: Shutdown::Kill, ..permanent() }
}

impl Rig {
    fn forces_after_its_grace(&mut self, key: ChildKey) {
        self.passes(GRACE);
        assert_eq!(self.tell(Input::Alarm), [Action::Force { key, cause: StopCause::Deadline }]);
    }
}
