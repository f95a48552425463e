//! Children that are added (OTP's `start_child`), and the gate that closes when stopping has begun.

use rootward::error::{RestartChildError, SpecProblem, StartChildError};
use rootward::{ChildSpec, Restart, Supervisor, SupervisorHandle};

use super::root_of;
use crate::support::{Double, Flag, broken, fixture, given, identity_of, ignored, obedient, stubborn};

/// OTP rule 27.
#[tokio::test(start_paused = true)]
async fn a_child_that_is_added_is_the_last_to_start_and_the_first_to_stop() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a")).child(obedient("b"))).await;

    let started = root_of(&tree).start_child(obedient("c")).await.unwrap();

    assert_eq!((started.path.as_str(), started.incarnation), ("root/c", 1));
    let _ = tree.stop().await;
    assert_eq!(log.until_the_end().await.paths("stopped"), ["c", "b", "a", "root"]);
}

#[tokio::test]
async fn starting_a_process_twice_is_one_process() {
    let (tree, mut log) = given(Supervisor::new("root")).await;
    let root = root_of(&tree);
    let child = || fixture!("runs_forever").into_child("a");

    let (first, second) = tokio::join!(root.start_child(child()), root.start_child(child()));

    let first = first.unwrap();
    assert!(matches!(second, Err(StartChildError::AlreadyStarted)), "{second:?}");
    assert_eq!(identity_of(&*log.wait_for_event("a", "started").await).pid(), first.pid.unwrap());
    let _ = tree.stop().await;
    assert_eq!(log.until_the_end().await.count("a", "starting"), 1);
}

/// OTP rule 45.
#[tokio::test(start_paused = true)]
async fn a_child_that_is_down_is_there_already() {
    let (tree, _log) = given(Supervisor::new("root").child(ignored("a"))).await;

    let error = root_of(&tree).start_child(obedient("a")).await.unwrap_err();

    assert!(matches!(error, StartChildError::AlreadyPresent), "{error}");
}

/// OTP rule 3, OTP rule 45.
#[tokio::test(start_paused = true)]
async fn a_child_that_has_nothing_to_run_is_an_error_of_its_own_and_is_kept() {
    let (tree, _log) = given(Supervisor::new("root")).await;
    let root = root_of(&tree);

    let error = root.start_child(ignored("a")).await.unwrap_err();
    let again = root.restart_child("a").await.unwrap_err();

    assert!(matches!(error, StartChildError::Ignored), "{error}");
    assert!(matches!(again, RestartChildError::Ignored), "{again}");
    assert_eq!(root.count_children().specs, 1);
    let temporary = root.start_child(ignored("b").restart(Restart::Temporary)).await.unwrap_err();
    assert!(matches!(temporary, StartChildError::Ignored), "{temporary}");
    assert_eq!(root.count_children().specs, 1, "a temporary one is not added");
}

/// OTP rule 45.
#[tokio::test(start_paused = true)]
async fn a_child_that_cannot_be_started_is_not_added() {
    let (tree, _log) = given(Supervisor::new("root")).await;

    let error = root_of(&tree).start_child(broken("a")).await.unwrap_err();

    assert!(matches!(error, StartChildError::Failed(_)), "{error}");
    assert_eq!(root_of(&tree).count_children().specs, 0);
    assert!(!tree.is_stopping());
}

/// OTP rule 45.
#[tokio::test(start_paused = true)]
async fn a_spec_that_makes_no_sense_is_refused() {
    let (tree, _log) = given(Supervisor::new("root")).await;

    let error = root_of(&tree).start_child(obedient("a/b")).await.unwrap_err();

    assert!(
        matches!(&error, StartChildError::Spec(wrong) if matches!(wrong.problem, SpecProblem::Id(_))),
        "{error}"
    );
}

/// OTP rule 45.
#[tokio::test(start_paused = true)]
async fn a_spec_whose_parts_do_not_go_together_is_refused_as_it_is_in_a_description() {
    let (tree, _log) = given(Supervisor::new("root")).await;

    let error = root_of(&tree).start_child(obedient("a").significant(true)).await.unwrap_err();

    let StartChildError::Spec(error) = error else { panic!("{error}") };
    let expected = ("root/a", SpecProblem::SignificantWithoutAutoShutdown);
    assert_eq!((error.path.as_str(), error.problem), expected);
}

#[tokio::test(start_paused = true)]
async fn a_start_waits_until_the_child_is_ready_and_keeps_no_other_call_waiting() {
    let a = Double::new("a");
    let (tree, mut log) = given(Supervisor::new("root")).await;
    let root = root_of(&tree);

    let (a_started, b_started) = tokio::join!(root.start_child(a.spec()), async {
        log.wait_for_event("a", "starting").await;
        let b_started = root.start_child(obedient("b")).await;
        a.is_ready();
        b_started
    });

    assert!(a_started.is_ok() && b_started.is_ok());
}

/// OTP rule 14.
#[tokio::test(start_paused = true)]
async fn once_stopping_has_begun_a_new_child_is_refused_and_handed_back() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;
    let root = root_of(&tree);
    tree.request_stop();
    log.wait_for_event("a", "stopping").await;

    let error = root.start_child(obedient("late")).await.unwrap_err();

    let StartChildError::Stopping { spec } = error else { panic!("{error}") };
    assert_eq!(spec.id(), "late");
    a.ends();
    assert!(tree.wait().await.clean);
    assert_eq!(log.until_the_end().await.paths("starting"), ["root", "a"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_starts_more_tasks_while_it_stops_comes_to_an_end() {
    let refused = Flag::default();
    let (handle, its_handle) = tokio::sync::watch::channel(None::<SupervisorHandle>);
    let (its_handle, its_flag) = (its_handle, refused.clone());
    let a = ChildSpec::task("a", move |cx| {
        let (handle, refused) = (its_handle.clone(), its_flag.clone());
        async move {
            cx.stopping().await;
            let root = handle.borrow().clone().expect("the handle is there by now");
            for n in 0.. {
                if root.start_child(stubborn(&format!("more-{n}"))).await.is_err() {
                    refused.raise();
                    return;
                }
            }
        }
    });
    let (tree, log) = given(Supervisor::new("root").child(a)).await;
    handle.send_replace(tree.root());

    let report = tree.stop().await;

    assert!(report.clean && refused.is_raised());
    assert_eq!(log.until_the_end().await.paths("starting"), ["root", "a"]);
}
