//! What Erlang/OTP does and what these supervisors do, line by line.
//!
//! `scenarios/*.txt` describe what happens to some trees, and `*_expected.txt` are what OTP 25.2.3 made of it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

#[test]
fn supervisors_do_in_two_hundred_scenarios_what_otp_does() {
    let expected = include_str!("../scenarios/expected.txt");

    let played = play(include_str!("../scenarios/scenarios.txt"));

    assert_same(&printed(played), expected);
}

#[test]
fn supervisors_do_in_every_corner_what_otp_does() {
    let expected = include_str!("../scenarios/corners_expected.txt");

    let played = play(include_str!("../scenarios/corners.txt"));

    assert_same(&printed(played), expected);
}

#[test]
fn a_scenario_that_makes_no_sense_is_refused_with_its_line() {
    let refused = play("scenario a\nsup root\nexit c1 boredom\n");

    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(String::from_utf8(refused.stderr).unwrap(), "-: line 3: `boredom` is no reason to end\n");
}

/// Gives the scenario driver something to read on its standard input.
fn play(scenarios: &str) -> Output {
    let mut driver = Command::new(env!("CARGO_BIN_EXE_scenarios"))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the driver runs");
    // The driver reads everything before it plays anything, and the pipe is closed behind the last scenario.
    driver.stdin.take().expect("piped").write_all(scenarios.as_bytes()).expect("the driver reads");
    driver.wait_with_output().expect("the driver ends")
}

fn printed(played: Output) -> String {
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
    String::from_utf8(played.stdout).expect("the format is ASCII")
}

/// Shows the first line that differs and where it stands, and not two texts of a thousand lines.
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
    assert_eq!(played.lines().count(), expected.lines().count(), "one of the two ends early");
}
