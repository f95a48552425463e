//! How a process is stopped.

use std::time::Duration;

use rootward_core::{EventKind, Exit, Outcome, Restart, Shutdown};
use rootward_procs::{Ready, Signal, Step};

use crate::given::{is_alive, script, shell, tree, wait_until_gone};

#[tokio::test]
async fn a_stop_sends_sigterm_and_is_acknowledged_when_the_process_is_reaped() {
    let mut given = script("echo running; kill -STOP $$");
    let pid = given.started().await;
    given.wait_for_line("running").await;

    let report = given.stop().await;

    assert_eq!((report.outcome, report.status), (Outcome::Graceful, Some(signal("SIGTERM", 15))));
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}

#[tokio::test]
async fn a_process_may_take_its_grace_to_end_in_its_own_way() {
    let mut given = script("trap 'echo bye; exit 4' TERM; echo running; while :; do :; done");
    given.wait_for_line("running").await;

    let report = given.stop().await;

    assert_eq!((report.outcome, report.status), (Outcome::Graceful, Some(Exit::Code(4))));
    let last = given.rest().await;
    let bye = last.iter().position(|event| crate::given::line(event).as_deref() == Some("bye"));
    let stopped = last.iter().position(|event| matches!(event.what, EventKind::Stopped { .. }));
    assert!(bye.unwrap() < stopped.unwrap(), "what it wrote should come before its end");
}

#[tokio::test]
async fn a_process_that_ignores_the_signal_is_killed_when_its_grace_is_over() {
    let process = shell("trap '' TERM; echo running; exec sleep 1000").into_child("child");
    let mut given = tree([process.shutdown(Duration::from_millis(50))]);
    let pid = given.started().await;
    given.wait_for_line("running").await;

    let report = given.stop().await;

    assert_eq!((report.outcome, report.status), (Outcome::Killed, Some(signal("SIGKILL", 9))));
    assert!(report.forced);
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn a_process_whose_shutdown_is_kill_is_not_asked() {
    let process = shell("trap 'exit 0' TERM; echo running; while :; do :; done").into_child("child");
    let mut given = tree([process.shutdown(Shutdown::Kill)]);
    given.wait_for_line("running").await;

    let report = given.stop().await;

    assert_eq!((report.outcome, report.forced), (Outcome::Killed, false));
    assert_eq!(report.stragglers, []);
}

#[tokio::test]
async fn a_ladder_is_climbed_one_signal_after_the_other() {
    let steps = [(Signal::HUP, 50), (Signal::INT, 60_000)];
    let steps = steps.map(|(signal, millis)| Step::new(signal, Duration::from_millis(millis)));
    let script = "trap 'echo hup' HUP; trap 'echo int; exit 0' INT; echo running; while :; do :; done";
    let mut given = tree([shell(script).ladder(steps).into_child("child")]);
    given.wait_for_line("running").await;

    let report = given.stop().await;

    assert_eq!((report.outcome, report.status), (Outcome::Graceful, Some(Exit::Code(0))));
    assert_eq!(given.lines().await, ["hup", "int"]);
}

/// Case P15.
#[tokio::test]
async fn a_leader_that_is_asked_alone_may_finish_what_its_workers_do() {
    let worker = "trap 'echo asked; exit 1' TERM; echo running; read go < $0; echo finished";
    let master = format!("trap 'echo go > $0' TERM; /bin/sh -c \"{worker}\" $0 & wait; wait; exit 0");
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("go");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let steps = [Step::new(Signal::TERM, Duration::from_secs(60)).to_leader()];
    let mut given = tree([shell(&master).arg(fifo).ladder(steps).into_child("child")]);
    given.wait_for_line("running").await;

    let report = given.stop().await;

    assert_eq!((report.outcome, report.status), (Outcome::Graceful, Some(Exit::Code(0))));
    assert_eq!(given.lines().await, ["finished"]);
}

#[tokio::test]
async fn the_sum_of_a_ladder_is_the_grace() {
    let steps = [Signal::HUP, Signal::INT].map(|signal| Step::new(signal, Duration::from_millis(20)));
    let script = "trap '' HUP INT; echo running; exec sleep 1000";
    let mut given = tree([shell(script).ladder(steps).into_child("child")]);
    given.wait_for_line("running").await;

    let report = given.stop().await;

    assert_eq!(report.status, Some(signal("SIGKILL", 9)));
    assert!(report.elapsed < Shutdown::DEFAULT_GRACE, "{report:?}");
}

#[tokio::test]
async fn a_stop_signal_can_be_chosen_and_stands_in_the_event() {
    let mut given =
        tree([shell("echo running; exec sleep 1000").stop_signal(Signal::INT).into_child("child")]);
    given.wait_for_line("running").await;

    let report = given.stop().await;
    let asked = given
        .event(|event| match &event.what {
            EventKind::Stopping { signal, .. } => signal.clone(),
            _ => None,
        })
        .await;

    assert_eq!(report.status, Some(signal("SIGINT", 2)));
    assert_eq!(asked, "SIGINT");
}

#[tokio::test]
async fn a_stop_while_the_program_is_being_started_still_ends_it() {
    let mut given = script("echo $$; exec sleep 1000");
    given.starting().await;

    let report = given.stop().await;

    assert_eq!(report.outcome, Outcome::Graceful);
    for line in given.lines().await {
        assert!(!is_alive(line.parse().unwrap()));
    }
}

#[tokio::test]
async fn the_last_kill_waits_for_nothing() {
    let mut given = script("trap '' TERM; echo running; exec sleep 1000");
    given.wait_for_line("running").await;

    given.tree.kill_processes();

    assert_eq!(given.exit().await, signal("SIGKILL", 9));
}

#[test]
fn a_runtime_that_is_shut_down_takes_its_processes_with_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (given, pid) = runtime.block_on(async {
        let mut given = script("trap '' TERM; echo running; exec sleep 1000");
        let pid = given.started().await;
        given.wait_for_line("running").await;
        (given, pid)
    });

    drop(runtime);
    drop(given);

    wait_until_gone(pid);
}

fn signal(name: &str, number: i32) -> Exit {
    Exit::Signal { name: name.into(), number, core_dumped: false, out_of_memory: false }
}

/// A JVM exits with 143 when it is asked to stop.
#[tokio::test]
async fn an_exit_that_counts_as_a_success_is_one_and_is_told_exactly() {
    let success = Exit::Code(143).into_success();
    let process = shell("exit 143").success_code(143).into_child("child").restart(Restart::Transient);
    assert_eq!(tree([process]).exit().await, success);

    let job = shell("kill -USR1 $$").success_signal(Signal::USR1).ready(Ready::completion());
    let given = tree([job.into_child("child").restart(Restart::Transient)]);
    given.tree.started().await.unwrap();

    let process = shell("trap 'exit 143' TERM; echo running; while :; do :; done").success_code(143);
    let mut given = tree([process.into_child("child")]);
    given.wait_for_line("running").await;
    assert_eq!(given.stop().await.status, Some(success));
}
