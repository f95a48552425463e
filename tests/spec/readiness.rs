//! When a process counts as started.

mod errors;
mod kinds;
mod lines;
mod listeners;
mod notify;

use std::future::Pending;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nix::sys::signal::Signal as Sent;
use rootward::error::{StartError, TreeStartError};
use rootward::process::{Ready, ReadyError, Signal};
use rootward::report::{Ending, Outcome};
use rootward::snapshot::ChildState;
use rootward::{ChildSpec, EventKind, Exit, Supervisor, Tree};
use tokio::sync::Notify;

use crate::support::{
    Blocked, Identity, OtherRuntime, Record, builder, cause_of, fixture, identity_of, launched,
    launched_tree, obedient, until, within,
};

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
async fn a_process_is_ready_when_its_port_accepts_connections() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let a = fixture!("listens").args(["tcp", &address]).ready(Ready::tcp(address)).ready_timeout(HOUR);

    starts(a.into_child("a")).await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_process_to_get_ready() {
    let a =
        fixture!("slow_to_be_ready").ready(Ready::line("^listening$")).ready_timeout(HOUR).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a).child(obedient("b")));
    log.wait_for_line("a", "warming up").await;

    tree.request_stop();

    let report = tree.wait().await;
    let status = report.find("root/a").unwrap().status.clone();
    assert!(
        matches!(&status, Some(Exit::Signal { name, .. }) if *name == Signal::TERM.to_string()),
        "{status:?}"
    );
    assert_eq!(log.until_the_end().await.paths("starting"), ["root", "a"]);
}

/// Case P17.
#[tokio::test]
async fn a_ready_function_that_blocks_its_thread_is_named_and_its_process_is_gone() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let (check, pid) = blocking(&blocked);
    let a = fixture!("runs_forever").ready(check).into_child("a");
    let builder = builder(Supervisor::new("root").child(obedient("b")).child(a));
    let (tree, mut log) = launched_tree(builder.task_runtime(elsewhere.handle().clone()));
    blocked.is_there().await;
    let process = Identity::of(*pid.get().expect("the check was told"));
    log.wait_for_line("a", "ready").await;

    tree.request_stop();
    let stopped = log.wait_for_event("a", "stopped").await;

    assert!(!process.is_there());
    let EventKind::Stopped { outcome, stragglers, .. } = &stopped.what else { panic!("{stopped:?}") };
    let [check] = &stragglers[..] else { panic!("the check is named: {stopped:?}") };
    assert_eq!(*outcome, Outcome::Graceful);
    assert!(check.command.starts_with("the readiness check of `"), "{check:?}");
    assert_eq!((check.pid, check.outcome), (std::process::id(), Outcome::Unreapable));
    drop(release);
    let report = tree.wait().await;
    assert_eq!((report.ending, report.find("root/b").unwrap().outcome), (Ending::Forced, Outcome::Graceful));
}

#[tokio::test]
async fn a_process_with_a_ready_function_that_blocks_its_thread_is_forced_before_the_deadline() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let (check, pid) = blocking(&blocked);
    let a = fixture!("ignores_sigterm").ready(check).into_child("a");
    let builder = builder(Supervisor::new("root").child(a)).deadline(Duration::from_secs(2));
    let (tree, mut log) = launched_tree(builder.task_runtime(elsewhere.handle().clone()));
    blocked.is_there().await;
    let process = Identity::of(*pid.get().expect("the check was told"));
    log.wait_for_line("a", "ready").await;

    let report = tree.stop().await;

    assert!(!process.is_there());
    let a = report.find("root/a").unwrap();
    assert_eq!((report.ending, a.outcome), (Ending::Forced, Outcome::Killed));
    assert_eq!(a.stragglers.iter().map(|left| left.outcome).collect::<Vec<_>>(), [Outcome::Unreapable]);
    drop(release);
}

#[tokio::test]
async fn a_ready_function_that_is_not_over_is_gone_when_its_process_is_stopped() {
    let held = Arc::new(());
    let its_held = Arc::clone(&held);
    let check = Ready::check(move |_| {
        let held = Arc::clone(&its_held);
        async move {
            let _held = held;
            std::future::pending::<()>().await;
        }
    });
    let a = fixture!("runs_forever").ready(check).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a));
    log.wait_for_line("a", "ready").await;

    let report = tree.stop().await;

    assert!(report.clean, "{report:?}");
    drop((report, tree));
    until("the spec is gone", || Arc::strong_count(&held) == 1).await;
}

#[tokio::test]
async fn a_ready_function_that_panics_is_a_failed_start_that_says_so() {
    let panics = |check: Ready| async {
        let a = fixture!("runs_forever").ready(check).ready_timeout(HOUR).into_child("a");
        start_error(a).await.describe()
    };

    let at_once = panics(Ready::check(|_| -> Pending<()> { panic!("at once") })).await;
    let later = panics(Ready::check(|_| async {
        tokio::task::yield_now().await;
        panic!("later");
    }));
    let dropped = panics(Ready::check(|_| async {
        let _bomb = Bomb;
    }));

    assert!(at_once.ends_with("` panicked: at once"), "{at_once}");
    let (later, dropped) = (later.await, dropped.await);
    assert!(later.ends_with("` panicked: later"), "{later}");
    assert!(dropped.ends_with("` panicked: in drop"), "{dropped}");
}

#[tokio::test]
async fn a_ready_function_whose_error_panics_when_it_is_written_down_is_a_failed_start() {
    let check = Ready::check(|_| async { Err::<(), _>(PanicsWhenShown) });
    let a = fixture!("runs_forever").ready(check).ready_timeout(HOUR).into_child("a");

    let error = start_error(a).await.describe();

    assert!(error.ends_with("failed: (an error that panics when it is written down)"), "{error}");
}

const HOUR: Duration = Duration::from_secs(3600);

/// The ready timeout of a process that will not be ready: long enough for a look on a busy machine.
const SHORT: Duration = Duration::from_millis(1500);

/// A ready function that blocks its thread, and the process id that it was told.
fn blocking(blocked: &Blocked) -> (Ready, Arc<OnceLock<u32>>) {
    let (blocked, pid) = (blocked.clone(), Arc::<OnceLock<u32>>::default());
    let told = Arc::clone(&pid);
    let check = Ready::check(move |cx| {
        told.get_or_init(|| cx.pid);
        let blocked = blocked.clone();
        async move { blocked.stay() }
    });
    (check, pid)
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in drop");
    }
}

#[derive(Debug)]
struct PanicsWhenShown;

impl std::fmt::Display for PanicsWhenShown {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("it is shown");
    }
}

impl std::error::Error for PanicsWhenShown {}

/// The record of a tree with this one child, which ends by itself or cannot be started.
async fn record_of(child: ChildSpec) -> Record {
    let (tree, mut log) = launched(Supervisor::new("root").child(child));
    log.wait_for(|event| event.path == "root/a" && ["exited", "start_failed"].contains(&event.what.name()))
        .await;
    let _ = tree.stop().await;
    log.until_the_end().await
}

/// Starts a tree with this one child, and stops it when it has started.
async fn starts(child: ChildSpec) {
    let (tree, _log) = launched(Supervisor::new("root").child(child));
    let started = tree.started().await;
    assert!(started.is_ok(), "{started:?}");
    assert!(tree.stop().await.clean);
}

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
