//! Paths, commands and jobs.

use std::ffi::OsStr;

use rootward::process::{Process, Ready};
use rootward::{Restart, Supervisor};

use super::{HOUR, SHORT, record_of, start_error, starts};
use crate::support::{fixture, launched, runs};

/// Case P2, of a path.
#[tokio::test]
async fn a_path_that_was_there_before_the_start_does_not_count_until_it_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("S");
    std::fs::write(&path, "").unwrap();

    let idle = fixture!("runs_forever").ready(Ready::path(&path)).ready_timeout(SHORT);
    let error = start_error(idle.into_child("a")).await.describe();
    let script = "rm -f S; touch S; exec sleep 1000";
    let busy = Process::new("sh").args(["-c", script]).current_dir(directory.path()).ready(Ready::path("S"));
    starts(busy.ready_timeout(HOUR).into_child("a")).await;

    assert!(error.contains("was there before the start"), "{error}");
}

/// Case P18.
#[tokio::test]
async fn a_path_that_was_there_at_the_exit_counts_whichever_was_seen_first() {
    let directory = tempfile::tempdir().unwrap();
    for run in 0..runs() {
        let path = directory.path().join(run.to_string());
        let a = fixture!("leaves_a_path").arg(&path).arg("0").ready(Ready::path(&path)).ready_timeout(HOUR);
        let record = record_of(a.into_child("a").restart(Restart::Temporary)).await;

        assert_eq!(record.of_child("a"), ["starting", "started", "exited"], "run {run}");
    }
}

/// Case P18, of a newline at a descriptor.
#[tokio::test]
async fn a_newline_that_was_written_before_the_exit_counts() {
    for run in 0..runs() {
        let a = Process::new("sh").args(["-c", "echo >&3"]).ready(Ready::descriptor(3)).ready_timeout(HOUR);
        let record = record_of(a.into_child("a").restart(Restart::Temporary)).await;

        assert_eq!(record.of_child("a"), ["starting", "started", "exited"], "run {run}");
    }
}

/// Case P18, of a command.
#[tokio::test]
async fn a_command_that_succeeds_after_the_exit_counts() {
    let directory = tempfile::tempdir().unwrap();
    for run in 0..runs() {
        let path = directory.path().join(run.to_string());
        let exists = Ready::command([OsStr::new("test"), OsStr::new("-e"), path.as_os_str()]);
        let a = fixture!("leaves_a_path").arg(&path).arg("0").ready(exists).ready_timeout(HOUR);
        let record = record_of(a.into_child("a").restart(Restart::Temporary)).await;

        assert_eq!(record.of_child("a"), ["starting", "started", "exited"], "run {run}");
    }
}

#[tokio::test]
async fn a_command_that_fails_after_the_exit_is_a_failed_start() {
    let a = Process::new("true").ready(Ready::command(["false"])).ready_timeout(HOUR);

    let error = start_error(a.into_child("a")).await.describe();

    assert!(error.contains("`false` to succeed"), "{error}");
}

#[tokio::test]
async fn a_process_is_ready_when_a_command_in_its_surroundings_succeeds() {
    let directory = tempfile::tempdir().unwrap();
    let command = Ready::command(["sh", "-c", "test -e S && test \"$KEY\" = value"]);
    let script = "touch S; exec sleep 1000";
    let a = Process::new("sh").args(["-c", script]).current_dir(directory.path()).env("KEY", "value");

    starts(a.ready(command).ready_timeout(HOUR).into_child("a")).await;
}

#[tokio::test]
async fn a_command_that_hangs_is_killed_with_all_it_has_started() {
    let directory = tempfile::tempdir().unwrap();
    let pid = directory.path().join("pid");
    let command = Ready::command(["sh", "-c", "sleep 1000 & echo $! > pid; wait"]);
    let a = fixture!("runs_forever").current_dir(directory.path()).ready(command).ready_timeout(SHORT);

    let error = start_error(a.into_child("a")).await.describe();

    assert!(error.contains("to succeed"), "{error}");
    let pid: u32 = std::fs::read_to_string(pid).unwrap().trim().parse().unwrap();
    crate::support::until("it is gone", || !std::path::Path::new(&format!("/proc/{pid}")).exists()).await;
}

#[tokio::test]
async fn a_job_has_started_when_it_has_ended_with_success_and_the_next_child_starts_after_it() {
    let job = Process::new("sh").args(["-c", "echo migrated"]).ready(Ready::completion()).ready_timeout(HOUR);
    let job = job.into_child("a").restart(Restart::Transient);
    let next = fixture!("runs_forever").into_child("b");
    let (tree, log) = launched(Supervisor::new("root").child(job).child(next));

    tree.started().await.unwrap();
    assert!(tree.stop().await.clean);

    let record = log.until_the_end().await;
    assert_eq!(record.of_child("a"), ["starting", "output", "started", "exited"]);
    let lines = record.lines();
    let place = |wanted: &str| lines.iter().position(|line| line == wanted).unwrap();
    assert!(place("a started") < place("b starting"));
}
