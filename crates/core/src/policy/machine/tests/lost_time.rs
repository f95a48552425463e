//! Timers that come late because the program did not run: case R10. Graces have their tests beside the stop.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn restarts_that_were_due_while_the_program_was_suspended_do_not_all_come_at_once() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [put_off(), put_off()]);
    rig.failed(A);
    rig.passes(2 * SECOND);
    rig.failed(B);

    // A was due 4 s ago, B 2 s ago.
    rig.passes(GRACE + 2 * SECOND);
    assert_eq!(rig.tell(Input::Alarm), []);
    assert_eq!(rig.machine.next_alarm(), Some(rig.now + 2 * SECOND));
    rig.passes(2 * SECOND);
    assert_eq!(rig.tell(Input::Alarm), [Action::Start(B)]);
    rig.tell(Input::Started(B));
    rig.passes(2 * SECOND);
    assert_eq!(rig.tell(Input::Alarm), [Action::Start(A)]);
}

#[test]
fn a_start_goes_on_for_what_was_lost_and_no_longer_than_its_time() {
    let timeout = Some(GRACE);
    let timed = Traits {
        tuning: Some(Arc::new(Tuning { start_timeout: timeout, ..Tuning::default() })),
        ..permanent()
    };
    for (suspended, lost) in [(GRACE + SECOND, SECOND), (100 * GRACE, GRACE)] {
        let mut rig = Rig::new(Policy::default(), [timed.clone()]);
        rig.tell(Input::Begin);

        rig.passes(suspended);
        assert_eq!(rig.tell(Input::Alarm), []);
        assert_eq!(rig.machine.next_alarm(), Some(rig.now + lost));
        rig.passes(lost);
        assert_eq!(rig.tell(Input::Alarm), [Action::AbandonStart(A)]);
    }
}

#[test]
fn a_suspension_that_is_over_before_a_grace_is_not_held_against_the_child() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent(), permanent()]);
    rig.asks_for(Request::Terminate(id(A)));
    assert!(rig.machine.has_allowances());
    rig.passes(4 * SECOND);
    assert_eq!(rig.tell(Input::TimeLost(3 * SECOND)), []);

    rig.passes(SECOND);
    assert_eq!(rig.tell(Input::Alarm), [], "an alarm of before");
    assert_eq!(rig.machine.next_alarm(), Some(rig.now + 3 * SECOND));
    rig.passes(3 * SECOND);
    assert_eq!(rig.tell(Input::Alarm), [Action::Force { key: A, cause: StopCause::Deadline }]);
    assert!(!rig.machine.has_allowances(), "what was forced has nothing more to do");
}

#[test]
fn what_is_lost_of_a_grace_and_beyond_it_is_given_back_up_to_the_whole_grace() {
    for (suspended, lost) in [(2 * SECOND, 2 * SECOND), (100 * GRACE, GRACE)] {
        let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent()]);
        rig.asks_for(Request::Terminate(id(A)));

        rig.passes(GRACE + suspended);
        assert_eq!(rig.tell_all([Input::TimeLost(suspended), Input::Alarm]), []);

        assert_eq!(rig.machine.next_alarm(), Some(rig.now + lost));
    }
}

#[test]
fn a_grace_that_begins_after_a_suspension_is_not_longer_for_it() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent()]);
    rig.asks_for(Request::Terminate(id(A)));

    rig.tell(Input::TimeLost(3600 * SECOND));

    assert_eq!(rig.machine.next_alarm(), Some(rig.now + GRACE));
}

#[test]
fn a_slow_start_gets_back_what_was_lost_behind_the_note_that_it_is_slow() {
    let start_timeout = Some(60 * SECOND);
    let timed =
        Traits { tuning: Some(Arc::new(Tuning { start_timeout, ..Tuning::default() })), ..permanent() };
    let mut rig = Rig::new(Policy::default(), [timed]);
    rig.tell(Input::Begin);
    rig.passes(10 * SECOND);
    rig.tell(Input::Alarm);

    rig.passes(80 * SECOND);
    rig.tell(Input::TimeLost(30 * SECOND));

    assert_eq!(rig.machine.next_alarm(), Some(rig.now + 30 * SECOND));
}

#[test]
fn only_a_start_with_a_timeout_and_a_stop_with_a_grace_get_back_what_was_lost() {
    let timed = Traits {
        tuning: Some(Arc::new(Tuning { start_timeout: Some(GRACE), ..Tuning::default() })),
        ..permanent()
    };
    let mut rig = Rig::new(Policy::default(), [timed]);
    rig.tell(Input::Begin);
    rig.passes(SECOND);
    rig.tell(Input::TimeLost(SECOND));
    assert_eq!(rig.machine.next_alarm(), Some(rig.now + GRACE));

    // The note that a start is slow, and a delay.
    let mut rig = Rig::new(policy(Strategy::OneForOne, 9), [put_off()]);
    rig.tell(Input::Begin);
    assert!(!rig.machine.has_allowances());
    rig.tell(Input::Started(A));
    rig.failed(A);
    let due = rig.machine.next_alarm();
    assert!(due.is_some() && !rig.machine.has_allowances());
    rig.tell(Input::TimeLost(SECOND));
    assert_eq!(rig.machine.next_alarm(), due);
}
