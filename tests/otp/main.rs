//! What Erlang/OTP does and what these supervisors do, line by line.
//!
//! `scenarios/scenarios.txt` describes what happens to two hundred trees, and `scenarios/expected.txt`
//! is what OTP 25 made of it.

use std::process::Command;

#[test]
fn supervisors_do_in_every_scenario_what_otp_does() {
    let expected = include_str!("../scenarios/expected.txt");

    let played = play("scenarios.txt");

    assert_same(&played, expected);
}

/// What the scenario driver prints for a file of scenarios.
fn play(file: &str) -> String {
    let path = format!("{}/scenarios/{file}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_scenarios")).arg(path).output().expect("the driver runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the format is ASCII")
}

/// Shows the first line that differs and the step it belongs to, and not two texts of a thousand lines.
fn assert_same(played: &str, expected: &str) {
    let (mut scenario, mut step) = ("", "");
    for (played, expected) in played.lines().zip(expected.lines()) {
        assert_eq!(played, expected, "in {scenario}, {step}");
        match expected.split(' ').next() {
            Some("SCENARIO") => scenario = expected,
            Some("STEP") => step = expected,
            _ => {}
        }
    }
    assert_eq!(played.lines().count(), expected.lines().count(), "one of them ends early");
}
