//! Processes beside tasks, and in programs to which all kinds of things happen.

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal as Sent;
use rootward::event::StopCause;
use rootward::process::Signal;
use rootward::report::{Ending, Outcome};
use rootward::{ChildSpec, Restart, Strategy, Supervisor};

use super::{forever, signal, stopped};
use crate::support::{given, identity_of, launched, obedient, until};

#[tokio::test]
async fn tasks_and_processes_stop_in_one_order() {
    let root = Supervisor::new("root").child(forever("a")).child(obedient("b")).child(forever("c"));
    let (tree, log) = given(root).await;

    let report = tree.stop().await;

    assert!(report.clean);
    let expected = [
        "root stopping",
        "c stopping",
        "c stopped",
        "b stopping",
        "b stopped",
        "a stopping",
        "a stopped",
        "root stopped",
    ];
    assert_eq!(log.until_the_end().await.lines_from("root stopping"), expected);
}

#[tokio::test]
async fn tasks_and_processes_share_a_fate() {
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).child(forever("a")).child(obedient("b"));
    let (_tree, mut log) = given(root).await;

    identity_of(&*log.wait_for_event("a", "started").await).signal(Sent::SIGKILL);
    log.wait_for(|event| event.what.name() == "started" && event.path == "root/b" && event.incarnation == 2)
        .await;

    let expected = [
        "a exited",
        "a restarting",
        "b stopping",
        "b stopped",
        "a starting",
        "a started",
        "b starting",
        "b started",
    ];
    assert_eq!(log.so_far().lines_from("a exited"), expected);
}

#[tokio::test]
async fn dropping_the_last_handle_leaves_no_process() {
    let (tree, mut log) = given(Supervisor::new("root").child(forever("a"))).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);

    drop(tree);

    log.wait_for_event("a", "stopped").await;
    assert!(!process.is_there());
}

#[tokio::test]
async fn a_panic_beside_a_process_takes_it_along_in_order() {
    let panics = ChildSpec::task("b", |_| async { panic!("boom") });
    let (tree, mut log) =
        launched(Supervisor::new("root").intensity(0, SECOND).child(forever("a")).child(panics));
    let process = identity_of(&*log.wait_for_event("a", "started").await);

    let report = tree.wait().await;

    assert_eq!((report.ending, report.cause), (Ending::Failed, StopCause::GaveUp));
    assert!(!process.is_there());
    assert_eq!(report.find("root/a").unwrap().outcome, Outcome::Graceful);
}

#[test]
fn a_runtime_that_is_shut_down_leaves_no_process() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (_tree, _log, process) = runtime.block_on(async {
        let (tree, mut log) = given(Supervisor::new("root").child(forever("a"))).await;
        let process = identity_of(&*log.wait_for_event("a", "started").await);
        (tree, log, process)
    });

    drop(runtime);

    let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    other.block_on(until("the process is gone", || !process.is_there()));
}

#[tokio::test]
async fn a_process_does_not_die_with_the_thread_that_asked_for_it() {
    let elsewhere =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let handle = elsewhere.handle().clone();
    let (sender, receiver) = std::sync::mpsc::channel();
    let asked = std::thread::spawn(move || {
        sender.send(nix::unistd::gettid()).unwrap();
        handle.block_on(given(Supervisor::new("root").child(forever("a").restart(Restart::Temporary))))
    });

    let thread = receiver.recv().unwrap();
    let (tree, log) = asked.join().unwrap();
    let thread = format!("/proc/self/task/{thread}");
    until("the thread is gone", || !Path::new(&thread).exists()).await;
    let a = stopped(&tree).await;

    assert_eq!((a.outcome, a.status), (Outcome::Graceful, Some(signal(Signal::TERM))));
    log.until_the_end().await;
    elsewhere.shutdown_background();
}

const SECOND: Duration = Duration::from_secs(1);
