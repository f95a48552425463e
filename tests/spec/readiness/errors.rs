//! Why a process was not ready: what was waited for, what the last look found, and what the process wrote last.

use rootward::process::{Output, Ready, ReadyError};
use rootward::report::Outcome;
use rootward::{EventKind, Exit, Supervisor};

use super::{HOUR, SHORT, start_error};
use crate::support::{cause_of, fixture, launched};

/// Case P5.
#[tokio::test]
async fn the_error_says_what_was_waited_for_and_why_the_last_look_found_nothing() {
    let cases = [
        (Ready::tcp("no-such-host.invalid:80"), "a listener at no-such-host.invalid:80", Some("lookup")),
        (Ready::tcp("127.0.0.1:1"), "a listener at 127.0.0.1:1", Some("refused")),
        (Ready::path("/nope/x"), "a new /nope/x", Some("nothing at this path")),
        (Ready::unix("/nope/x"), "a listener at /nope/x", Some("No such file")),
        (Ready::line("lisening"), "a line that matches /lisening/", None),
        (Ready::line_containing("lisening"), "a line that contains \"lisening\"", None),
        (
            Ready::command(["sh", "-c", "echo no; exit 3"]),
            "`sh -c echo no; exit 3` to succeed",
            Some("code 3, \"no\""),
        ),
        (Ready::completion(), "its end with success", None),
    ];

    for (ready, awaited, found) in cases {
        let a = fixture!("prints").arg("one\ntwo\n\u{1b}[31mprompt> ").ready(ready).ready_timeout(SHORT);
        let error = start_error(a.into_child("a")).await;

        let Some(ReadyError::TimedOut { condition, last_error, output, .. }) = cause_of(&error) else {
            panic!("{}", error.describe())
        };
        assert_eq!(condition, awaited);
        assert_eq!(output, &["one", "two", "prompt> "]);
        let last_error = last_error.as_deref().unwrap_or_default();
        assert!(found.is_none_or(|found| last_error.contains(found)), "{awaited}: {last_error}");
    }
}

#[tokio::test]
async fn the_error_says_which_output_is_not_captured_so_that_no_line_of_it_can_come() {
    let a = fixture!("runs_forever").stdout(Output::Null).ready(Ready::line_containing("ready"));

    let error = start_error(a.ready_timeout(SHORT).into_child("a")).await.describe();

    assert!(error.contains("its standard output is not captured"), "{error}");
}

#[tokio::test]
async fn a_process_that_dies_before_it_is_ready_fails_at_once_with_its_exit_and_its_last_lines() {
    let script = "echo starting; echo 'bind: Address already in use' >&2; exit 3";
    for ready in [Ready::tcp("127.0.0.1:1"), Ready::line("never"), Ready::path("/nope"), Ready::completion()]
    {
        let a = rootward::process::Process::new("sh").args(["-c", script]).ready(ready).ready_timeout(HOUR);

        let error = start_error(a.into_child("a")).await;

        let Some(ReadyError::Ended { exit, output, .. }) = cause_of(&error) else {
            panic!("{}", error.describe())
        };
        assert_eq!(exit, &Exit::Code(3));
        assert!(output.iter().any(|line| line == "bind: Address already in use"), "{output:?}");
    }
}

/// Case P21.
#[tokio::test]
async fn a_program_that_leaves_the_foreground_gets_a_hint_and_what_it_left_is_in_the_event() {
    let script = "sleep 1000 & until grep -q sleep /proc/$!/comm; do :; done; exit 0";
    let a = rootward::process::Process::new("sh").args(["-c", script]);
    let a = a.ready(Ready::line("never")).ready_timeout(HOUR).into_child("a");
    let (tree, log) = launched(Supervisor::new("root").child(a));

    let error = format!("{:?}", tree.started().await.unwrap_err());

    assert!(error.contains("left_behind: 1"), "{error}");
    let record = log.until_the_end().await;
    let EventKind::StartFailed { error, stragglers } = &record.find("a", "start_failed").what else {
        panic!()
    };
    assert!(error.contains("exit code 0") && error.contains("stay in the foreground"), "{error}");
    let left: Vec<_> = stragglers.iter().map(|left| (left.command.as_str(), left.outcome)).collect();
    assert_eq!(left, [("sleep 1000", Outcome::Graceful)]);
}
