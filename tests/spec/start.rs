//! How a tree comes up, and what becomes of it if it does not (OTP rules 1 to 7).

use std::time::Duration;

use rootward::error::{SpecProblem, StartError, TreeStartError};
use rootward::event::StopCause;
use rootward::report::{Ending, Outcome};
use rootward::snapshot::ChildState;
use rootward::{AutoShutdown, ChildSpec, Exit, Restart, Supervisor};

use crate::support::{Double, broken, given, ignored, launched, obedient, settle, started_by};

/// OTP rule 1.
#[tokio::test(start_paused = true)]
async fn children_start_in_order_depth_first() {
    let inner = Supervisor::new("inner").child(obedient("b")).child(obedient("c"));
    let root = Supervisor::new("root").child(obedient("a")).child(inner).child(obedient("d"));

    let (_tree, mut log) = given(root).await;

    let expected = ["root", "a", "inner", "inner/b", "inner/c", "d"];
    assert_eq!(log.so_far().paths("starting"), expected);
    assert_eq!(log.so_far().paths("started"), ["a", "inner/b", "inner/c", "inner", "d", "root"]);
}

/// OTP rule 1.
#[tokio::test(start_paused = true)]
async fn a_child_starts_when_the_one_before_it_is_ready_and_not_before() {
    let a = Double::new("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a.spec()).child(obedient("b")));

    settle().await;
    assert_eq!(log.so_far().lines(), ["root starting", "a starting"]);
    a.is_ready();

    tree.started().await.unwrap();
    assert_eq!(
        log.so_far().lines_from("a started"),
        ["a started", "b starting", "b started", "root started"]
    );
}

#[tokio::test(start_paused = true)]
async fn all_callers_that_wait_for_the_start_hear_of_the_same_one() {
    let a = Double::new("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a.spec()));
    log.wait_for_event("a", "starting").await;

    let other = tree.clone();
    let ((), first, second) = tokio::join!(async { a.is_ready() }, tree.started(), other.started());

    assert!(first.is_ok() && second.is_ok() && tree.started().await.is_ok());
    assert_eq!(a.calls(), ["start"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tree_that_gives_up_as_soon_as_it_has_started_has_started() {
    for _ in 0..200 {
        let fails = ChildSpec::task("a", |_| async { Err::<(), _>("no") });
        let (tree, log) = launched(Supervisor::new("root").intensity(0, Duration::from_secs(1)).child(fails));

        let started = tree.started().await;

        assert!(started.is_ok(), "{started:?}");
        let record = log.until_the_end().await;
        assert_eq!((record.count("root", "started"), record.count("root", "gave_up")), (1, 1), "{record}");
    }
}

/// OTP rule 4.
#[tokio::test(start_paused = true)]
async fn a_start_that_fails_brings_down_what_had_been_started_in_reverse_order_and_starts_no_more() {
    let root = Supervisor::new("root").child(obedient("a")).child(obedient("b")).child(broken("c"));
    let (tree, log) = launched(root.child(obedient("d")));

    let error = tree.started().await.unwrap_err();

    let TreeStartError::Start { error, report } = error else { panic!("{error}") };
    assert_eq!(error.describe(), "failed to start root/c: out of order");
    assert_eq!((report.ending, report.cause), (Ending::Failed, StopCause::StartFailed));
    let record = log.until_the_end().await;
    assert_eq!(record.paths("stopped"), ["b", "a", "root"]);
    assert_eq!(record.paths("starting"), ["root", "a", "b", "c"]);
}

/// OTP rule 4.
#[tokio::test(start_paused = true)]
async fn a_start_that_fails_is_not_tried_again_under_any_intensity() {
    let (tree, log) = launched(Supervisor::new("root").intensity(100, SECOND).child(broken("a")));

    tree.started().await.unwrap_err();

    assert_eq!(log.until_the_end().await.of_child("a"), ["starting", "start_failed"]);
}

/// OTP rule 4.
#[tokio::test(start_paused = true)]
async fn a_nested_start_that_fails_names_every_level() {
    let inner = Supervisor::new("inner").child(obedient("a")).child(broken("b"));
    let (tree, log) = launched(Supervisor::new("root").child(obedient("first")).child(inner));

    let error = tree.started().await.unwrap_err();

    let TreeStartError::Start { error, .. } = error else { panic!("{error}") };
    assert_eq!(error.describe(), "failed to start root/inner: failed to start root/inner/b: out of order");
    assert_eq!(log.until_the_end().await.paths("stopped"), ["inner/a", "first", "root"]);
}

/// OTP rule 2.
#[tokio::test(start_paused = true)]
async fn a_start_function_that_panics_is_a_start_that_failed() {
    let panics = started_by("a", |_| panic!("no such luck"));
    let (tree, _log) = launched(Supervisor::new("root").child(panics));

    let error = tree.started().await.unwrap_err();

    let TreeStartError::Start { error, .. } = error else { panic!("{error}") };
    // Where it panicked stands behind it if another test has asked for that.
    let error = error.describe();
    assert!(error.starts_with("failed to start root/a: the start panicked: no such luck"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_child_that_ends_before_it_is_ready_has_not_been_started() {
    let a = Double::new("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a.spec()));
    log.wait_for_event("a", "starting").await;

    a.ends_with(Exit::Code(3));

    let error = tree.started().await.unwrap_err();
    let TreeStartError::Start { error: StartError::Child { source, .. }, .. } = error else {
        panic!("{error}")
    };
    assert!(matches!(*source, StartError::Ended(Exit::Code(3))), "{source}");
}

#[tokio::test(start_paused = true)]
async fn a_child_that_takes_too_long_to_start_is_ended_and_has_not_been_started() {
    let b = Double::new("b");
    let root = Supervisor::new("root").child(obedient("a")).child(b.spec().start_timeout(3 * SECOND));
    let (tree, mut log) = launched(root);

    log.wait_for_event("b", "starting").await;
    tokio::time::advance(3 * SECOND).await;
    settle().await;
    assert_eq!(b.calls(), ["start", "force"]);
    b.ends();

    let error = tree.started().await.unwrap_err();
    let TreeStartError::Start { error: StartError::Child { source, .. }, .. } = error else {
        panic!("{error}")
    };
    assert!(matches!(*source, StartError::TimedOut(limit) if limit == 3 * SECOND), "{source}");
    assert_eq!(log.until_the_end().await.paths("stopped"), ["a", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_whose_start_was_given_up_and_is_then_asked_to_stop_was_forced() {
    let b = Double::new("b");
    let (tree, mut log) = launched(Supervisor::new("root").child(b.spec().start_timeout(3 * SECOND)));

    log.wait_for_event("b", "starting").await;
    tokio::time::advance(3 * SECOND).await;
    settle().await;
    tree.request_stop();
    log.wait_for_event("b", "stopping").await;
    b.ends();

    let report = tree.wait().await;
    let node = report.find("root/b").unwrap();
    assert_eq!((node.outcome, node.forced), (Outcome::Killed, true));
    assert_eq!(log.until_the_end().await.of_child("b"), ["starting", "stopping", "escalated", "stopped"]);
}

/// OTP rule 3.
#[tokio::test(start_paused = true)]
async fn a_child_with_nothing_to_run_keeps_no_other_child_from_starting() {
    let (tree, mut log) = given(Supervisor::new("root").child(ignored("a")).child(obedient("b"))).await;

    assert_eq!(log.so_far().of_child("a"), ["starting", "ignored"]);
    assert_eq!(tree.snapshot().find("root/a").unwrap().state, ChildState::Down);
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_stop_during_the_start_starts_nothing_more() {
    let b = Double::new("b");
    let root = Supervisor::new("root").child(obedient("a")).child(b.spec()).child(obedient("c"));
    let (tree, mut log) = launched(root);
    log.wait_for_event("b", "starting").await;

    tree.request_stop();
    log.wait_for_event("b", "stopping").await;
    b.is_ready();
    b.ends();

    let error = tree.started().await.unwrap_err();
    assert!(matches!(error, TreeStartError::Start { error: StartError::Stopped, .. }), "{error:?}");
    let record = log.until_the_end().await;
    assert_eq!(record.paths("stopped"), ["b", "a", "root"]);
    assert_eq!(record.paths("starting"), ["root", "a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_is_stopped_at_once_starts_nothing_or_stops_what_it_started() {
    let (tree, log) = launched(Supervisor::new("root").child(obedient("a")));

    let report = tree.stop().await;

    assert_ne!(report.ending, Ending::Incomplete);
    log.until_the_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_not_waited_for_any_more_is_undone() {
    let a = Double::new("a");
    let mut builder = Supervisor::new("root").child(obedient("first")).child(a.spec()).into_tree().unwrap();
    let mut log = crate::support::EventLog::of(builder.subscribe());

    tokio::select! {
        biased;
        _ = builder.start() => unreachable!("`a` never becomes ready"),
        _ = log.wait_for_event("a", "starting") => {}
    }

    log.wait_for_event("a", "stopping").await;
    a.ends();
    assert_eq!(log.until_the_end().await.paths("stopped"), ["a", "first", "root"]);
}

/// OTP rule 5, OTP rule 6.
#[tokio::test(start_paused = true)]
async fn a_description_that_makes_no_sense_is_refused_and_says_where() {
    let root = || Supervisor::new("root");
    let significant = |id: &str| obedient(id).significant(true);
    let wrong = [
        (root().child(obedient("a")).child(obedient("a")), "root/a", SpecProblem::DuplicateId),
        (root().intensity(1, Duration::ZERO), "root", SpecProblem::ZeroWindow),
        (
            root()
                .auto_shutdown(AutoShutdown::AnySignificant)
                .child(significant("a").restart(Restart::Permanent)),
            "root/a",
            SpecProblem::SignificantPermanent,
        ),
        (root().child(significant("a")), "root/a", SpecProblem::SignificantWithoutAutoShutdown),
        (
            root().child(Supervisor::new("b").child(obedient("c")).child(obedient("c"))),
            "root/b/c",
            SpecProblem::DuplicateId,
        ),
    ];

    for (root, path, problem) in wrong {
        let TreeStartError::Spec(error) = root.start().await.unwrap_err() else {
            panic!("{path} was started")
        };
        assert_eq!((error.path.as_str(), error.problem), (path, problem));
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_no_path_can_hold_is_refused() {
    for id in ["", "a/b", "a\nb"] {
        let child: ChildSpec = obedient(id);

        let error = Supervisor::new("root").child(child).into_tree().unwrap_err();

        assert!(matches!(error.problem, SpecProblem::Id(_)), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_without_children_starts_and_stops() {
    let (tree, log) = given(Supervisor::new("root")).await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(
        log.until_the_end().await.lines(),
        ["root starting", "root started", "root stopping", "root stopped"]
    );
}

const SECOND: Duration = Duration::from_secs(1);
