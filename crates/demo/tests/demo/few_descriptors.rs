//! A program that may have only a few descriptors open.

use std::process::{Command, Stdio};

use crate::support::{InTime as _, Temp};

/// R15, for descriptors: some numbers of them led to "this is a bug in the demo", status 70.
#[test]
fn too_few_descriptors_are_an_error_that_names_the_limit_and_enough_are_a_start() {
    let temp = Temp::new();
    let file = temp.write(
        "tree.toml",
        "[[children]]\nid = 'job'\nrestart = 'transient'\nprocess = { command = ['true'], ready = 'completion' }\n",
    );
    let mut statuses = Vec::new();
    for most in (3..64).chain([128]) {
        let demo = Command::new("prlimit")
            .arg(format!("--nofile={most}:{most}"))
            .args([env!("CARGO_BIN_EXE_rootward-demo"), "run"])
            .arg(&file)
            .args(["--view", "lines"])
            .stdin(Stdio::null())
            .output_in_time();

        let said = String::from_utf8_lossy(&demo.stderr).into_owned();
        match demo.status.code() {
            Some(0) => {}
            // The program that loads it has no descriptor left for its libraries.
            Some(127) => assert!(statuses.is_empty(), "{most}: {said}"),
            status => {
                assert_eq!(status, Some(1), "{most}: {said}");
                assert!(said.contains("RLIMIT_NOFILE") && !said.contains("bug"), "{most}: {said}");
            }
        }
        statuses.extend(demo.status.code().filter(|status| *status != 127));
    }

    assert!(
        statuses.is_sorted_by(|one, next| one >= next),
        "what is enough is enough with more: {statuses:?}"
    );
    assert_eq!(statuses.last(), Some(&0));
}
