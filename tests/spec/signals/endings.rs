//! Which signals stop a whole program, and how it ends.

use std::os::unix::process::ExitStatusExt as _;

use nix::sys::signal::Signal;

use crate::support::{Program, press_again};

pub(super) const ENDS: &str = env!("CARGO_BIN_EXE_ends_as_told");

#[test]
fn sigquit_shows_the_snapshot_and_stops_in_order() {
    let mut program = Program::run(ENDS, &["stops"]);
    program.wait_for("started true");

    program.signal(Signal::SIGQUIT);

    program.wait_for("  worker · task running");
    let finished = program.finish();
    assert_eq!((finished.lines_after("SIGQUIT "), finished.status.code()), (vec!["Stop"], Some(0)));
}

#[test]
fn a_program_may_end_by_the_signal_that_has_stopped_it() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        let mut program = Program::run(ENDS, &["dies"]);
        program.wait_for("started true");

        program.signal(signal);

        let finished = program.finish();
        assert_eq!((finished.status.signal(), finished.status.core_dumped()), (Some(signal as i32), false));
        assert_eq!(finished.lines_after(&format!("{signal} ")), ["Stop"]);
    }
}

/// R6: a wrapper passes on what the program has got already, and by then its tree may be gone.
#[test]
fn what_belongs_to_the_same_request_changes_nothing_while_the_end_is_told() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut program = Program::run(ENDS, &["reports"]);
        program.wait_for("started true");

        program.signal(signal);
        program.wait_for("telling");
        program.signal(signal);
        program.signal(Signal::SIGUSR2);

        program.wait_for("told");
        assert_eq!(program.finish().status.code(), Some(0), "{signal}");
    }
}

#[test]
fn a_third_request_ends_a_program_that_does_not_come_to_the_end_of_telling() {
    let mut program = Program::run(ENDS, &["reports"]);
    program.wait_for("started true");
    program.signal(Signal::SIGTERM);
    program.wait_for("telling");

    // Two that the program hears apart from each other are enough. What comes when it has ended does nothing.
    for _ in 0..8 {
        program.signal(Signal::SIGINT);
        press_again();
    }

    let finished = program.finish();
    assert_eq!(
        (finished.lines_after("told"), finished.status.signal()),
        (vec![], Some(Signal::SIGINT as i32))
    );
}

#[test]
fn a_program_may_end_as_the_child_has_that_brought_its_tree_down() {
    let endings = [(["exits_with", "7"], 7), (["exits_with", "0"], 0), (["dies_of", "SIGTERM"], 143)];
    for (child, status) in endings {
        let program = Program::run(ENDS, &[&["from"][..], &child].concat());

        assert_eq!(program.finish().status.code(), Some(status), "{child:?}");
    }
}
