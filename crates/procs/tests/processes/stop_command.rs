//! A process that is asked to stop by a command, and the record of the steps of a stop.

use std::time::Duration;

use rootward_core::{EventKind, Exit, NodeReport, Outcome};
use rootward_procs::{Process, Ready, Signal, Step};

use crate::given::{Given, shell, tree, wait_until_gone};

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_secs(500);

/// Runs until there is a file `stop` in its directory, whatever signal comes.
const UNTIL_TOLD: &str =
    "trap '' TERM; echo running; until test -e stop; do read -r line < /dev/null; done; exit 7";

async fn running(process: Process) -> Given {
    let mut given = tree([process.into_child("child")]);
    given.wait_for_line("running").await;
    given
}

/// With what the process was asked after the first signal, and why a command had failed.
async fn steps(given: Given) -> Vec<(String, Option<String>)> {
    let of_events = given.rest().await;
    let steps = of_events.iter().filter_map(|event| match &event.what {
        EventKind::Asked { with, error, .. } => Some((with.clone(), error.clone())),
        _ => None,
    });
    steps.collect()
}

#[tokio::test]
async fn a_command_asks_first_and_no_signal_follows_if_the_process_goes() {
    let dir = tempfile::tempdir().unwrap();
    let process = shell(UNTIL_TOLD)
        .current_dir(dir.path())
        .env("WHAT", "stop")
        .stop_command(["sh", "-c", "test -d /proc/$MAINPID && echo > $WHAT"], LONG);
    let given = running(process).await;

    let report = given.stop().await;

    assert_eq!((report.outcome, report.status), (Outcome::Graceful, Some(Exit::Code(7))));
    assert_eq!(steps(given).await, [("stop command".to_owned(), None)]);
}

#[tokio::test]
async fn a_command_that_fails_is_followed_by_the_signal_at_once_and_the_record_says_why() {
    let process =
        shell("echo running; kill -STOP $$").stop_command(["sh", "-c", "echo no >&2; exit 3"], LONG);
    let given = running(process).await;

    let report = given.stop().await;

    assert_eq!(report.outcome, Outcome::Graceful);
    let why = "the stop command: exit code 3, \"no\"";
    assert_eq!(
        steps(given).await,
        [("stop command".to_owned(), None), ("SIGTERM".to_owned(), Some(why.to_owned()))]
    );
}

#[tokio::test]
async fn a_command_that_cannot_be_started_has_failed() {
    let process = shell("echo running; kill -STOP $$").stop_command(["/no/such/command"], LONG);
    let given = running(process).await;

    assert_eq!(given.stop().await.outcome, Outcome::Graceful);
    let why = "the stop command: the program `/no/such/command` was not found";
    assert_eq!(steps(given).await[1], ("SIGTERM".to_owned(), Some(why.to_owned())));
}

#[tokio::test]
async fn a_command_whose_time_is_over_is_killed_with_all_that_it_has_started() {
    let dir = tempfile::tempdir().unwrap();
    let script = "trap '' TERM; sleep 1000 & echo $! > one; echo $$ > two; wait";
    let process =
        shell("trap 'echo asked; exit 0' TERM; echo running; while :; do read -r line < /dev/null; done")
            .current_dir(dir.path())
            .stop_command(["sh", "-c", script], Duration::from_millis(300));
    let given = running(process).await;

    let report = given.stop().await;

    assert_eq!((report.outcome, report.status), (Outcome::Graceful, Some(Exit::Code(0))));
    for file in ["one", "two"] {
        let pid = std::fs::read_to_string(dir.path().join(file)).unwrap();
        wait_until_gone(pid.trim().parse().unwrap());
    }
}

#[tokio::test]
async fn a_command_that_outlives_the_process_is_gone_when_the_stop_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let script = "echo $$ > pid; echo > stop; exec sleep 1000";
    let process = shell(UNTIL_TOLD).current_dir(dir.path()).stop_command(["sh", "-c", script], LONG);
    let given = running(process).await;

    let report = given.stop().await;

    assert_eq!((report.outcome, report.stragglers), (Outcome::Graceful, vec![]));
    let pid = std::fs::read_to_string(dir.path().join("pid")).unwrap();
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists(), "the command is still there");
}

#[tokio::test]
async fn a_process_that_has_not_got_ready_is_stopped_without_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let process = shell("echo begun; exec sleep 1000")
        .current_dir(dir.path())
        .ready(Ready::line("never"))
        .ready_timeout(LONG)
        .stop_command(["sh", "-c", "echo > ran"], LONG);
    let mut given = tree([process.into_child("child")]);
    given.wait_for_line("begun").await;

    let _ = given.tree.stop().await;

    assert!(!dir.path().join("ran").exists());
}

#[tokio::test]
async fn each_step_after_the_first_signal_is_in_the_record_with_its_time() {
    let script = "trap '' INT; echo running; while :; do read -r line < /dev/null; done";
    let wait = Duration::from_millis(50);
    let process = shell(script).ladder([
        Step::new(Signal::INT, wait),
        Step::new(Signal::USR1, Duration::ZERO).to_leader(),
        Step::new(Signal::QUIT, LONG),
    ]);
    let given = running(process).await;

    let _ = given.stop().await;

    let events = given.rest().await;
    let asked = events.iter().filter_map(|event| match &event.what {
        EventKind::Asked { with, elapsed, .. } => Some((with.clone(), *elapsed)),
        _ => None,
    });
    let asked: Vec<_> = asked.collect();
    assert_eq!(asked[0].0, "SIGUSR1 to the program alone");
    assert!(asked[0].1 >= wait, "{asked:?}");
}

/// What the report says of each step, its time aside.
fn steps_in(report: &NodeReport) -> Vec<(&str, Option<&str>)> {
    report.steps.iter().map(|step| (step.with.as_str(), step.error.as_deref())).collect()
}

#[tokio::test]
async fn the_report_has_each_step_of_a_stop_that_took_several_with_its_time() {
    let script = "trap '' INT TERM; echo running; while :; do read -r line < /dev/null; done";
    let wait = Duration::from_millis(50);
    let process = shell(script)
        .stop_command(["sh", "-c", "exit 3"], Duration::from_secs(1))
        .ladder([Step::new(Signal::INT, wait).to_leader(), Step::new(Signal::TERM, wait)]);
    let given = running(process).await;

    let report = given.stop().await;

    let failed = Some("the stop command: exit code 3");
    let expected = [
        ("stop command", failed),
        ("SIGINT to the program alone", None),
        ("SIGTERM", None),
        ("SIGKILL", None),
    ];
    assert_eq!(steps_in(&report), expected);
    let times: Vec<Duration> = report.steps.iter().map(|step| step.after).collect();
    assert!(times[0].is_zero() && times.is_sorted() && times[3] >= 2 * wait, "{times:?}");
}

#[tokio::test]
async fn one_step_alone_is_not_told_apart() {
    let given = running(shell("echo running; exec sleep 1000")).await;

    let report = given.stop().await;

    assert_eq!(steps_in(&report), []);
}
