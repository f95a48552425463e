//! A first program of one job: what it says and with which status it ends, without any log.

use std::process::Command;

use rootward_tests::InTime as _;

#[test]
fn a_task_that_is_done_is_not_done_again_and_the_program_ends_with_it() {
    assert_eq!(program("says_hello"), (0, "hello\n".to_owned(), String::new()));
}

#[test]
fn a_job_that_fails_fails_the_program_and_is_named_with_its_error() {
    let (status, said, error) = program("has_a_job_that_fails");

    assert_eq!((status, said.as_str()), (1, "tries\n"));
    assert!(error.contains("root/job failed: connection refused"), "{error}");
}

#[test]
fn a_program_of_which_nothing_is_left_has_failed_with_its_last_job() {
    let (status, said, error) = program("has_nothing_but_a_job_that_fails");

    assert_eq!((status, said.as_str()), (1, "tries\n"));
    assert!(error.contains("root/job failed: connection refused"), "{error}");
}

#[test]
fn a_task_that_cannot_finish_its_work_in_the_stop_fails_the_program_and_is_named() {
    let (status, _, error) = program("fails_in_its_stop");

    assert_eq!(status, 1);
    let said = "error: these failed while they stopped:\n  \
                root/writer (task): failed: cannot flush the last batch: disk full\n";
    assert_eq!(error, said);
}

#[test]
fn a_program_that_gives_up_says_which_child_failed_and_with_what() {
    let (status, said, error) = program("gives_up");

    assert_eq!((status, said.as_str()), (1, "tries\ntries\n"));
    let expected =
        "error: root/worker failed: connection refused, and root gave up: more than 1 restart within 5s\n";
    assert_eq!(error, expected);
}

#[test]
fn a_program_that_gives_up_because_of_a_process_says_with_which_code_that_exited() {
    let (status, _, error) = program("has_a_process_that_fails");

    assert_eq!(status, 1);
    assert!(error.starts_with("error: root/server ended with exit code 3, and root gave up: "), "{error}");
}

#[test]
fn a_task_that_only_waits_for_its_children_is_not_named_among_what_had_to_be_forced() {
    let (status, _, error) = program("has_a_child_that_is_deaf");

    assert_eq!((status, error.as_str()), (3, "these had to be forced:\n  root/parent/task-1 (task)\n"));
}

#[test]
fn a_service_that_is_not_ready_in_time_is_named() {
    let (status, _, error) = program("is_never_ready");

    assert_eq!(status, 1);
    assert!(error.starts_with("error: the tree could not be started: ") && error.contains("root/server"));
}

/// R21: the texts of errors, names of programs and ids come from outside.
#[test]
fn what_a_program_says_of_its_end_does_not_drive_the_terminal() {
    for (which, expected) in [
        ("has_a_hostile_job", 1),
        ("has_a_program_of_a_hostile_name", 1),
        ("fails_in_its_stop_with_hostile_words", 1),
        ("has_a_hostile_id", 2),
    ] {
        let (status, _, error) = program(which);

        assert_eq!(status, expected, "{which}: {error:?}");
        assert!(error.starts_with("error: ") && error.contains("evil"), "{which}: {error:?}");
        assert!(
            !error.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')),
            "{which}: {error:?}"
        );
        assert!(!error.contains("\nexit status"), "{which}: {error:?}");
    }
}

/// Runs the program: its status, what it said, and what it said on standard error.
fn program(which: &str) -> (i32, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_first_program")).arg(which).env_remove("RUST_LOG").output_in_time();
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    (output.status.code().expect("it exits"), text(output.stdout), text(output.stderr))
}
