//! Lines as a person sees them.

use rootward::event::OutputStream;
use rootward::process::{Process, Ready};
use rootward::{EventKind, Restart, Supervisor};

use super::{HOUR, record_of, starts};
use crate::support::{fixture, launched, line_in, runs};

/// Case P12.
#[tokio::test]
async fn a_rule_sees_a_line_as_a_person_sees_it() {
    let cases = [
        ("Listening on http", "Listening on \u{1b}[1mhttp://0:80\u{1b}[0m\n"),
        ("^Listening$", "\u{1b}[32mListening\u{1b}[0m\n"),
        ("^Listening$", "\u{1b}]0;a title\u{7}Listening\n"),
        ("^Listening$", "starting…\rListening\u{1b}[K\n"),
        ("^Listening$", "\u{feff}Listening\r\n"),
    ];

    for (line, text) in cases {
        starts(fixture!("prints").arg(text).ready(Ready::line(line)).ready_timeout(HOUR).into_child("a"))
            .await;
    }
}

/// Case P18.
#[tokio::test]
async fn a_line_that_was_written_before_the_exit_counts() {
    for run in 0..runs() {
        let a = Process::new("echo").arg("ready").ready(Ready::line("^ready$")).ready_timeout(HOUR);
        let record = record_of(a.into_child("a").restart(Restart::Temporary)).await;

        assert_eq!(record.of_child("a"), ["starting", "output", "started", "exited"], "run {run}");
    }
}

/// Case P11.
#[tokio::test]
async fn a_prompt_without_an_end_is_shown_and_matched_when_nothing_more_comes() {
    let a =
        fixture!("prints").arg("Ready> ").ready(Ready::line("^Ready> $")).ready_timeout(HOUR).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a));

    tree.started().await.unwrap();
    let shown = log.wait_for_line("a", "Ready>").await;

    assert_eq!(line_in(&shown), Some("Ready> "));
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn what_follows_a_prompt_goes_on_with_its_line_and_is_matched_with_it() {
    // The second half comes when the first has been seen.
    let directory = tempfile::tempdir().unwrap();
    let script =
        "printf 'Password: '; while [ ! -e go ]; do sleep 0.01; done; echo accepted; exec sleep 1000";
    let a = Process::new("sh").args(["-c", script]).current_dir(directory.path());
    let a = a.ready(Ready::line("^Password: accepted$")).ready_timeout(HOUR).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a));
    log.wait_for_line("a", "Password").await;

    std::fs::write(directory.path().join("go"), "").unwrap();

    tree.started().await.unwrap();
    let rest = log.wait_for_line("a", "accepted").await;
    let stream = OutputStream::Stdout;
    let expected = EventKind::Output {
        stream,
        line: "accepted".into(),
        truncated: false,
        lossy: false,
        continued: true,
    };
    assert_eq!(rest.what, expected);
    assert!(tree.stop().await.clean);
}

/// Case P9: the record has what was written, and a view shows what a person sees.
#[tokio::test]
async fn an_event_has_the_line_as_it_was_written() {
    let a = fixture!("prints").arg("\u{1b}[32mok\u{1b}[0m\n").into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a));

    let event = log.wait_for_line("a", "\u{1b}[32m").await;

    let line = line_in(&event).unwrap();
    assert_eq!((line, &*rootward::process::visible_text(line)), ("\u{1b}[32mok\u{1b}[0m", "ok"));
    assert!(tree.stop().await.clean);
}
