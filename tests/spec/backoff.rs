//! Restarts that are put off, and limits of single children: what goes beyond OTP and has to be asked for.

use std::collections::BTreeSet;
use std::time::Duration;

use rootward::error::SpecProblem;
use rootward::event::StopCause;
use rootward::report::Ending;
use rootward::snapshot::ChildState;
use rootward::{Backoff, ChildSpec, EventKind, Restart, Supervisor};

use crate::support::{Puppet, given, given_tree, obedient, settle};

#[tokio::test(start_paused = true)]
async fn restarts_in_a_row_are_put_off_longer_and_longer_up_to_a_limit() {
    let a = Puppet::new("a");
    let spec = a.spec().backoff(Backoff::new(SECOND, 5 * SECOND));
    let (_tree, mut log) = given(Supervisor::new("root").intensity(9, HOUR).child(spec)).await;
    let mut delays = Vec::new();

    for _ in 0..5 {
        a.fails();
        let exited = log.wait_for_event("a", "exited").await;
        let restarting = log.wait_for_event("a", "restarting").await;
        let started = log.wait_for_event("a", "started").await;
        assert_eq!(delay_of(&restarting.what).as_secs(), (started.at - exited.at).as_secs());
        delays.push(delay_of(&restarting.what).as_secs());
    }

    assert_eq!(delays, [1, 2, 4, 5, 5]);
}

/// What a crash loop costs is what one start costs, and how many there are: in an hour a tenth of a second, doubled up
/// to a minute, leaves room for ten starts in the first minute and one in each of the others.
#[expect(clippy::disallowed_methods, reason = "the hour is what is tested")]
#[tokio::test(start_paused = true)]
async fn a_crash_loop_under_backoff_is_a_start_a_minute_and_four_events_each() {
    let fails = ChildSpec::task("fails", |_| async { Err::<(), _>("at once") });
    let backoff = Backoff::new(Duration::from_millis(100), 60 * SECOND);
    let root = Supervisor::new("root")
        .unlimited_restarts()
        .child(fails.backoff(backoff).restart(Restart::Permanent));
    let (tree, log) = given(root).await;

    tokio::time::sleep(HOUR).await;
    tree.stop().await;

    let record = log.until_the_end().await;
    let starts = record.count("fails", "starting");
    assert_eq!(starts, 10 + 59);
    let rounds = record.of_child("fails");
    let round = ["starting", "started", "exited", "restarting"];
    assert!(rounds.chunks(4).all(|events| events == round), "{rounds:?}");
}

