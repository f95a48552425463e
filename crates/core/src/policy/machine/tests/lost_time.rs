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
