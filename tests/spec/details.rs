//! What a snapshot tells of a process beyond what it is doing, and what a supervisor says that it is going to do.

use std::time::Duration;

use rootward::process::{Health, Process, Ready, Signal, Step};
use rootward::snapshot::{Awaited, Consequence, NextStep, PatienceLimit, ProcessDetails};
use rootward::{Backoff, ChildSpec, EventKind, Restart, Shutdown, Strategy, Supervisor, Tree};

use crate::support::{fixture, launched, obedient, until};

const HOUR: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(10);

#[tokio::test]
async fn a_process_that_starts_says_what_it_waits_for_and_what_the_last_look_has_found() {
    let a = fixture!("runs_forever").ready(Ready::command(["false"])).ready_timeout(HOUR);
    let (tree, _log) = launched(Supervisor::new("root").child(a.into_child("a")));

    until("a look has found nothing", || {
        details(&tree, "root/a").readiness.is_some_and(|readiness| readiness.last_miss.is_some())
    })
    .await;

    let readiness = details(&tree, "root/a").readiness.unwrap();
    assert_eq!(readiness.awaits, "`false` to succeed");
    assert!(readiness.left.is_some_and(|left| left > HOUR / 2 && left <= HOUR), "{readiness:?}");
    let json = serde_json::to_value(tree.snapshot()).unwrap();
    assert_eq!(json["root"]["children"][0]["readiness"]["awaits"], "`false` to succeed");
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn a_process_that_runs_says_how_its_health_is() {
    let health = Health::command(["false"]).interval(SOON).threshold(1_000_000);
    let a = fixture!("runs_forever").health(health).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a));

    log.wait_for(|event| matches!(event.what, EventKind::Unhealthy { failures: 2, .. })).await;

    let health = details(&tree, "root/a").health.unwrap();
    assert_eq!((health.checks.as_str(), health.threshold), ("`false` to succeed", 1_000_000));
    assert!(health.failures >= 2 && health.error.is_some_and(|error| error.contains("exit code 1")));
    assert_eq!(details(&tree, "root/a").readiness, None);
    tree.stop().await;
}

#[tokio::test]
async fn a_process_says_in_its_own_words_what_it_is_doing_and_that_it_reads_its_configuration_again() {
    let messages = ["READY=1;STATUS=Serving", "RELOADING=1;STATUS=Reading"];
    let a = fixture!("notifies").args(messages).ready(Ready::notify()).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a));

    log.wait_for(|event| matches!(&event.what, EventKind::Notified(notice) if notice.reloading)).await;

    let told = details(&tree, "root/a");
    assert_eq!((told.said.as_deref(), told.reloading), (Some("Reading"), true));
    tree.stop().await;
}

#[tokio::test]
async fn a_process_that_is_ready_again_reads_its_configuration_no_more() {
    let messages = ["READY=1", "RELOADING=1", "READY=1"];
    let a = fixture!("notifies").args(messages).ready(Ready::notify()).into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a));

    log.wait_for(|event| matches!(&event.what, EventKind::Notified(notice) if notice.reloaded)).await;

    assert!(!details(&tree, "root/a").reloading);
    tree.stop().await;
}

#[tokio::test]
async fn a_process_that_is_stopped_in_several_steps_says_which_was_the_last_and_when_the_next_comes() {
    let steps = [Step::new(Signal::USR1, SOON), Step::new(Signal::USR2, HOUR)];
    let a = Process::new("sh").args(["-c", "trap '' USR1 USR2; echo up; while :; do sleep 1; done"]);
    let a = a.ladder(steps).into_child("a").shutdown(Shutdown::Infinity);
    let (tree, mut log) = launched(Supervisor::new("root").child(a));
    log.wait_for_line("a", "up").await;

    tree.request_stop();
    log.wait_for_event("a", "asked").await;

    let step = details(&tree, "root/a").stop_step.unwrap();
    assert_eq!(step.with, "SIGUSR2");
    assert!(step.next_in.is_none_or(|next| next > HOUR / 2), "{step:?}");
    tree.force();
    let _ = tree.wait().await;
}

#[tokio::test]
async fn a_supervisor_says_when_it_restarts_a_child_and_which_attempt_that_is() {
    let fails = ChildSpec::task("fails", |_| async { Err::<(), _>("it was made to fail") });
    let fails = fails.backoff(Backoff::new(HOUR, HOUR));
    let (tree, mut log) = launched(Supervisor::new("root").intensity(3, HOUR).child(fails));
    log.wait_for_event("fails", "restarting").await;

    let said = tree.outlook("root/fails").await.unwrap();

    assert_eq!((said.next, &said.waits_for), (Some(NextStep::Restart { attempt: 1 }), &None));
    let due = said.due.unwrap() - said.at;
    assert!(due <= HOUR && due > HOUR - Duration::from_secs(60), "{said:?}");
    let above = said.above.unwrap();
    assert_eq!((above.restarts, above.intensity.max_restarts), (1, 3));
    tree.stop().await;
}

#[tokio::test]
async fn a_supervisor_says_what_an_end_would_lead_to_and_how_many_siblings_go_along() {
    let (a, b, c) = (obedient("a"), obedient("b"), obedient("c").restart(Restart::Temporary));
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).intensity(1, HOUR);
    let (tree, _log) = launched(root.child(a).child(b).child(c));
    tree.started().await.unwrap();

    let a = tree.outlook("root/a").await.unwrap();
    let c = tree.outlook("root/c").await.unwrap();

    let restart = Consequence::Restart { attempt: 1, delay: Duration::ZERO, siblings: 2 };
    assert_eq!((a.on_failure, a.next), (Some(restart), None));
    assert_eq!(c.on_failure, Some(Consequence::IsForgotten));
    assert!(tree.outlook("root/none").await.is_none());
    tree.stop().await;
}

#[tokio::test]
async fn a_supervisor_that_starts_says_for_which_child_it_waits_and_what_is_done_if_that_takes_too_long() {
    let late = fixture!("runs_forever").ready(Ready::command(["false"])).ready_timeout(HOUR);
    let group = Supervisor::new("group").child(late.into_child("late").start_timeout(HOUR));
    let (tree, mut log) = launched(Supervisor::new("root").child(group).child(obedient("next")));
    log.wait_for_event("group/late", "starting").await;

    let (late, next) = (tree.outlook("root/group/late").await, tree.outlook("root/next").await);
    let group = tree.outlook("root/group").await.unwrap();

    let started = |path: &str, awaited: &Option<Awaited>| match awaited {
        Some(Awaited::Start(it)) => assert_eq!(it.as_str(), path),
        other => panic!("{other:?}"),
    };
    let (late, next) = (late.unwrap(), next.unwrap());
    started("root/group/late", &late.waits_for);
    assert!(matches!(late.limit, Some((PatienceLimit::GiveUpStart, _))), "{late:?}");
    started("root/group", &next.waits_for);
    assert_eq!(next.next, Some(NextStep::Start));
    started("root/group/late", &group.own.unwrap().waits_for);
    tree.stop().await;
}

fn details(tree: &Tree, path: &str) -> ProcessDetails {
    let snapshot = tree.snapshot();
    let node = snapshot.find(path).expect("it is there");
    node.details.as_deref().cloned().unwrap_or_default()
}