#[tokio::test(start_paused = true)]
async fn delays_begin_anew_when_a_child_has_run_well() {
    let a = Puppet::new("a");
    let spec = a.spec().backoff(Backoff::new(SECOND, HOUR).factor(3.0).reset_after(10 * SECOND));
    let (_tree, mut log) = given(Supervisor::new("root").intensity(9, HOUR).child(spec)).await;
    let mut delays = Vec::new();

    for healthy in [0, 9, 10] {
        tokio::time::advance(healthy * SECOND).await;
        a.fails();
        delays.push(delay_of(&log.wait_for_event("a", "restarting").await.what).as_secs());
        log.wait_for_event("a", "started").await;
    }

    assert_eq!(delays, [1, 3, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_waits_for_its_restart_says_so_and_keeps_no_other_child_waiting() {
    let (a, b) = (Puppet::new("a"), Puppet::new("b"));
    let spec = a.spec().backoff(Backoff::new(HOUR, HOUR));
    let (tree, mut log) = given(Supervisor::new("root").intensity(9, HOUR).child(spec).child(b.spec())).await;

    a.fails();
    log.wait_for_event("a", "restarting").await;
    assert_eq!(tree.snapshot().find("root/a").unwrap().state, ChildState::Restarting);
    b.fails();

    log.wait_for_event("b", "started").await;
    assert_eq!(log.so_far().count("a", "starting"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_restart_and_starts_nothing() {
    let a = Puppet::new("a");
    let (tree, mut log) =
        given(Supervisor::new("root").child(a.spec().backoff(Backoff::new(HOUR, HOUR))).child(obedient("b")))
            .await;
    a.fails();
    log.wait_for_event("a", "restarting").await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.elapsed.as_millis()), (Ending::Clean, 0));
    assert_eq!(log.until_the_end().await.of_child("a"), ["starting", "started", "exited", "restarting"]);
}

#[tokio::test(start_paused = true)]
async fn a_tree_is_not_idle_while_a_restart_is_due() {
    let a = Puppet::new("a");
    let spec = a.spec().restart(rootward::Restart::Transient).backoff(Backoff::new(HOUR, HOUR));
    let builder = Supervisor::new("root").child(spec).into_tree().unwrap().stop_when_idle(true);
    let (tree, mut log) = given_tree(builder).await;

    a.fails();
    log.wait_for_event("a", "restarting").await;
    settle().await;
    assert!(!tree.is_stopping());
    tokio::time::advance(HOUR).await;
    log.wait_for_event("a", "started").await;
    a.ends();

    assert_eq!(tree.wait().await.cause, StopCause::Idle);
}

#[tokio::test(start_paused = true)]
async fn jitter_stays_within_its_fraction_and_is_another_one_each_time() {
    let a = Puppet::new("a");
    let spec = a.spec().backoff(Backoff::new(10 * SECOND, HOUR).factor(1.0).jitter(0.5));
    let (_tree, mut log) = given(Supervisor::new("root").intensity(99, HOUR).child(spec)).await;
    let mut delays = BTreeSet::new();

    for _ in 0..20 {
        a.fails();
        delays.insert(delay_of(&log.wait_for_event("a", "restarting").await.what));
        log.wait_for_event("a", "started").await;
    }

    let within = 5 * SECOND..=15 * SECOND;
    assert!(delays.iter().all(|delay| within.contains(delay)), "{delays:?}");
    assert!(delays.len() >= 10, "{delays:?}");
}

#[tokio::test(start_paused = true)]
async fn jitter_spreads_children_that_fell_together() {
    let all: Vec<_> = (0..20).map(|n| Puppet::new(&format!("child-{n}"))).collect();
    let backoff = Backoff::new(10 * SECOND, HOUR).jitter(0.5);
    let specs: Vec<_> = all.iter().map(|puppet| puppet.spec().backoff(backoff)).collect();
    let (_tree, mut log) = given(Supervisor::new("root").intensity(99, HOUR).children(specs)).await;

    all.iter().for_each(Puppet::fails);

    let mut delays = BTreeSet::new();
    for _ in &all {
        let restarting = log.wait_for(|event| event.what.name() == "restarting").await;
        delays.insert(delay_of(&restarting.what));
    }
    assert!(delays.len() >= 10, "{delays:?}");
}

#[tokio::test(start_paused = true)]
async fn a_child_may_have_a_limit_of_its_own() {
    let a = Puppet::new("a");
    let root = Supervisor::new("root").intensity(100, HOUR).child(a.spec().intensity(1, SECOND));
    let (tree, mut log) = given(root).await;

    a.fails();
    log.wait_for_event("a", "restarting").await;
    log.wait_for_event("a", "started").await;
    a.fails();

    assert_eq!(tree.wait().await.cause, StopCause::GaveUp);
    let gave_up = log.wait_for_event("root", "gave_up").await;
    assert_eq!(gave_up.what, EventKind::GaveUp { restarts: 1, within: SECOND });
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let wrong = [
        Backoff::new(2 * SECOND, SECOND),
        Backoff::new(SECOND, SECOND).factor(0.5),
        Backoff::new(SECOND, SECOND).jitter(2.0),
    ];

    for backoff in wrong {
        let error = Supervisor::new("root").child(obedient("a").backoff(backoff)).into_tree().unwrap_err();

        assert_eq!(error.path, "root/a");
        assert!(matches!(error.problem, SpecProblem::Backoff(_)), "{error}");
    }
}

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn delay_of(what: &EventKind) -> Duration {
    let EventKind::Restarting { delay, .. } = what else { panic!("not a restart: {what:?}") };
    *delay
}
