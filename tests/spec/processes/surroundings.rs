//! What a process finds around itself: its input, its outputs and its directory.

use std::fs;

use nix::unistd::Uid;
use rootward::process::{Ready, Stdin};
use rootward::report::Outcome;
use rootward::{Restart, Supervisor};

use super::stopped;
use crate::support::{fixture, given, launched, line_in};

/// P8: a program that reads its input to the end ended at once, and was started again and again.
#[tokio::test]
async fn an_input_that_stays_open_has_no_end_before_the_process_is_stopped() {
    let a = fixture!("shows_itself").stdin(Stdin::Open).into_child("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    log.wait_for_line("a", "leads its group").await;

    let node = stopped(&tree).await;

    assert_eq!((node.outcome, node.restarts), (Outcome::Graceful, 0));
    let record = log.until_the_end().await;
    assert_eq!(record.count("a", "exited"), 0);
}

/// P8.
#[tokio::test]
async fn an_input_may_be_a_file_whose_path_counts_from_the_directory_of_the_process() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("input"), "12345").unwrap();
    let a = fixture!("shows_itself").current_dir(directory.path()).stdin(Stdin::File("input".into()));
    let (_tree, mut log) =
        launched(Supervisor::new("root").child(a.into_child("a").restart(Restart::Temporary)));

    let line = log.wait_for_line("a", "input ").await;

    assert_eq!(line_in(&line), Some("input 5 bytes"));
}

/// P7: EACCES, because a pipe belongs to the user that has made it.
#[tokio::test]
async fn a_process_that_has_changed_its_user_can_open_its_outputs_again() {
    if !Uid::effective().is_root() {
        return;
    }
    let a = fixture!("opens_its_output_again").into_child("a").restart(Restart::Temporary);
    let (_tree, mut log) = launched(Supervisor::new("root").child(a));

    for _ in 0..2 {
        let line = log.wait_for(|event| line_in(event).is_some()).await;
        assert_eq!(line_in(&line), Some("opened"));
    }
}

/// P14: a path of a readiness rule counted from the supervisor's directory, and the program from its own.
#[tokio::test]
async fn the_path_of_a_readiness_rule_counts_from_the_directory_of_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let script = "touch made; exec sleep 1000";
    let a = rootward::process::Process::new("sh").args(["-c", script]).current_dir(directory.path());
    let a = a.ready(Ready::path("made")).into_child("a");

    let (tree, _log) = given(Supervisor::new("root").child(a)).await;

    assert!(tree.stop().await.clean);
}
