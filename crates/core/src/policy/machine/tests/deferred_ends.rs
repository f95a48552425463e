//! A child that dies of a stop signal while the root's own may be on its way.

use super::super::deferred_ends::DEFERRAL;
use super::*;

#[test]
fn nothing_follows_before_the_root_must_have_heard_of_it_and_then_what_follows_from_any_end() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent(), permanent()]);

    assert_eq!(rig.tell(died(A)), []);
    assert!(rig.machine.is_restarting(), "it is not over yet");
    assert_eq!(rig.machine.next_alarm(), Some(rig.now + DEFERRAL));
    rig.now += DEFERRAL - Duration::from_millis(1);
    assert_eq!(rig.tell(Input::Alarm), []);
    rig.now += Duration::from_millis(1);

    let then = rig.tell(Input::Alarm);

    assert!(matches!(then[..], [Action::Restarting { key: A, .. }, Action::Start(A)]), "{then:?}");
}

#[test]
fn a_stop_that_begins_meanwhile_makes_it_part_of_the_stop() {
    for stop in [Input::Hold, Input::Stop { cause: StopCause::Parent, deadline: None }] {
        let mut rig = Rig::running(policy(Strategy::OneForOne, 0), [permanent(), permanent()]);
        rig.tell(died(A));
        rig.tell(died(B));

        rig.tell(stop);

        rig.now += DEFERRAL;
        assert_eq!(rig.tell(Input::Alarm), []);
        assert!(rig.machine.is_quiet());
    }
}

#[test]
fn a_success_waits_only_where_it_leads_to_a_restart() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent(), temporary()]);

    assert_eq!(rig.tell(Input::EndedBySignal(A, ExitClass::Normal)), []);
    assert_eq!(rig.tell(Input::EndedBySignal(B, ExitClass::Normal)), [Action::Forget(B)]);

    rig.now += DEFERRAL;
    let then = rig.tell(Input::Alarm);
    assert!(matches!(then[..], [Action::Restarting { key: A, .. }, Action::Start(A)]), "{then:?}");
}

#[test]
fn a_significant_child_stops_nothing_meanwhile() {
    let policy = Policy { auto_shutdown: AutoShutdown::AnySignificant, ..Policy::default() };
    let mut rig = Rig::running(policy, [significant(temporary()), permanent()]);

    assert_eq!(rig.tell(died(A)), []);

    rig.now += DEFERRAL;
    assert!(rig.tell(Input::Alarm).contains(&Action::Stopping(StopCause::AutoShutdown)));
}

#[test]
fn a_group_restart_takes_it_along() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), permanent()]);
    rig.tell(died(A));

    let restart = rig.failed(B);

    assert!(restart.contains(&Action::Start(A)), "{restart:?}");
    rig.tell(Input::Started(A));
    rig.tell(Input::Started(B));
    rig.now += DEFERRAL;
    assert_eq!(rig.tell(Input::Alarm), [], "it has been dealt with");
}

#[test]
fn a_child_that_is_terminated_meanwhile_stays_down() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent()]);
    rig.tell(died(A));

    assert_eq!(rig.asks_for(Request::Terminate(id(A))), [replied(Reply::Done)]);

    rig.now += DEFERRAL;
    assert_eq!(rig.tell(Input::Alarm), []);
    assert!(rig.machine.is_quiet());
}

fn died(key: ChildKey) -> Input {
    Input::EndedBySignal(key, ExitClass::Abnormal)
}

#[test]
fn a_start_that_a_stop_signal_ended_has_failed_when_the_root_must_have_heard_of_it() {
    let mut rig = Rig::new(policy(Strategy::OneForOne, 9), [permanent(), permanent()]);
    rig.tell(Input::Begin);

    assert_eq!(rig.tell(Input::StartFailedBySignal(A)), []);
    assert_eq!(rig.machine.next_alarm(), Some(rig.now + DEFERRAL));
    rig.now += DEFERRAL;

    assert_eq!(
        rig.tell(Input::Alarm),
        [Action::Stopping(StopCause::StartFailed), Action::Finish(SupervisorEnd::StartFailed(A))]
    );
}

#[test]
fn a_stop_that_begins_meanwhile_makes_a_start_part_of_the_stop() {
    for stop in [Input::Hold, Input::Stop { cause: StopCause::Parent, deadline: None }] {
        let mut rig = Rig::new(policy(Strategy::OneForOne, 9), [permanent(), permanent()]);
        rig.tell(Input::Begin);
        rig.tell(Input::StartFailedBySignal(A));

        rig.tell(stop);

        rig.now += DEFERRAL;
        assert_eq!(rig.tell(Input::Alarm), []);
        assert!(rig.machine.is_quiet());
    }
}

#[test]
fn a_caller_hears_at_once_of_a_start_that_a_stop_signal_ended() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent()]);
    let starts = rig.asks_for(Request::Start { key: B, id: id(B), traits: permanent() });
    assert!(starts.contains(&Action::Start(B)), "{starts:?}");

    let then = rig.tell(Input::StartFailedBySignal(B));

    assert!(then.contains(&replied(Reply::StartFailed(B))), "{then:?}");
}
