//! What a process writes, in files.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rootward_core::{EventKind, Restart};
use rootward_procs::{LogFile, Output, Process, Ready};

use crate::given::{line, shell, tree, tree_with_intensity};

fn logged(script: &str, dir: &Path, file: LogFile) -> Process {
    shell(script).current_dir(dir).log_file(file)
}

#[tokio::test]
async fn outputs_are_in_the_file_byte_for_byte_when_the_end_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    fs::write(&log, "before\n").unwrap();
    let script = r"printf 'one\n\377two'; sleep 0.01; printf ' three\033[0m\r\n\nlast' >&2";
    let mut given = tree([logged(script, dir.path(), LogFile::new("log")).into_child("child")]);

    given.exit().await;

    let expected = b"before\none\n\xfftwo three\x1b[0m\r\n\nlast";
    assert_eq!(fs::read(&log).unwrap(), expected);
    assert_eq!(given.lines().await.len(), 0, "the lines came before the end");
}

#[tokio::test]
async fn lines_are_events_as_well_unless_the_file_is_to_have_them_alone() {
    let dir = tempfile::tempdir().unwrap();
    let both = logged("echo both", dir.path(), LogFile::new("log"));
    assert_eq!(tree([both.into_child("child")]).lines().await, ["both"]);

    let alone = logged("echo ready; exec sleep 1000", dir.path(), LogFile::new("log").without_events());
    let given = tree([alone.ready(Ready::line("ready")).into_child("child")]);
    given.tree.started().await.unwrap();
    let _ = given.stop().await;
    assert!(given.lines().await.is_empty());
    assert_eq!(fs::read_to_string(dir.path().join("log")).unwrap(), "both\nready\n");
}

#[tokio::test]
async fn an_output_that_is_not_captured_is_not_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let process = logged("echo out; echo err >&2", dir.path(), LogFile::new("log")).stdout(Output::Null);

    tree([process.into_child("child")]).rest().await;

    assert_eq!(fs::read_to_string(dir.path().join("log")).unwrap(), "err\n");
}

#[tokio::test]
async fn ten_megabytes_just_before_the_end_arrive_whole_and_in_order_in_files_that_are_not_too_large() {
    let dir = tempfile::tempdir().unwrap();
    let file = LogFile::new("log").max_size(1 << 20).keep(20).without_events();
    let process = logged("seq 1500000", dir.path(), file);

    tree([process.into_child("child")]).rest().await;

    let mut text = String::new();
    for number in (0..=20).rev() {
        let name = if number == 0 { "log".to_owned() } else { format!("log.{number}") };
        let part = fs::read_to_string(dir.path().join(name)).unwrap_or_default();
        assert!(part.len() <= (1 << 20) + 10, "{number}: {}", part.len());
        assert!(part.is_empty() || part.ends_with('\n'), "a line was divided");
        text.push_str(&part);
    }
    let mut expected = 1..=1_500_000;
    assert!(
        text.lines().all(|line| line.parse().ok() == expected.next()),
        "lines are missing or out of order"
    );
    assert_eq!(expected.next(), None);
}

#[tokio::test]
async fn the_file_goes_on_with_the_next_incarnation_and_a_file_that_is_old_is_put_away() {
    let dir = tempfile::tempdir().unwrap();
    let file = LogFile::new("log").max_age(Duration::from_millis(1)).keep(1);
    let script = "test -e second || { echo one; sleep 0.01; echo > second; exit 1; }; echo two";
    let child = logged(script, dir.path(), file).into_child("child").restart(Restart::Transient);

    let mut given = tree_with_intensity(1, [child]);
    given.exit().await;
    given.exit().await;

    let files = ["log", "log.1"].map(|name| fs::read_to_string(dir.path().join(name)).unwrap());
    assert_eq!(files, ["two\n", "one\n"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_fails_the_start_and_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let process = logged("", dir.path(), LogFile::new("none/log"));

    let error = tree([process.into_child("child")]).start_error().await;

    let path = dir.path().join("none/log");
    let expected = format!("the log file `{}` of `/bin/sh` cannot be opened: No such file", path.display());
    assert!(error.starts_with(&expected), "{error}");
}

#[tokio::test]
async fn a_full_disk_disturbs_neither_the_process_nor_its_lines_and_is_told_with_what_it_has_cost() {
    let script = "for i in 1 2 3; do echo $i; sleep 0.01; done";
    let process = shell(script).log_file(LogFile::new("/dev/full"));

    let events = tree([process.into_child("child")]).rest().await;

    let lines: Vec<_> = events.iter().filter_map(|event| line(event)).collect();
    assert_eq!(lines, ["1", "2", "3"]);
    let mut told = events.iter().filter_map(|event| match &event.what {
        EventKind::Degraded { what, reason } if what == "log file" => Some(reason.as_str()),
        _ => None,
    });
    // What keeps the thread that writes from a processor for a second is a disk that hangs, for the process.
    assert!(
        told.next_back().is_some_and(|it| it.starts_with("6 bytes are missing at its end: ")),
        "{events:?}"
    );
    let ended = events.iter().position(|event| matches!(event.what, EventKind::Exited { .. }));
    let degraded = events.iter().rposition(|event| matches!(event.what, EventKind::Degraded { .. }));
    assert!(degraded < ended, "it is told before the end");
}
