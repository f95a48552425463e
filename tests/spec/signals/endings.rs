//! Which signals stop a whole program, and how it ends.

use std::os::unix::process::ExitStatusExt as _;

use nix::sys::signal::Signal;

use crate::support::Program;

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

#[test]
fn a_program_may_end_as_the_child_has_that_brought_its_tree_down() {
    let endings = [(["exits_with", "7"], 7), (["exits_with", "0"], 0), (["dies_of", "SIGTERM"], 143)];
    for (child, status) in endings {
        let program = Program::run(ENDS, &[&["from"][..], &child].concat());

        assert_eq!(program.finish().status.code(), Some(status), "{child:?}");
    }
}
