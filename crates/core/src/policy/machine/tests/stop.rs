//! How everything is stopped.

use super::*;

/// OTP rule 8.
#[test]
fn children_stop_in_reverse_order_each_when_the_one_after_it_is_gone() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent(), permanent()]);

    assert_eq!(rig.stop(None), [rig.asks(C, StopCause::Parent)]);
    assert_eq!(rig.ended(C), [rig.asks(B, StopCause::Parent)]);
    assert_eq!(rig.ended(B), [rig.asks(A, StopCause::Parent)]);
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::Stopped)]);
}

/// OTP rule 10.
#[test]
fn a_child_is_forced_when_its_grace_is_over_and_not_before() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.stop(None);

    rig.passes(GRACE - Duration::from_millis(1));
    assert_eq!(rig.tell(Input::Alarm), []);
    rig.passes(Duration::from_millis(1));
    assert_eq!(rig.tell(Input::Alarm), [Action::Force { key: A, cause: StopCause::Deadline }]);
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::Stopped)]);
}

/// OTP rule 10.
#[test]
fn a_grace_is_cut_to_what_is_left_of_the_deadline() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    let deadline = rig.now + Duration::from_secs(1);

    let actions = rig.stop(Some(deadline));

    let asks = Action::Stop { key: A, cause: StopCause::Parent, deadline: Some(deadline) };
    assert_eq!(actions, [asks]);
    assert_eq!(rig.machine.next_alarm(), Some(deadline));
}

/// OTP rule 11.
#[test]
fn a_tighter_deadline_cuts_a_grace_that_is_running() {
    let mut rig = Rig::running(Policy::default(), [Traits { shutdown: Shutdown::Infinity, ..permanent() }]);
    rig.stop(None);
    assert_eq!(rig.machine.next_alarm(), None);
    let deadline = rig.now + Duration::from_secs(1);

    rig.stop(Some(deadline));

    assert_eq!(rig.machine.next_alarm(), Some(deadline));
}

#[test]
fn a_grace_that_was_running_before_the_stop_ends_with_the_deadline_too() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);
    rig.asks_for(Request::Terminate(id(A)));
    rig.stop(Some(rig.now + Duration::from_secs(1)));

    rig.passes(Duration::from_secs(1));

    let cause = StopCause::Deadline;
    assert_eq!(rig.tell(Input::Alarm), [Action::Force { key: B, cause }, Action::Force { key: A, cause }]);
}

#[test]
fn when_the_deadline_is_over_everything_is_forced_at_once() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);
    let deadline = rig.now + Duration::from_secs(1);
    rig.stop(Some(deadline));

    rig.passes(Duration::from_secs(1));

    let cause = StopCause::Deadline;
    assert_eq!(rig.tell(Input::Alarm), [Action::Force { key: B, cause }, Action::Force { key: A, cause }]);
    assert_eq!(rig.ended(A), [], "and everything is still awaited");
    assert_eq!(rig.ended(B), [Action::Finish(SupervisorEnd::Stopped)]);
}

/// OTP rule 9.
#[test]
fn a_child_with_shutdown_kill_is_not_asked_and_not_forced_again() {
    let mut rig = Rig::running(Policy::default(), [Traits { shutdown: Shutdown::Kill, ..permanent() }]);

    assert_eq!(rig.stop(None), [Action::Kill { key: A, cause: StopCause::Parent }]);
    assert_eq!(rig.tell(Input::Force), []);
}

#[test]
fn a_stop_cancels_a_start_that_is_under_way_and_nothing_is_started_after_it() {
    let mut rig = Rig::new(Policy::default(), [permanent(), permanent(), permanent()]);
    rig.tell(Input::Begin);
    rig.tell(Input::Started(A));

    assert_eq!(rig.stop(None), [rig.asks(B, StopCause::Parent)]);
    assert_eq!(rig.tell(Input::Started(B)), [], "a start that was over before the request came through");
    assert_eq!(rig.ended(B), [rig.asks(A, StopCause::Parent)]);
}

#[test]
fn a_stop_cancels_a_restart_that_waits() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), permanent()]);
    rig.failed(A);

    assert_eq!(rig.stop(None), [], "B is being stopped already");
    assert_eq!(rig.ended(B), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn a_supervisor_whose_actor_failed_stops_what_is_left_in_order() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);

    let stops = [Action::Stopping(StopCause::Failed), rig.asks(B, StopCause::Failed)];
    assert_eq!(rig.tell(Input::Fail), stops);
    assert_eq!(rig.tell(Input::Fail), []);
    assert_eq!(rig.ended(B), [rig.asks(A, StopCause::Failed)]);
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::Failed)]);
    assert_eq!(rig.tell(Input::Fail), []);
}

#[test]
fn a_supervisor_whose_actor_fails_while_it_stops_was_asked_to_stop() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.stop(None);

    assert_eq!(rig.tell(Input::Fail), []);
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn a_machine_that_takes_over_stops_the_children_that_run_and_starts_none() {
    let mut rig = Rig::new(Policy::default(), [permanent()]);
    rig.machine.adopt(B, id(B), permanent());
    rig.machine.reserve(10);
    assert!(!rig.machine.is_quiet());

    let stops = [Action::Stopping(StopCause::Failed), rig.asks(B, StopCause::Failed)];
    assert_eq!(rig.tell(Input::Fail), stops);
    assert_eq!(rig.ended(B), [Action::Finish(SupervisorEnd::Failed)]);
}

#[test]
fn room_that_was_made_for_children_suffices() {
    let mut rig = Rig::new(Policy::default(), []);
    rig.machine.reserve(100);
    let room = rig.machine.children.room();
    assert!(room >= 100);
}

#[test]
fn a_second_stop_changes_nothing() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.stop(None);

    assert_eq!(rig.stop(None), []);
    assert_eq!(rig.ended(A), [Action::Finish(SupervisorEnd::Stopped)]);
    assert_eq!(rig.stop(None), []);
}

#[test]
fn a_supervisor_that_was_never_started_is_finished_when_it_is_stopped() {
    let mut rig = Rig::new(Policy::default(), [permanent()]);

    assert_eq!(rig.stop(None), [Action::Finish(SupervisorEnd::Stopped)]);
    assert_eq!(rig.tell(Input::Begin), []);
}

#[test]
fn children_that_end_by_themselves_in_a_stop_leave_it_quiet_once_all_are_gone() {
    let mut rig =
        Rig::running(Policy { closing: Closing::WhenTold, ..Policy::default() }, [permanent(), permanent()]);
    rig.stop(None);

    rig.failed(A);
    assert!(!rig.machine.is_quiet(), "the other one is still there");
    rig.ended(B);

    assert!(rig.machine.is_quiet(), "a restart that will not come is nothing to wait for");
    assert!(!rig.machine.is_restarting());
}
