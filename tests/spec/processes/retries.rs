//! Starts that fail for a reason that passes.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal as Sent;
use rootward::process::Process;
use rootward::report::Outcome;
use rootward::{Event, EventKind, Supervisor};
use tempfile::TempDir;

use crate::support::{EventLog, given, identity_of};

/// P4: "Text file busy", and given up 5 ms later.
#[tokio::test]
async fn a_program_that_is_being_written_is_started_when_that_is_over() {
    let (_directory, program) = given_a_program();
    let (tree, mut log) = given(one_restart(&program)).await;
    fs::remove_file(&program).unwrap();
    let writer = File::options().write(true).create_new(true).mode(0o755).open(&program).unwrap();
    let bytes = fs::read(env!("CARGO_BIN_EXE_runs_forever")).unwrap();
    std::io::Write::write_all(&mut &writer, &bytes).unwrap();

    killed(&mut log).await;
    let retrying = log.wait_for_event("a", "retrying").await;
    drop(writer);
    log.wait_for(has_started_again).await;

    assert!(error_of(&retrying).contains("Text file busy"), "{retrying:?}");
    assert!(tree.stop().await.clean);
    assert_eq!(log.until_the_end().await.count("a", "restarting"), 1);
}

/// P4: "not found", and given up.
#[tokio::test]
async fn a_program_that_has_run_and_is_away_is_started_when_it_is_back() {
    let (directory, program) = given_a_program();
    let (tree, mut log) = given(one_restart(&program)).await;
    let away = directory.path().join("away");
    fs::rename(&program, &away).unwrap();

    killed(&mut log).await;
    let retrying = log.wait_for_event("a", "retrying").await;
    fs::rename(&away, &program).expect("the program can be copied");
    log.wait_for(has_started_again).await;

    assert!(error_of(&retrying).contains("was not found"), "{retrying:?}");
    assert!(tree.stop().await.clean);
}

/// P4: and a stop does not wait for it.
#[tokio::test]
async fn a_stop_calls_off_a_start_that_is_tried_again() {
    let (_directory, program) = given_a_program();
    let child = Process::new(&program).retry_start(Duration::from_secs(3600)).into_child("a");
    let (tree, mut log) = given(Supervisor::new("root").child(child)).await;
    fs::remove_file(&program).unwrap();
    killed(&mut log).await;
    log.wait_for_event("a", "retrying").await;

    let report = tree.stop().await;

    assert_ne!(report.find("root/a").unwrap().outcome, Outcome::Unreapable);
    log.until_the_end().await;
}

/// P4: its time is over some day, and then the failure counts.
#[tokio::test]
async fn a_start_that_is_tried_again_in_vain_fails_with_the_last_error() {
    let (_directory, program) = given_a_program();
    let child = Process::new(&program).retry_start(Duration::from_millis(50)).into_child("a");
    let (tree, mut log) =
        given(Supervisor::new("root").intensity(1, Duration::from_secs(60)).child(child)).await;
    fs::remove_file(&program).unwrap();

    killed(&mut log).await;
    let failed = log.wait_for_event("a", "start_failed").await;

    let EventKind::StartFailed { error, .. } = &failed.what else { panic!("{failed:?}") };
    assert!(error.contains("was not found"), "{error}");
    drop(tree);
}

/// A program in a directory of its own, which can be replaced.
fn given_a_program() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("there is a place for files");
    let program = directory.path().join("program");
    fs::copy(env!("CARGO_BIN_EXE_runs_forever"), &program).expect("the program can be copied");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("the copy is the test's own");
    (directory, program)
}

/// A tree that gives up if its child is restarted more than once.
fn one_restart(program: &Path) -> Supervisor {
    Supervisor::new("root")
        .intensity(1, Duration::from_secs(600))
        .child(Process::new(program).retry_start(Duration::from_secs(60)).into_child("a"))
}

/// Kills the first incarnation.
async fn killed(log: &mut EventLog) {
    identity_of(&*log.wait_for_event("a", "started").await).signal(Sent::SIGKILL);
}

fn has_started_again(event: &Event) -> bool {
    event.path == "root/a" && event.incarnation == 2 && event.what.name() == "started"
}

fn error_of(event: &Event) -> &str {
    let EventKind::Retrying { error, .. } = &event.what else { panic!("not a retry: {event:?}") };
    error
}
