//! What becomes of processes that are unhealthy.

use std::time::Duration;

use rootward_core::{EventKind, Exit, Outcome, Restart};
use rootward_procs::{Health, Process, Ready};

use crate::given::{Given, shell, tree, tree_with_intensity};

const SOON: Duration = Duration::from_millis(10);

#[tokio::test]
async fn a_process_that_fails_as_often_as_it_may_is_stopped_and_has_ended_abnormally() {
    let mut given = tree([asked("exit 0").health(failing().threshold(3)).into_child("child")]);

    for failures in 1..=3 {
        let error = "`/bin/false` to succeed: exit code 1".to_owned();
        assert_eq!(given.health().await, EventKind::Unhealthy { error, failures, threshold: 3 });
    }
    given.wait_for_line("asked").await;
    let error = "unhealthy: `/bin/false` to succeed: exit code 1; stopped: exit code 0".to_owned();
    assert_eq!(given.exit().await, Exit::Failed { error });
}

#[tokio::test]
async fn a_process_that_was_unhealthy_is_started_again_unless_it_is_temporary() {
    let unhealthy = || asked("exit 0").health(failing().threshold(1));
    let mut given = tree_with_intensity(1, [unhealthy().into_child("child").restart(Restart::Transient)]);
    let first = given.started().await;
    assert_ne!(given.started().await, first);

    let mut given = tree([unhealthy().into_child("child").restart(Restart::Temporary)]);
    given.exit().await;
    assert_eq!(given.tree.snapshot().root.children.len(), 0);
}

#[tokio::test]
async fn a_process_that_passes_again_is_healthy_and_its_failures_are_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("well");
    let health = Health::command(["test".as_ref(), "-e".as_ref(), file.as_os_str()]);
    let process = shell("exec sleep 1000").health(health.interval(SOON).threshold(u32::MAX));
    let mut given = tree([process.into_child("child")]);

    assert!(matches!(given.health().await, EventKind::Unhealthy { failures: 1, .. }));
    std::fs::write(&file, "").unwrap();
    while given.health().await != EventKind::Healthy {}
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(given.health().await, EventKind::Unhealthy { failures: 1, .. }));

    let report = given.stop().await;
    assert_eq!(report.outcome, Outcome::Graceful);
    assert!(matches!(report.status, Some(Exit::Signal { number: 15, .. })), "it ended as it did: {report:?}");
}

#[tokio::test]
async fn a_process_that_is_unhealthy_and_does_not_go_is_killed() {
    let process = running("trap '' TERM; echo running; exec sleep 1000").straggler_grace(SOON);
    let mut given = tree([process.health(failing().threshold(1)).into_child("child")]);

    let to = given
        .event(|event| match &event.what {
            EventKind::Escalated { to } => Some(to.to_string()),
            _ => None,
        })
        .await;

    assert_eq!(to, "SIGKILL");
    let Exit::Failed { error } = given.exit().await else { panic!("it was unhealthy") };
    assert!(error.ends_with("stopped: killed by SIGKILL"), "{error}");
}

#[tokio::test]
async fn a_process_that_its_supervisor_stops_while_it_is_unhealthy_ends_as_it_does() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("go");
    let script = format!(
        "trap 'echo asked; cat {0}; exit 4' TERM; mkfifo {0}; echo running; while :; do :; done",
        fifo.display()
    );
    let process = running(&script).straggler_grace(Duration::from_secs(1000));
    let child =
        process.health(failing().threshold(1)).into_child("child").shutdown(Duration::from_secs(1000));
    let mut given = tree([child]);
    given.wait_for_line("asked").await;
    let (tree, _) = (given.tree.clone(), given.tree.request_stop());
    given.event(|event| matches!(event.what, EventKind::Stopping { .. }).then_some(())).await;

    std::fs::write(&fifo, "go").unwrap();

    let report = tree.stop().await;
    let child = report.find("root/child").unwrap();
    assert_eq!((child.outcome, &child.status), (Outcome::Graceful, &Some(Exit::Code(4))));
}

