//! What the shell asks the machine.

use super::*;

// --- is_quiet: callers wait until there are no children ---

#[test]
fn a_supervisor_is_quiet_as_long_as_it_has_no_child_that_lives() {
    let mut rig = Rig::new(Policy::default(), [permanent()]);
    assert!(rig.machine.is_quiet());

    rig.tell(Input::Begin);
    assert!(!rig.machine.is_quiet(), "A starts");
    rig.tell(Input::Started(A));
    assert!(!rig.machine.is_quiet(), "A runs");
    rig.asks_for(Request::Terminate(id(A)));
    assert!(!rig.machine.is_quiet(), "A stops");
    rig.ended(A);
    assert!(rig.machine.is_quiet());
}

#[test]
fn a_supervisor_is_not_quiet_while_a_child_waits_for_its_restart() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [put_off()]);
    rig.failed(A);
    assert!(!rig.machine.is_quiet());

    rig.asks_for(Request::Terminate(id(A)));
    assert!(rig.machine.is_quiet());
}

#[test]
fn a_supervisor_is_not_quiet_while_a_call_waits_that_brings_a_child() {
    let mut rig = Rig::running(Policy::default(), []);
    let calls = [A, B].map(|key| Request::Start { key, id: id(key), traits: permanent() });
    rig.tell_all(calls.map(|request| Input::Call { call: CALL, request }));

    let failed = [replied(Reply::StartFailed(A)), Action::Forget(A), Action::Keep(B), Action::Start(B)];
    assert!(!rig.machine.is_quiet());
    assert_eq!(rig.tell(Input::StartFailed(A)), failed);
}

#[test]
fn a_child_that_ends_by_itself_while_all_stop_leaves_the_supervisor_quiet() {
    let mut rig = Rig::running(task_group(), [permanent(), permanent()]);
    rig.stop(None);

    assert_eq!(rig.ended(A), [], "before its turn has come");
    assert_eq!(rig.ended(B), []);
    assert!(rig.machine.is_quiet());
    assert_eq!(rig.tell(Input::Close), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn a_child_that_cannot_be_started_while_all_stop_leaves_the_supervisor_quiet() {
    let mut rig = Rig::running(task_group(), []);
    rig.starts(A, permanent());
    rig.starts(B, permanent());
    rig.stop(None);

    rig.tell(Input::StartFailed(A));
    rig.ended(B);
    assert!(rig.machine.is_quiet());
}

#[test]
fn an_end_that_has_not_been_dealt_with_when_the_stop_begins_leaves_the_supervisor_quiet() {
    let mut rig = Rig::running(Policy { strategy: Strategy::OneForOne, ..task_group() }, [permanent()]);

    rig.tell_all([
        Input::Ended(A, ExitClass::Abnormal),
        Input::Stop { cause: StopCause::Parent, deadline: None },
    ]);

    assert!(rig.machine.is_quiet());
}

#[test]
fn a_restart_that_was_put_off_leaves_the_supervisor_quiet_when_the_stop_begins() {
    let mut rig = Rig::running(
        Policy { intensity: policy(Strategy::OneForOne, 9).intensity, ..task_group() },
        [put_off(), permanent()],
    );
    rig.failed(A);
    rig.stop(None);
    assert_eq!(rig.machine.next_alarm(), Some(rig.now + GRACE), "B's");
    assert!(!rig.machine.awaits_restart(A));

    rig.passes(GRACE);
    rig.tell(Input::Alarm);
    rig.ended(B);
    assert!(rig.machine.is_quiet());
}

#[test]
fn a_call_that_comes_before_the_children_are_started_is_answered_when_they_never_are() {
    let mut rig = Rig::new(Policy::default(), []);
    rig.starts(A, permanent());
    assert!(!rig.machine.is_quiet());

    let refused = [Action::Refuse(A), replied(Reply::Stopping), Action::Finish(SupervisorEnd::Stopped)];
    assert_eq!(rig.stop(None), refused);
    assert!(rig.machine.is_quiet());
}

// --- is_restarting ---

#[test]
fn work_is_left_to_settle_while_children_are_started_or_restarted() {
    let mut rig = Rig::new(policy(Strategy::OneForOne, 9), [put_off()]);
    assert!(!rig.machine.is_restarting());
    rig.tell(Input::Begin);
    assert!(rig.machine.is_restarting());
    rig.tell(Input::Started(A));
    assert!(!rig.machine.is_restarting());

    rig.failed(A);
    assert!(rig.machine.is_restarting(), "its restart is put off");
    rig.passes(GRACE);
    rig.tell(Input::Alarm);
    assert!(rig.machine.is_restarting(), "it is being started");
    rig.tell(Input::Started(A));
    assert!(!rig.machine.is_restarting());
}

#[test]
fn work_is_left_to_settle_while_an_end_waits_its_turn() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent()]);
    rig.starts(B, permanent());
    let call = Input::Call { call: CALL, request: Request::Start { key: C, id: id(C), traits: permanent() } };
    rig.tell_all([call, Input::Ended(A, ExitClass::Abnormal)]);

    assert!(rig.machine.is_restarting());
    assert!(rig.machine.goes_on());
}

