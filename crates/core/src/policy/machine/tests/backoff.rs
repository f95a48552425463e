//! Restarts that are put off, and limits of single children.

use super::*;

const DELAY: Duration = Duration::from_secs(1);

#[test]
fn a_restart_with_backoff_waits_until_it_is_due() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [with_backoff()]);

    assert_eq!(rig.failed(A), [Action::Restarting { key: A, attempt: 1, delay: DELAY }]);
    assert_eq!(rig.machine.next_alarm(), Some(rig.now + DELAY));
    assert_eq!(rig.tell(Input::Alarm), [], "too early");
    rig.passes(DELAY);
    assert_eq!(rig.tell(Input::Alarm), [Action::Start(A)]);
}

#[test]
fn while_one_child_waits_for_its_restart_others_are_restarted() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [with_backoff(), permanent()]);
    rig.failed(A);

    assert_eq!(rig.failed(B), [restarting(B, 1), Action::Start(B)]);
}

#[test]
fn under_one_for_all_the_siblings_stop_at_once_and_start_together_with_the_child_when_it_is_due() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), with_backoff()]);

    let first = Action::Restarting { key: B, attempt: 1, delay: DELAY };
    assert_eq!(rig.failed(B), [first, rig.asks(A, StopCause::Sibling)]);
    assert_eq!(rig.ended(A), []);
    rig.passes(DELAY);
    assert_eq!(rig.tell(Input::Alarm), [Action::Start(A)]);
    assert_eq!(rig.tell(Input::Started(A)), [Action::Start(B)]);
}

#[test]
fn a_restart_that_becomes_due_while_the_siblings_stop_is_carried_through_by_the_same_round() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(), with_backoff()]);
    rig.failed(B);
    rig.passes(DELAY);
    assert_eq!(rig.tell(Input::Alarm), [], "A has not stopped yet");

    assert_eq!(rig.ended(A), [Action::Start(A)]);

    let counted = [restarting(A, 1), Action::Start(A)];
    assert_eq!(rig.tell(Input::StartFailed(A)), counted, "a retry is a restart");
    assert_eq!(rig.tell(Input::Started(A)), [Action::Start(B)]);
}

#[test]
fn a_stop_cancels_a_restart_that_is_put_off() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [with_backoff()]);
    rig.failed(A);

    assert_eq!(rig.stop(None), [Action::Finish(SupervisorEnd::Stopped)]);
    rig.passes(DELAY);
    assert_eq!(rig.tell(Input::Alarm), []);
}

#[test]
fn a_delay_too_long_for_the_clock_is_a_very_long_delay() {
    let backoff = Backoff::new(Duration::MAX, Duration::MAX);
    let endless = tuned(Tuning { backoff: Some(backoff), ..Tuning::default() });
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [endless]);
    rig.failed(A);

    let years = Duration::from_secs(20 * 365 * 24 * 60 * 60);
    assert!(rig.machine.next_alarm().is_some_and(|at| at > rig.now + years));
}

#[test]
fn restarts_that_are_due_take_place_one_after_the_other() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [with_backoff(), with_backoff()]);
    rig.failed(A);
    rig.failed(B);
    rig.passes(DELAY);

    assert_eq!(rig.tell(Input::Alarm), [Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(B)), [Action::Start(A)]);
}

#[test]
fn a_restart_that_is_due_and_is_called_off_before_its_turn_does_not_take_place() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [with_backoff(), permanent()]);
    rig.failed(A);
    rig.failed(B);
    rig.tell(Input::Call { call: CALL, request: Request::Terminate(id(A)) });
    rig.passes(DELAY);
    assert_eq!(rig.tell(Input::Alarm), [], "B is being started");

    assert_eq!(rig.tell(Input::Started(B)), [replied(Reply::Done)]);
    assert!(rig.machine.next_alarm().is_none());
}

#[test]
fn a_restart_that_is_put_off_is_counted_once() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 1), [with_backoff()]);
    rig.failed(A);
    rig.passes(DELAY);
    rig.tell(Input::Alarm);

    assert_eq!(rig.tell(Input::Started(A)), []);
    assert_eq!(rig.failed(A)[0], gave_up(1));
}

#[test]
fn delays_begin_anew_when_the_child_has_run_long_enough() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [with_backoff()]);
    let mut delay_after = |healthy: Duration| {
        rig.passes(healthy);
        let Action::Restarting { delay, .. } = rig.failed(A)[0] else { panic!("not restarted") };
        rig.passes(delay);
        rig.tell(Input::Alarm);
        rig.tell(Input::Started(A));
        delay
    };

    let delays = [Duration::ZERO, Duration::ZERO, Duration::from_secs(60)].map(&mut delay_after);

    assert_eq!(delays, [DELAY, DELAY * 2, DELAY]);
}

#[test]
fn a_child_that_exceeds_its_own_limit_makes_the_supervisor_give_up() {
    let own = Intensity { max_restarts: 0, within: Duration::from_secs(60) };
    let limited = tuned(Tuning { intensity: Some(own), ..Tuning::default() });
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent(), limited]);

    assert_eq!(rig.failed(A)[0], restarting(A, 1));
    rig.tell(Input::Started(A));
    assert_eq!(rig.failed(B)[0], Action::GaveUp(own));
}

#[test]
fn a_start_that_takes_too_long_is_abandoned_and_has_failed() {
    let slow = tuned(Tuning { start_timeout: Some(DELAY), ..Tuning::default() });
    let mut rig = Rig::new(Policy::default(), [slow]);
    rig.tell(Input::Begin);

    rig.passes(DELAY);

    assert_eq!(rig.tell(Input::Alarm), [Action::AbandonStart(A)]);
    assert_eq!(rig.tell(Input::Alarm), [], "once is enough");
    let end = [Action::Stopping(StopCause::StartFailed), Action::Finish(SupervisorEnd::StartFailed(A))];
    assert_eq!(rig.tell(Input::StartFailed(A)), end);
}

#[test]
fn a_start_that_is_slow_is_said_once_and_goes_on() {
    let mut rig = Rig::new(Policy::default(), [permanent()]);
    rig.tell(Input::Begin);

    rig.passes(Duration::from_secs(10));

    assert_eq!(rig.tell(Input::Alarm), [Action::SaySlow { key: A, after: Duration::from_secs(10) }]);
    rig.passes(Duration::from_secs(3600));
    assert_eq!(rig.tell(Input::Alarm), [], "once is enough");
    assert_eq!(rig.tell(Input::Started(A)), [Action::Ready]);
}

#[test]
fn a_slow_start_is_given_up_at_its_own_limit_all_the_same() {
    let limited = tuned(Tuning { start_timeout: Some(Duration::from_secs(30)), ..Tuning::default() });
    let mut rig = Rig::new(Policy::default(), [limited]);
    rig.tell(Input::Begin);

    rig.passes(Duration::from_secs(10));
    assert_eq!(rig.tell(Input::Alarm), [Action::SaySlow { key: A, after: Duration::from_secs(10) }]);
    rig.passes(Duration::from_secs(19));
    assert_eq!(rig.tell(Input::Alarm), []);
    rig.passes(Duration::from_secs(1));

    assert_eq!(rig.tell(Input::Alarm), [Action::AbandonStart(A)]);
}

fn with_backoff() -> Traits {
    let backoff = Backoff::new(DELAY, Duration::from_secs(60));
    tuned(Tuning { backoff: Some(backoff), ..Tuning::default() })
}

fn tuned(tuning: Tuning) -> Traits {
    Traits { tuning: Some(Arc::new(tuning)), ..permanent() }
}
