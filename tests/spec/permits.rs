//! Permits: a place for a child that is waited for before there is a child.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rootward::error::{ReserveError, SpawnError, SpawnErrorKind, StartChildError};
use rootward::{
    ChildSpec, DynamicSupervisor, Shutdown, Supervisor, SupervisorAddress, TaskContext, TaskSupervisor, Tree,
};

use crate::support::{GivenTree, given, obedient, work_for};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_server_that_reserves_a_place_first_loses_no_connection() {
    let (tree, _log) =
        given(Supervisor::new("root").child(DynamicSupervisor::new("jobs").max_children(2))).await;
    let tasks = TaskSupervisor::new(tree.supervisor("root/jobs").expect("it runs"));
    let (together, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));

    for _ in 0..20 {
        let permit = tasks.reserve().await.unwrap();
        let (together, most) = (Arc::clone(&together), Arc::clone(&most));
        permit
            .spawn(move |_| async move {
                most.fetch_max(together.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                work_for(SECOND).await;
                together.fetch_sub(1, Ordering::SeqCst);
            })
            .await
            .unwrap();
    }

    assert_eq!(most.load(Ordering::SeqCst), 2);
    let _ = tree.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_given_back_is_given_to_the_next_and_a_stop_ends_the_wait() {
    let (tree, _log) =
        given(Supervisor::new("root").child(DynamicSupervisor::new("jobs").max_children(1))).await;
    let tasks = TaskSupervisor::new(tree.supervisor("root/jobs").expect("it runs"));
    let first = tasks.reserve().await.unwrap();
    let refused = tasks.spawn(|_| async {}).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no task could be started below `root/jobs`: it has as many children as it may have"
    );

    let (second, ()) = tokio::join!(tasks.reserve(), async { drop(first) });
    let (refused, report) = tokio::join!(tasks.reserve(), tree.stop());

    assert!(second.is_ok() && report.clean);
    assert!(refused.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_waiting_for_a_place_takes_none() {
    let (tree, _log) =
        given(Supervisor::new("root").child(DynamicSupervisor::new("jobs").max_children(1))).await;
    let tasks = TaskSupervisor::new(tree.supervisor("root/jobs").expect("it runs"));
    let first = tasks.reserve().await.unwrap();

    let given_up = tokio::time::timeout(SECOND, tasks.reserve()).await;
    drop(first);

    assert!(given_up.is_err());
    assert!(tasks.reserve().await.is_ok());
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_permit_starts_any_child_with_the_shutdown_that_its_spec_has() {
    let (tree, tasks) = given_places(2).await;

    let connection = ChildSpec::once("connection", |cx: TaskContext| async move { cx.stopping().await });
    let first = tasks.reserve().await.unwrap().start_child(connection.shutdown(9 * SECOND)).await.unwrap();
    let group = Supervisor::new("group").child(obedient("a"));
    let second = tasks.reserve().await.unwrap().start_child(group).await.unwrap();

    assert_eq!([first.path.as_str(), second.path.as_str()], ["root/jobs/connection-0", "root/jobs/group-1"]);
    assert_eq!(shutdown_of(&tree, first.path.id()), Shutdown::Grace(9 * SECOND));
    assert!(matches!(tasks.spawn(|_| async {}).await.unwrap_err().kind(), SpawnErrorKind::MaxChildren));
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_spec_that_makes_no_sense_gives_the_place_back() {
    let (tree, tasks) = given_places(1).await;

    let refused = tasks.reserve().await.unwrap().start_child(obedient("a/b")).await.unwrap_err();

    assert!(matches!(refused, StartChildError::Spec(_)), "{refused}");
    assert!(tasks.spawn(|_| async {}).await.is_ok());
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn whichever_way_a_task_is_started_it_has_the_grace_of_the_handle_that_started_it() {
    async fn stays(cx: TaskContext) {
        cx.stopping().await;
    }
    let (tree, tasks) = given_places(9).await;
    let patient = tasks.clone().with_shutdown(30 * SECOND);

    let usual = tasks.spawn(stays).await.unwrap();
    let spawned = patient.spawn(stays).await.unwrap();
    let permitted = patient.reserve().await.unwrap().spawn(stays).await.unwrap();
    let of_its_own =
        patient.reserve().await.unwrap().with_shutdown(Shutdown::Infinity).spawn(stays).await.unwrap();
    let _result = patient.run(stays).await.unwrap();
    let _permitted_result = patient.reserve().await.unwrap().run(stays).await.unwrap();

    let default = Shutdown::Grace(Shutdown::DEFAULT_GRACE);
    let ids = [&usual, &spawned, &permitted, &of_its_own].map(|child| child.path.id());
    assert_eq!(
        ids.map(|id| shutdown_of(&tree, id)),
        [default, Shutdown::Grace(30 * SECOND), Shutdown::Grace(30 * SECOND), Shutdown::Infinity]
    );
    let of_results = ["task-4", "task-5"].map(|id| shutdown_of(&tree, id));
    assert_eq!(of_results, [Shutdown::Grace(30 * SECOND); 2]);
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waits_for_a_place_learns_whether_the_supervisor_stops_or_does_not_run() {
    let address = SupervisorAddress::new();
    let nowhere = TaskSupervisor::at(&address);
    let (tree, tasks) = given_places(1).await;
    let held = tasks.reserve().await.unwrap();

    let (stopping, report) = tokio::join!(tasks.reserve(), tree.stop());

    assert_eq!(stopping.err(), Some(ReserveError::Stopping));
    assert!(report.clean);
    assert_eq!(tasks.reserve().await.err(), Some(ReserveError::NotRunning));
    assert_eq!(nowhere.reserve().await.err(), Some(ReserveError::NotRunning));
    let late = held.spawn(|_| async {}).await;
    assert!(matches!(late.as_ref().map_err(SpawnError::kind), Err(SpawnErrorKind::NotRunning)), "{late:?}");
}

/// A tree with so many places for jobs.
async fn given_places(places: usize) -> (GivenTree, TaskSupervisor) {
    let jobs = DynamicSupervisor::new("jobs").max_children(places);
    let (tree, _log) = given(Supervisor::new("root").child(jobs)).await;
    let tasks = TaskSupervisor::new(tree.supervisor("root/jobs").expect("it runs"));
    (tree, tasks)
}

fn shutdown_of(tree: &Tree, id: &str) -> Shutdown {
    let jobs = tree.supervisor("root/jobs").expect("it runs");
    jobs.child_spec(id).expect("it is there").shutdown_type()
}
