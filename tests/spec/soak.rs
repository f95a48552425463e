//! The soak itself works: two very short ones.

use crate::support::Program;

#[test]
fn a_program_that_was_kept_busy_for_a_moment_holds_no_more_than_before() {
    a_soak_succeeds("group");
}

#[test]
fn neither_does_one_that_has_a_warden() {
    a_soak_succeeds("tree");
}

fn a_soak_succeeds(level: &str) {
    let finished = Program::run(env!("CARGO_BIN_EXE_soak"), &[level, "2", "1"]).finish();

    assert!(finished.status.success(), "{:#?}", finished.said);
    assert_eq!(finished.lines_after("all of it was flat").len(), 1);
}
