//! Processes as children: started once, ended exactly as told, and gone when that is said.

use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal as Sent;
use rootward::process::{Signal, Step};
use rootward::{
    ChildSpec, Ending, EventKind, Exit, NodeReport, Outcome, Restart, Shutdown, StopCause, Strategy,
    Supervisor, Tree,
};

use crate::support::{Identity, fixture, given, identity_of, launched, obedient, until};

#[tokio::test]
async fn a_process_runs_when_it_has_started_and_its_id_is_told() {
    let (tree, mut log) = given(Supervisor::new("root").child(forever("a"))).await;

    let process = identity_of(&*log.wait_for_event("a", "started").await);

    assert!(process.is_alive());
    assert_eq!(tree.snapshot().find("root/a").unwrap().pid, Some(process.pid()));
    assert_eq!(tree.stop().await.find("root/a").unwrap().pid, Some(process.pid()));
}

#[tokio::test]
async fn a_process_that_exits_cleanly_is_left_down_if_it_is_transient() {
    let a = fixture!("exits_with").arg("0").into_child("a").restart(Restart::Transient);
    let (tree, mut log) = launched(Supervisor::new("root").child(a));

    log.wait_for_event("a", "exited").await;
    let report = tree.stop().await;

    let node = report.find("root/a").unwrap();
    assert_eq!((node.outcome, &node.status), (Outcome::AlreadyGone, &Some(Exit::Code(0))));
    assert_eq!(log.until_the_end().await.count("a", "starting"), 1);
}

#[tokio::test]
async fn a_process_that_fails_is_started_again_as_another_process() {
    let a = fixture!("exits_with").arg("1").into_child("a").restart(Restart::Transient);
    let (_tree, mut log) = launched(Supervisor::new("root").child(a));

    let first = log.wait_for_event("a", "started").await;
    let second = log.wait_for_event("a", "started").await;

    assert_eq!((first.incarnation, second.incarnation), (1, 2));
    assert_ne!(first.what, second.what, "another process has another id");
}

#[tokio::test]
async fn a_permanent_process_is_started_again_also_after_a_clean_exit() {
    let a = fixture!("exits_with").arg("0").into_child("a");
    let (_tree, mut log) = launched(Supervisor::new("root").child(a));

    log.wait_for_event("a", "exited").await;

    assert_eq!(log.wait_for_event("a", "started").await.incarnation, 2);
}

#[tokio::test]
async fn a_process_that_somebody_kills_is_started_again_when_it_is_gone() {
    let (_tree, mut log) =
        given(Supervisor::new("root").child(forever("a").restart(Restart::Transient))).await;
    let first = identity_of(&*log.wait_for_event("a", "started").await);

    first.signal(Sent::SIGKILL);

    let exited = log.wait_for_event("a", "exited").await;
    assert_eq!(status_of(&exited.what), Some(&signal(Signal::KILL)));
    assert!(!first.is_there());
    assert_eq!(log.wait_for_event("a", "started").await.incarnation, 2);
}

#[tokio::test]
async fn a_start_is_one_process_and_a_restart_never_leaves_two() {
    let (tree, mut log) = given(Supervisor::new("root").intensity(9, SECOND).child(forever("a"))).await;
    let mut before: Vec<Identity> = Vec::new();

    for _ in 0..5 {
        let process = identity_of(&*log.wait_for_event("a", "started").await);
        assert!(before.iter().all(|before| !before.is_there()));
        before.push(process);
        process.signal(Sent::SIGKILL);
    }

    log.wait_for_event("a", "started").await;
    let _ = tree.stop().await;
    assert_eq!(log.until_the_end().await.count("a", "started"), 6);
}