#[test]
fn there_is_nothing_to_settle_once_a_stop_has_begun() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), put_off()]);
    rig.failed(B);
    rig.stop(None);

    assert!(!rig.machine.is_restarting());
}

// --- goes_on ---

#[test]
fn the_machine_goes_on_by_itself_only_after_a_start_that_a_call_wanted() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    assert!(!rig.machine.goes_on());
    let request = Request::Terminate(id(A));

    rig.tell_all([
        Input::Call { call: CALL, request: Request::Start { key: B, id: id(B), traits: permanent() } },
        Input::Call { call: CALL, request },
    ]);
    assert!(rig.machine.goes_on());

    assert_eq!(rig.tell_all([]), [rig.asks(A, StopCause::Api)]);
    assert!(!rig.machine.goes_on());
}

#[test]
fn the_machine_does_not_go_on_by_itself_while_a_round_is_in_hand() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent(), permanent()]);
    rig.failed(A);
    rig.failed(B);

    assert!(!rig.machine.goes_on());
}

// --- next_alarm ---

#[test]
fn a_machine_in_which_nothing_is_due_wants_no_alarm() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);

    assert_eq!(rig.machine.next_alarm(), None);
    rig.stop(Some(rig.now + GRACE * 9));
    assert_eq!(
        rig.machine.next_alarm(),
        Some(rig.now + GRACE),
        "the child's grace is over before the deadline"
    );
    rig.ended(A);
    assert_eq!(rig.machine.next_alarm(), None);
}

#[test]
fn a_stop_with_a_deadline_wants_an_alarm_at_the_deadline_also_when_no_child_is_asked() {
    let mut rig = Rig::running(task_group(), []);
    let deadline = rig.now + GRACE;
    rig.stop(Some(deadline));

    assert_eq!(rig.machine.next_alarm(), Some(deadline));
    rig.tell(Input::Force);
    rig.passes(GRACE);
    rig.tell(Input::Alarm);
    assert_eq!(rig.machine.next_alarm(), None);
}

#[test]
fn a_start_with_a_limit_wants_an_alarm_until_the_child_has_started() {
    let tuning = Tuning { start_timeout: Some(GRACE), ..Tuning::default() };
    let mut rig = Rig::new(Policy::default(), [Traits { tuning: Some(Arc::new(tuning)), ..permanent() }]);
    rig.tell(Input::Begin);

    assert_eq!(rig.machine.next_alarm(), Some(rig.now + GRACE));
    rig.tell(Input::Started(A));
    assert_eq!(rig.machine.next_alarm(), None);
}

// --- blamed ---

#[test]
fn the_child_is_blamed_whose_failure_is_one_too_many() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 1), [permanent(), permanent()]);
    rig.failed(A);
    rig.tell(Input::Started(A));
    assert_eq!(rig.machine.blamed(), None, "there was one restart left");

    rig.failed(B);

    assert_eq!(rig.machine.blamed(), Some(B));
}