#[tokio::test]
async fn a_check_that_gives_no_answer_in_time_has_failed_and_the_next_one_is_another() {
    let calls = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = std::sync::Arc::clone(&calls);
    let health = Health::check(move |_| {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        std::future::pending::<()>()
    });
    let process = shell("exec sleep 1000").health(health.interval(SOON).timeout(SOON).threshold(2));
    let mut given = tree([process.into_child("child")]);

    let Exit::Failed { error } = given.exit().await else { panic!("it was unhealthy") };

    assert_eq!(error, "unhealthy: its health check: no answer within 10ms; stopped: killed by SIGTERM");
    assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_check_that_panics_has_failed() {
    let health = Health::check(|_| async { panic!("no") }).interval(SOON).threshold(1);
    let mut given = tree([shell("exec sleep 1000").health(health).into_child("child")]);

    let Exit::Failed { error } = given.exit().await else { panic!("it was unhealthy") };

    assert!(error.starts_with("unhealthy: its health check: panicked: no"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_not_touched_any_more_says_that_its_process_is_unhealthy() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("beat");
    std::fs::write(&file, "").unwrap();
    let health = Health::path(&file).interval(SOON).threshold(1);
    let mut given = tree([shell("exec sleep 1000").health(health).into_child("child")]);

    let Exit::Failed { error } = given.exit().await else { panic!("it was unhealthy") };

    assert!(error.contains("beat: it has not changed"), "{error}");
}

/// A process that says when it has been asked to stop, and then does this.
fn asked(then: &str) -> Process {
    running(&format!("trap 'echo asked; {then}' TERM; echo running; while :; do :; done"))
}

/// A process that has started when it says that it is running.
fn running(script: &str) -> Process {
    shell(script).ready(Ready::line_containing("running"))
}

/// A check that always fails.
fn failing() -> Health {
    Health::command(["/bin/false"]).interval(SOON)
}

impl Given {
    /// The next event about a child's health.
    async fn health(&mut self) -> EventKind {
        self.event(|event| match event.what {
            EventKind::Unhealthy { .. } | EventKind::Healthy => Some(event.what.clone()),
            _ => None,
        })
        .await
    }
}

/// Says something of itself before it says that it is ready.
#[tokio::test]
async fn what_a_process_has_said_of_its_health_before_it_was_ready_counts() {
    let script = r#"
        socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die $!;
        (my $name = $ENV{NOTIFY_SOCKET}) =~ s/^@/\0/;
        for my $message ("WATCHDOG=trigger", "READY=1") {
            send($socket, $message, 0, pack_sockaddr_un($name)) or die $!;
        }
        sleep;
    "#;
    let process = Process::new("perl").args(["-MSocket", "-e", script]);
    let process = process.ready(Ready::notify());
    let process = process.health(Health::watchdog(Duration::from_secs(500)));

    let exit = tree([process.into_child("child")]).exit().await;

    assert!(exit.to_string().contains("it sent WATCHDOG=trigger"), "{exit}");
}

/// The program says so when there was time for fifty looks.
#[tokio::test]
async fn a_file_that_an_earlier_incarnation_left_ends_no_start_period() {
    let dir = tempfile::tempdir().unwrap();
    let beat = dir.path().join("beat");
    std::fs::write(&beat, "").unwrap();
    let health = Health::path(&beat).interval(SOON).threshold(1).start_period(Duration::from_secs(1000));
    let script = format!("sleep 0.5; echo late; touch {}; exec sleep 1000", beat.display());
    let mut given = tree([shell(&script).health(health).into_child("child")]);

    given.wait_for_line("late").await;

    // Its first change ends that time.
    let Exit::Failed { error } = given.exit().await else { panic!("it was unhealthy") };
    assert!(error.contains("beat: it has not changed"), "{error}");
}