#[tokio::test]
async fn processes_that_die_together_are_all_started_again() {
    let children = (0..10).map(|n| forever(&format!("{n}")));
    let (tree, mut log) = given(Supervisor::new("root").intensity(10, 60 * SECOND).children(children)).await;
    let processes: Vec<_> =
        log.so_far().events().iter().filter(|event| started(event)).map(|event| identity_of(event)).collect();

    for process in &processes {
        process.signal(Sent::SIGKILL);
    }
    for _ in &processes {
        log.wait_for(|event| started(event) && event.incarnation == 2).await;
    }

    assert!(processes.iter().all(|process| !process.is_there()));
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn an_exit_code_is_told_exactly() {
    for code in [0, 1, 2, 42, 126, 127, 128, 255] {
        let a = fixture!("exits_with").arg(code.to_string()).into_child("a").restart(Restart::Temporary);
        let (_tree, mut log) = launched(Supervisor::new("root").child(a));

        let exited = log.wait_for_event("a", "exited").await;

        assert_eq!(status_of(&exited.what), Some(&Exit::Code(code)));
    }
}

#[tokio::test]
async fn a_deadly_signal_is_told_exactly() {
    for name in ["SIGHUP", "SIGINT", "SIGABRT", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGTERM", "SIGXCPU"] {
        let a = fixture!("dies_of").arg(name).into_child("a").restart(Restart::Temporary);
        let (_tree, mut log) = launched(Supervisor::new("root").child(a));

        let exited = log.wait_for_event("a", "exited").await;

        assert_eq!(status_of(&exited.what), Some(&signal(name.parse().unwrap())));
    }
}

#[tokio::test]
async fn a_stop_asks_with_sigterm_and_says_how_the_process_ended_when_it_is_gone() {
    let (tree, mut log) = given(Supervisor::new("root").child(forever("a"))).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);

    let a = stopped(&tree).await;

    assert_eq!((a.outcome, a.forced, a.status), (Outcome::Graceful, false, Some(signal(Signal::TERM))));
    assert!(!process.is_there());
    let record = log.until_the_end().await;
    let asked = EventKind::Stopping { cause: StopCause::Parent, signal: Some("SIGTERM".into()) };
    assert_eq!(record.find("a", "stopping").what, asked);
}

#[tokio::test]
async fn a_process_may_answer_the_stop_in_its_own_way() {
    let (tree, mut log) =
        given(Supervisor::new("root").child(fixture!("prints_signals").into_child("a"))).await;
    log.wait_for_line("a", "ready").await;

    let a = stopped(&tree).await;

    assert_eq!((a.outcome, a.status), (Outcome::Graceful, Some(Exit::Code(0))));
    assert_eq!(log.until_the_end().await.output("a")[1..], ["got SIGTERM", "bye"]);
}

#[tokio::test]
async fn a_process_that_is_to_be_killed_is_killed_at_once_and_that_is_clean() {
    let a = fixture!("ignores_sigterm").into_child("a").shutdown(Shutdown::Kill);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);
    log.wait_for_line("a", "ready").await;

    let report = tree.stop().await;

    let a = report.find("root/a").unwrap();
    assert_eq!((a.outcome, a.forced, &a.status), (Outcome::Killed, false, &Some(signal(Signal::KILL))));
    assert!(report.clean && !process.is_there());
    assert_eq!(log.until_the_end().await.output("a"), ["ready"]);
}

#[tokio::test]
async fn a_process_that_ignores_sigterm_is_killed_when_its_grace_is_over() {
    let a = fixture!("ignores_sigterm").into_child("a").shutdown(SHORT);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);
    log.wait_for_line("a", "ready").await;

    let report = tree.stop().await;

    let a = report.find("root/a").unwrap();
    assert_eq!((a.outcome, a.forced, &a.status), (Outcome::Killed, true, &Some(signal(Signal::KILL))));
    assert!(report.ending == Ending::Forced && a.elapsed >= SHORT && !process.is_there());
    let escalated = EventKind::Escalated { to: "SIGKILL".into() };
    assert_eq!(log.until_the_end().await.find("a", "escalated").what, escalated);
}

#[tokio::test]
async fn a_force_kills_a_process_that_has_time_left() {
    let a = fixture!("ignores_sigterm").into_child("a").shutdown(Shutdown::Infinity);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    log.wait_for_line("a", "ready").await;
    tree.request_stop(StopCause::Api);
    log.wait_for_line("a", "got SIGTERM and stays").await;

    tree.force();

    let report = tree.wait().await;
    assert_eq!(report.ending, Ending::Forced);
    assert_eq!(report.find("root/a").unwrap().status, Some(signal(Signal::KILL)));
}

#[tokio::test]
async fn two_stops_at_once_ask_a_process_once() {
    let a = fixture!("ignores_sigterm").into_child("a").shutdown(SHORT);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    log.wait_for_line("a", "ready").await;

    let other = tree.clone();
    let (first, second) = tokio::join!(tree.stop(), other.stop());

    assert!(Arc::ptr_eq(&first, &second));
    let record = log.until_the_end().await;
    assert!(record.output("a").len() <= 2, "{record}");
    assert_eq!(record.count("a", "stopping"), 1);
}