#[test]
fn the_significant_child_is_blamed_whose_end_shuts_the_supervisor_down() {
    let policy = Policy { auto_shutdown: AutoShutdown::AnySignificant, ..Policy::default() };
    let mut rig = Rig::running(policy, [temporary(), significant(transient()), permanent()]);
    rig.ended(A);
    assert_eq!(rig.machine.blamed(), None);

    rig.ended(B);

    assert_eq!(rig.machine.blamed(), Some(B));
}

#[test]
fn no_child_is_blamed_for_a_stop_that_was_asked_for() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.stop(None);
    rig.ended(A);

    assert_eq!(rig.machine.blamed(), None);
}

// --- awaits_restart and its changes ---

#[test]
fn a_child_awaits_its_restart_from_its_end_until_its_start() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), permanent()]);
    assert!(!rig.machine.awaits_restart(B));
    rig.failed(B);
    assert!(rig.machine.awaits_restart(B), "A is being stopped");
    assert!(!rig.machine.awaits_restart(A));
    rig.ended(A);
    rig.tell(Input::Started(A));
    assert!(!rig.machine.awaits_restart(B), "it starts");
    assert!(!rig.machine.awaits_restart(C), "there is none");
}

#[test]
fn the_shell_learns_once_of_each_child_that_begins_or_ceases_to_wait_for_a_restart() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [put_off(), put_off()]);
    assert_eq!(rig.changes(), []);

    rig.failed(A);
    rig.failed(B);
    assert_eq!(rig.changes(), [(A, true), (B, true)]);
    assert_eq!(rig.changes(), []);

    rig.passes(GRACE);
    rig.tell(Input::Alarm);
    assert_eq!(rig.changes(), [(B, false)], "B starts first, because it was started last");
    rig.tell(Input::Hold);
    assert_eq!(rig.changes(), [(A, false)]);
}

#[test]
fn a_child_that_is_restarted_at_once_has_not_waited() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent()]);

    assert_eq!(rig.failed(A), [restarting(A, 1), Action::Start(A)]);
    assert_eq!(rig.changes(), []);
}

#[test]
fn a_child_that_is_deleted_does_not_wait_any_more() {
    let mut rig = Rig::running(dynamic(9), [put_off()]);
    rig.failed(A);
    assert_eq!(rig.changes(), [(A, true)]);

    assert_eq!(rig.asks_for(Request::Terminate(id(A))), [Action::Forget(A), replied(Reply::Done)]);
    assert_eq!(rig.changes(), [(A, false)]);
}

// --- key, is_closed and is_dynamic ---

#[test]
fn children_are_found_by_their_ids_as_long_as_they_are_there() {
    let mut rig = Rig::running(Policy::default(), [permanent(), permanent()]);
    assert_eq!([A, B, C].map(|key| rig.machine.key(&id(key))), [Some(A), Some(B), None]);

    rig.starts(C, permanent());
    rig.terminated(A);
    rig.asks_for(Request::Delete(id(A)));
    assert_eq!([A, B, C].map(|key| rig.machine.key(&id(key))), [None, Some(B), Some(C)]);
}

#[test]
fn only_the_supervisor_of_a_tasks_children_has_to_be_closed() {
    let mut rig = Rig::running(task_group(), []);
    assert!(!rig.machine.is_closed());
    rig.tell(Input::Close);
    assert!(rig.machine.is_closed());

    assert!(Rig::running(Policy::default(), []).machine.is_closed());
}

#[test]
fn a_supervisor_that_has_to_be_closed_finishes_when_it_is_empty_and_closed() {
    let mut rig = Rig::running(task_group(), [permanent()]);
    rig.stop(None);
    assert_eq!(rig.ended(A), []);

    assert_eq!(rig.tell(Input::Close), [Action::Finish(SupervisorEnd::Stopped)]);
}

#[test]
fn the_children_of_a_dynamic_supervisor_and_those_of_a_task_come_and_go() {
    assert!(dynamic(9).is_dynamic());
    assert!(task_group().is_dynamic());
    assert!(!Policy::default().is_dynamic());
}

impl Rig {
    fn changes(&mut self) -> Vec<(ChildKey, bool)> {
        self.machine.restarting_changes().collect()
    }
}
