//! Children that are added, stopped, restarted and deleted while their supervisor runs (OTP's rules 42 to 46).

use std::time::Duration;

use rootward::{
    ChildState, DeleteChildError, Exit, Restart, RestartChildError, SpecProblem, StartChildError, StopCause,
    Strategy, Supervisor, SupervisorHandle, TerminateChildError, Tree,
};

use crate::support::{
    Double, Flag, Puppet, broken, fixture, given, identity_of, ignored, obedient, settle, stubborn,
};

#[tokio::test(start_paused = true)]
async fn a_child_that_is_added_is_the_last_to_start_and_the_first_to_stop() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a")).child(obedient("b"))).await;

    let started = root_of(&tree).start_child(obedient("c")).await.unwrap().unwrap();

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

    let first = first.unwrap().unwrap();
    assert!(matches!(second, Err(StartChildError::AlreadyStarted)), "{second:?}");
    assert_eq!(identity_of(&*log.wait_for_event("a", "started").await).pid(), first.pid.unwrap());
    let _ = tree.stop().await;
    assert_eq!(log.until_the_end().await.count("a", "starting"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_down_is_there_already() {
    let (tree, _log) = given(Supervisor::new("root").child(ignored("a"))).await;

    let error = root_of(&tree).start_child(obedient("a")).await.unwrap_err();

    assert!(matches!(error, StartChildError::AlreadyPresent), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_child_that_cannot_be_started_is_not_added() {
    let (tree, _log) = given(Supervisor::new("root")).await;

    let error = root_of(&tree).start_child(broken("a")).await.unwrap_err();

    assert!(matches!(error, StartChildError::Failed(_)), "{error}");
    assert_eq!(root_of(&tree).count_children().specs, 0);
    assert!(!tree.is_stopping());
}

#[tokio::test(start_paused = true)]
async fn a_spec_that_makes_no_sense_is_refused() {
    let (tree, _log) = given(Supervisor::new("root")).await;

    let error = root_of(&tree).start_child(obedient("a/b")).await.unwrap_err();

    assert!(
        matches!(&error, StartChildError::Spec(wrong) if matches!(wrong.problem, SpecProblem::Id(_))),
        "{error}"
    );
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

#[tokio::test(start_paused = true)]
async fn once_stopping_has_begun_a_new_child_is_refused_and_handed_back() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;
    let root = root_of(&tree);
    tree.request_stop(StopCause::Api);
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
    let a = rootward::ChildSpec::task("a", move |cx| {
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

#[tokio::test(start_paused = true)]
async fn a_child_that_is_terminated_is_gone_when_that_is_said_and_not_started_again() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;
    let root = root_of(&tree);

    let (terminated, ()) = tokio::join!(root.terminate_child("a"), async {
        log.wait_for_event("a", "stopping").await;
        assert_eq!(log.so_far().cause("a"), StopCause::Api);
        a.ends_with(Exit::Aborted);
    });

    terminated.unwrap();
    settle().await;
    assert_eq!(tree.snapshot().find("root/a").unwrap().state, ChildState::Down);
    assert_eq!(a.calls(), ["start", "stop"]);
}

#[tokio::test]
async fn a_process_that_is_terminated_is_gone() {
    let (tree, mut log) =
        given(Supervisor::new("root").child(fixture!("runs_forever").into_child("a"))).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);

    root_of(&tree).terminate_child("a").await.unwrap();

    assert!(!process.is_there());
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn everybody_who_terminates_a_child_waits_for_the_same_end() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;
    let root = root_of(&tree);

    let (first, second, ()) = tokio::join!(root.terminate_child("a"), root.terminate_child("a"), async {
        log.wait_for_event("a", "stopping").await;
        settle().await;
        a.ends();
    });

    assert_eq!((first, second, root.terminate_child("a").await), (Ok(()), Ok(()), Ok(())));
    assert_eq!(a.calls(), ["start", "stop"]);
}

#[tokio::test(start_paused = true)]
async fn a_temporary_child_that_is_terminated_is_forgotten() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a").restart(Restart::Temporary))).await;
    let root = root_of(&tree);

    root.terminate_child("a").await.unwrap();

    assert_eq!(root.terminate_child("a").await, Err(TerminateChildError::NotFound));
    assert_eq!(root.count_children().specs, 0);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_was_terminated_can_be_restarted_and_that_does_not_count() {
    let root = Supervisor::new("root").intensity(0, Duration::from_secs(1)).child(obedient("a"));
    let (tree, _log) = given(root).await;
    let root = root_of(&tree);

    for incarnation in 2..5 {
        root.terminate_child("a").await.unwrap();
        let started = root.restart_child("a").await.unwrap().unwrap();
        assert_eq!(started.incarnation, incarnation);
    }

    assert!(!tree.is_stopping());
}

#[tokio::test(start_paused = true)]
async fn a_child_that_was_terminated_is_revived_by_a_group_restart() {
    let b = Puppet::new("b");
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).child(obedient("a")).child(b.spec());
    let (tree, mut log) = given(root).await;
    root_of(&tree).terminate_child("a").await.unwrap();

    b.fails();
    log.wait_for_event("b", "restarting").await;
    log.wait_for_event("b", "started").await;

    assert_eq!(tree.snapshot().find("root/a").unwrap().state, ChildState::Running);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_runs_can_be_neither_restarted_nor_deleted() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a"))).await;
    let root = root_of(&tree);

    let restarted = root.restart_child("a").await;

    assert!(matches!(restarted, Err(RestartChildError::Running)), "{restarted:?}");
    assert_eq!(root.delete_child("a").await, Err(DeleteChildError::Running));
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_deleted_is_forgotten_and_its_id_is_free_again() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a")).child(obedient("b"))).await;
    let root = root_of(&tree);
    root.terminate_child("a").await.unwrap();

    root.delete_child("a").await.unwrap();

    assert!(root.child_spec("a").is_none());
    assert_eq!(root.delete_child("a").await, Err(DeleteChildError::NotFound));
    root.start_child(obedient("a")).await.unwrap();
    let _ = tree.stop().await;
    assert_eq!(log.until_the_end().await.paths("stopped")[1..], ["a", "b", "root"], "it is the last one now");
}

#[tokio::test(start_paused = true)]
async fn whoever_calls_for_an_unknown_child_is_told_so() {
    let (tree, _log) = given(Supervisor::new("root")).await;
    let root = root_of(&tree);

    assert_eq!(root.terminate_child("a").await, Err(TerminateChildError::NotFound));
    assert!(matches!(root.restart_child("a").await, Err(RestartChildError::NotFound)));
    assert_eq!(root.delete_child("a").await, Err(DeleteChildError::NotFound));
    assert!(root.child_spec("a").is_none() && root.supervisor("a").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_waits_for_any_more_is_carried_out() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;
    let root = root_of(&tree);

    tokio::select! {
        biased;
        _ = root.terminate_child("a") => unreachable!("nobody says that `a` is gone"),
        _ = log.wait_for_event("a", "stopping") => {}
    }
    a.ends();

    log.wait_for_event("a", "stopped").await;
}

#[tokio::test(start_paused = true)]
async fn children_are_listed_in_start_order_and_counted() {
    let inner = Supervisor::new("inner").child(obedient("b"));
    let (tree, _log) =
        given(Supervisor::new("root").child(obedient("a")).child(inner).child(ignored("c"))).await;
    let root = root_of(&tree);

    let ids: Vec<_> = root.which_children().iter().map(|child| child.path.id().to_owned()).collect();

    assert_eq!(ids, ["a", "inner", "c"]);
    let count = root.count_children();
    assert_eq!((count.specs, count.active, count.supervisors, count.workers), (3, 2, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_handle_means_one_incarnation() {
    let a = Puppet::new("a");
    let inner = Supervisor::new("inner").intensity(0, Duration::from_secs(1)).child(a.spec());
    let (tree, mut log) = given(Supervisor::new("root").child(inner)).await;
    let before = tree.supervisor("root/inner").unwrap();

    a.fails();
    log.wait_for_event("inner", "exited").await;
    log.wait_for_event("inner", "started").await;

    assert!(!before.is_running());
    let late = before.start_child(obedient("b")).await;
    assert!(matches!(late, Err(StartChildError::Stopping { .. })), "{late:?}");
    assert!(tree.supervisor("root/inner").unwrap().start_child(obedient("b")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_a_supervisor_does_not_keep_its_tree_from_being_stopped() {
    let (tree, log) = given(Supervisor::new("root").child(obedient("a"))).await;
    let root = root_of(&tree);

    drop(tree);

    assert_eq!(log.until_the_end().await.paths("stopped"), ["a", "root"]);
    assert!(!root.is_running());
    assert!(matches!(root.terminate_child("a").await, Err(TerminateChildError::Stopping)));
}

fn root_of(tree: &Tree) -> SupervisorHandle {
    tree.root().expect("the root runs")
}