#[tokio::test]
async fn a_process_that_is_suspended_is_woken_to_be_stopped() {
    let a = fixture!("stops_itself").into_child("a").shutdown(Shutdown::Infinity);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);
    until("the process suspends itself", || process.is_suspended()).await;

    let a = stopped(&tree).await;

    assert_eq!((a.outcome, a.status), (Outcome::Graceful, Some(Exit::Code(0))));
    assert_eq!(log.until_the_end().await.output("a"), ["ready", "continued", "got SIGTERM"]);
}

#[tokio::test]
async fn a_process_that_is_suspended_is_still_running_to_everybody_else() {
    let root =
        Supervisor::new("root").child(forever("a")).child(fixture!("exits_with").arg("1").into_child("b"));
    let (tree, mut log) = launched(root.intensity(3, 60 * SECOND));
    let process = identity_of(&*log.wait_for_event("a", "started").await);

    process.signal(Sent::SIGSTOP);
    until("the process is suspended", || process.is_suspended()).await;

    assert_eq!(tree.wait().await.cause, StopCause::GaveUp, "its sibling is restarted until that is too much");
    let record = log.until_the_end().await;
    assert_eq!(record.of_child("a").last(), Some(&"stopped"));
    assert_eq!(record.count("a", "exited"), 0);
}

#[tokio::test]
async fn a_process_is_asked_with_the_signal_that_it_wants() {
    let a = fixture!("prints_signals").stop_signal(Signal::INT).into_child("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    log.wait_for_line("a", "ready").await;

    let _ = tree.stop().await;

    assert_eq!(log.until_the_end().await.output("a")[1..], ["got SIGINT", "bye"]);
}

#[tokio::test]
async fn a_process_is_asked_with_one_signal_after_the_other() {
    let step = |signal| Step { signal, wait: Duration::from_millis(10) };
    let last = Step { signal: Signal::TERM, wait: Duration::from_secs(3600) };
    let ladder = [step(Signal::HUP), step(Signal::USR1), last];
    let a = fixture!("prints_signals").ladder(ladder).into_child("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    log.wait_for_line("a", "ready").await;

    let report = tree.stop().await;

    assert!(report.clean);
    let record = log.until_the_end().await;
    assert_eq!(record.output("a").last(), Some(&"bye"));
    assert!(record.output("a").contains(&"got SIGTERM"), "{record}");
}

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
    until("the thread is gone", || !std::path::Path::new(&thread).exists()).await;
    let a = stopped(&tree).await;

    assert_eq!((a.outcome, a.status), (Outcome::Graceful, Some(signal(Signal::TERM))));
    log.until_the_end().await;
    elsewhere.shutdown_background();
}

#[tokio::test]
async fn a_last_kill_ends_a_process_without_anybody_waiting() {
    let a = fixture!("ignores_sigterm").into_child("a").restart(Restart::Temporary);
    let (tree, mut log) = given(Supervisor::new("root").child(a)).await;
    log.wait_for_line("a", "ready").await;

    tree.last_kill();

    let exited = log.wait_for_event("a", "exited").await;
    assert_eq!(status_of(&exited.what), Some(&signal(Signal::KILL)));
}

const SECOND: Duration = Duration::from_secs(1);

/// Long enough to be measured, and short enough to be waited for.
const SHORT: Duration = Duration::from_millis(50);

fn forever(id: &str) -> ChildSpec {
    fixture!("runs_forever").into_child(id)
}

/// Stops a tree whose one child is `a`, and says how that went.
async fn stopped(tree: &Tree) -> NodeReport {
    tree.stop().await.find("root/a").expect("it was there").clone()
}

fn started(event: &rootward::Event) -> bool {
    matches!(event.what, EventKind::Started { pid: Some(_) })
}

fn status_of(what: &EventKind) -> Option<&Exit> {
    let EventKind::Exited { status, .. } = what else { panic!("nobody has exited: {what:?}") };
    status.as_ref()
}

fn signal(signal: Signal) -> Exit {
    Exit::Signal { name: signal.to_string(), number: signal.number(), core_dumped: false }
}
