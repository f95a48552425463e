//! When a process counts as started.

use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal as Sent;
use rootward::process::{Ready, ReadyError, Signal};
use rootward::{
    ChildSpec, ChildState, Ending, Exit, StartError, StopCause, Supervisor, Tree, TreeStartError,
};
use tokio::sync::Notify;

use crate::support::{cause_of, fixture, identity_of, launched, obedient, within};

#[tokio::test]
async fn the_next_child_starts_when_the_process_has_said_that_it_is_ready() {
    let a = fixture!("slow_to_be_ready").ready(Ready::line("^listening$")).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a).child(obedient("b")));
    let process = identity_of(&*log.wait_for_line("a", "warming up").await);

    assert_eq!(state_of(&tree, "root/a"), ChildState::Starting);
    assert_eq!(state_of(&tree, "root/b"), ChildState::Down);
    process.signal(Sent::SIGUSR1);

    tree.started().await.unwrap();
    assert!(tree.stop().await.clean);
    let record = log.until_the_end().await;
    assert_eq!(record.lines()[1..4], ["a starting", "a started", "b starting"]);
}

#[tokio::test]
async fn a_ready_function_may_take_as_long_as_it_likes() {
    let ready = Arc::new(Notify::new());
    let its_ready = Arc::clone(&ready);
    let check = Ready::check(move |_| {
        let ready = Arc::clone(&its_ready);
        async move { ready.notified().await }
    });
    let a = fixture!("runs_forever").ready(check).ready_timeout(HOUR).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a).child(obedient("b")));
    log.wait_for_line("a", "ready").await;

    assert_eq!(state_of(&tree, "root/a"), ChildState::Starting);
    ready.notify_one();

    tree.started().await.unwrap();
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn a_ready_function_is_told_which_process_it_is_about() {
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let check =
        Ready::check(move |cx| std::future::ready(sender.send(cx.pid).map_err(|error| error.to_string())));
    let a = fixture!("runs_forever").ready(check).into_child("a");

    let (tree, _log) = launched(Supervisor::new("root").child(a));

    tree.started().await.unwrap();
    assert_eq!(within("the question", told.recv()).await, tree.snapshot().find("root/a").unwrap().pid);
    let _ = tree.stop().await;
}

#[tokio::test]
async fn a_ready_function_that_fails_is_a_failed_start_and_the_process_is_gone() {
    let check = Ready::check(|_| async { Err::<(), _>("no use") });
    let a = fixture!("runs_forever").ready(check).into_child("a");

    let error = start_error(a).await;

    assert!(error.describe().contains("no use"), "{}", error.describe());
}

#[tokio::test]
async fn a_process_that_does_not_get_ready_in_time_is_a_failed_start_and_is_gone() {
    let a = fixture!("slow_to_be_ready").ready(Ready::line("^listening$"));

    let error = start_error(a.ready_timeout(Duration::from_millis(50)).into_child("a")).await;

    assert!(cause_of::<ReadyError>(&error).is_some(), "{}", error.describe());
}

#[tokio::test]
async fn a_process_that_ends_before_it_is_ready_is_a_failed_start_without_any_wait() {
    let a = fixture!("exits_with").arg("3").ready(Ready::line("never")).ready_timeout(HOUR);

    let error = start_error(a.into_child("a")).await;

    assert!(error.describe().contains(&Exit::Code(3).to_string()), "{}", error.describe());
}

#[tokio::test]
async fn a_process_is_ready_when_a_path_exists() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ready");
    let a = fixture!("runs_forever").ready(Ready::path(&path)).ready_timeout(HOUR).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a));
    log.wait_for_line("a", "ready").await;
    assert_eq!(state_of(&tree, "root/a"), ChildState::Starting);

    std::fs::write(path, "").unwrap();

    tree.started().await.unwrap();
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn a_process_is_ready_when_somebody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let a = fixture!("runs_forever").ready(Ready::tcp(address)).ready_timeout(HOUR).into_child("a");

    let (tree, _log) = launched(Supervisor::new("root").child(a));

    tree.started().await.unwrap();
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_process_to_get_ready() {
    let a =
        fixture!("slow_to_be_ready").ready(Ready::line("^listening$")).ready_timeout(HOUR).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a).child(obedient("b")));
    log.wait_for_line("a", "warming up").await;

    tree.request_stop(StopCause::Api);

    let report = tree.wait().await;
    let status = report.find("root/a").unwrap().status.clone();
    assert!(
        matches!(&status, Some(Exit::Signal { name, .. }) if *name == Signal::TERM.to_string()),
        "{status:?}"
    );
    assert_eq!(log.until_the_end().await.paths("starting"), ["root", "a"]);
}

const HOUR: Duration = Duration::from_secs(3600);

/// Starts a tree with this one child, which cannot be started, and says why not.
async fn start_error(child: ChildSpec) -> StartError {
    let (tree, log) = launched(Supervisor::new("root").child(child));
    let Err(TreeStartError::Start { error, report }) = tree.started().await else { panic!("it has started") };
    assert_eq!(report.ending, Ending::Failed);
    assert_eq!(log.until_the_end().await.of_child("a").last(), Some(&"start_failed"));
    error
}

fn state_of(tree: &Tree, path: &str) -> ChildState {
    tree.snapshot().find(path).expect("the tree has such a child").state
}
