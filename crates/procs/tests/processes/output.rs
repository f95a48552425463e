//! How what a process writes becomes events.

use rootward_core::{Event, EventKind, OutputStream};

use crate::given::{line, script, shell, tree};

#[tokio::test]
async fn every_line_is_an_event_of_its_stream() {
    let given = script("echo one; echo two >&2");
    let mut lines: Vec<_> = given.rest().await.iter().filter_map(|event| output(event)).collect();
    lines.sort();

    assert_eq!(lines, [("one".to_owned(), false), ("two".to_owned(), true)]);
}

#[tokio::test]
async fn all_that_a_process_wrote_comes_before_its_end() {
    let given = script("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; printf 'no newline'");

    let events = given.rest().await;

    let lines: Vec<_> = events.iter().filter_map(|event| line(event)).collect();
    assert_eq!((lines.len(), lines[4999].as_str(), lines[5000].as_str()), (5001, "line 4999", "no newline"));
    let last = events.iter().rposition(|event| line(event).is_some()).unwrap();
    let exited = events.iter().position(|event| matches!(event.what, EventKind::Exited { .. })).unwrap();
    assert!(last < exited);
}

#[tokio::test]
async fn a_pipe_that_another_process_holds_does_not_delay_the_end() {
    if crate::containment().warden().is_some() {
        // No process outside the set can hold it: a process that got it from the child is followed wherever it goes.
        return;
    }
    // The descendant leaves the group, so that this level of containment does not follow it.
    let dir = tempfile::tempdir().unwrap();
    let daemon = "setsid sh -c 'echo $$; echo > gone; exec sleep 1000' & while [ ! -s gone ]; do :; done;
        printf 'last words'";
    let mut given = tree([shell(daemon).current_dir(dir.path()).into_child("child")]);
    let pid = given.line().await.parse().unwrap();

    given.wait_for_line("last words").await;
    given.exit().await;

    assert!(crate::given::is_alive(pid));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), nix::sys::signal::SIGKILL).unwrap();
}

#[tokio::test]
async fn a_process_that_never_stops_writing_can_be_stopped() {
    let mut given = script("exec yes");
    given.wait_for_line("y").await;

    let report = given.stop().await;

    assert!(!report.forced);
}

#[tokio::test]
async fn a_process_may_close_its_outputs_and_live_on() {
    let mut given = script("echo last; exec >&- 2>&-; exec sleep 1000");
    let pid = given.started().await;
    given.wait_for_line("last").await;

    assert!(crate::given::is_alive(pid));
    assert!(!given.stop().await.forced);
}

fn output(event: &Event) -> Option<(String, bool)> {
    match &event.what {
        EventKind::Output { stream, line, .. } => Some((line.clone(), *stream == OutputStream::Stderr)),
        _ => None,
    }
}
