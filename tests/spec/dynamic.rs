//! Supervisors whose children come and go, and the tasks and partitions they are used for (OTP rules 47 to 54,
//! OTP rules 57 to 65).

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rootward::error::{
    ResizeError, RestartChildError, SpawnError, SpawnErrorKind, StartChildError, TaskError,
};
use rootward::event::StopCause;
use rootward::report::Ending;
use rootward::{
    Backoff, ChildSpec, DynamicSupervisor, PartitionSupervisor, Restart, Supervisor, SupervisorHandle,
    TaskContext, TaskSupervisor,
};

use crate::support::{
    EventLog, Flag, GivenTree, Puppet, given, given_tree, obedient, settle, stubborn, takes, within, work_for,
};

/// OTP rule 47, OTP rule 51.
#[tokio::test(start_paused = true)]
async fn children_of_one_spec_get_numbers() {
    let (_tree, _log, jobs) = given_jobs(DynamicSupervisor::new("jobs")).await;

    let first = jobs.start_child(obedient("job")).await.unwrap();
    let second = jobs.start_child(obedient("job")).await.unwrap();

    assert_ne!(first.path, second.path);
    assert!(first.path.id().starts_with("job-"), "{}", first.path);
    assert_eq!(jobs.count_children().active, 2);
}

/// OTP rule 48.
#[tokio::test(start_paused = true)]
async fn a_child_that_is_not_restarted_is_forgotten() {
    let (_tree, mut log, jobs) = given_jobs(DynamicSupervisor::new("jobs")).await;
    let a = Puppet::new("a");
    let started = jobs.start_child(a.spec().restart(Restart::Transient)).await.unwrap();

    a.ends();
    log.wait_for(|event| event.what.name() == "exited").await;
    settle().await;

    assert_eq!(jobs.count_children().specs, 0);
    let gone = jobs.restart_child(started.path.id()).await;
    assert!(matches!(gone, Err(RestartChildError::Dynamic)), "{gone:?}");
}

/// OTP rule 48, OTP rule 57.
#[tokio::test(start_paused = true)]
async fn only_the_child_that_fails_is_restarted() {
    let (_tree, mut log, jobs) = given_jobs(DynamicSupervisor::new("jobs")).await;
    let a = Puppet::new("a");
    jobs.start_child(a.spec()).await.unwrap();
    jobs.start_child(obedient("b")).await.unwrap();

    a.fails();
    let restarted = log.wait_for(|event| event.what.name() == "started" && event.incarnation == 2).await;

    assert!(restarted.path.id().starts_with("a-"), "{}", restarted.path);
    assert_eq!(log.so_far().paths("starting").len(), 5);
}

/// OTP rule 51, OTP rule 53.
#[tokio::test(start_paused = true)]
async fn each_child_is_counted_and_has_a_spec_of_its_own_as_long_as_it_is_there() {
    let (_tree, _log, jobs) = given_jobs(DynamicSupervisor::new("jobs")).await;
    let first = jobs.start_child(obedient("job")).await.unwrap();
    let second = jobs.start_child(obedient("job").restart(Restart::Permanent)).await.unwrap();
    let restart_of = |id: &str| jobs.child_spec(id).map(|spec| spec.restart_type());

    assert_eq!(jobs.count_children().specs, 2);
    assert_eq!(restart_of(first.path.id()), Some(Restart::Transient));
    assert_eq!(restart_of(second.path.id()), Some(Restart::Permanent));
    jobs.terminate_child(first.path.id()).await.unwrap();
    assert_eq!(restart_of(first.path.id()), None);
}

/// OTP rule 58, OTP rule 64.
#[tokio::test(start_paused = true)]
async fn there_are_no_more_children_than_there_may_be_and_the_spec_of_one_too_many_comes_back() {
    let (_tree, _log, jobs) = given_jobs(DynamicSupervisor::new("jobs").max_children(2)).await;
    let first = jobs.start_child(obedient("job")).await.unwrap();
    jobs.start_child(obedient("job")).await.unwrap();

    let one_too_many = jobs.start_child(obedient("job")).await;
    jobs.terminate_child(first.path.id()).await.unwrap();

    let Err(StartChildError::MaxChildren { spec }) = one_too_many else { panic!("{one_too_many:?}") };
    assert!(jobs.start_child(*spec).await.is_ok());
}

/// OTP rule 50, OTP rule 63.
#[tokio::test(start_paused = true)]
async fn all_children_stop_at_the_same_time() {
    let (tree, _log, jobs) = given_jobs(DynamicSupervisor::new("jobs")).await;
    for _ in 0..10 {
        jobs.start_child(takes("job", 2 * SECOND)).await.unwrap();
    }
    jobs.start_child(stubborn("job").shutdown(3 * SECOND)).await.unwrap();

    let report = tree.stop().await;

    assert_eq!((report.ending, report.elapsed.as_secs()), (Ending::Forced, 3));
    assert_eq!(report.forced().len(), 1);
}

/// OTP rule 64.
#[tokio::test(start_paused = true)]
async fn a_result_is_handed_to_the_caller_that_waits_for_it() {
    let (_tree, _log, jobs) = given_jobs(DynamicSupervisor::new("jobs")).await;
    let tasks = TaskSupervisor::new(jobs);

    let answer = tasks.run(|_| async { 6 * 7 }).await.unwrap();

    assert_eq!(answer.await, Ok(42));
}

/// OTP rule 64.
#[tokio::test(start_paused = true)]
async fn a_panic_is_handed_to_the_caller_that_waits_and_does_no_harm_to_the_tree() {
    let (tree, mut log, jobs) = given_jobs(DynamicSupervisor::new("jobs")).await;
    let tasks = TaskSupervisor::new(jobs);

    let result = tasks.run(|_| async { panic!("boom") }).await.unwrap();
    let result: Result<(), TaskError> = result.await;

    assert!(matches!(&result, Err(TaskError::Panicked(panic)) if panic.message == "boom"), "{result:?}");
    log.wait_for(|event| event.what.name() == "exited").await;
    assert!(tree.stop().await.clean);
}

/// OTP rule 64.
#[tokio::test(start_paused = true)]
async fn a_result_that_is_dropped_asks_its_task_to_stop_unless_it_was_detached() {
    let (_tree, mut log, jobs) = given_jobs(DynamicSupervisor::new("jobs")).await;
    let tasks = TaskSupervisor::new(jobs.clone());
    let (linked, detached) = (Flag::default(), Flag::default());
    let raises = |flag: &Flag| {
        let flag = flag.clone();
        move |cx: rootward::TaskContext| async move {
            cx.stopping().await;
            flag.raise();
        }
    };

    let first = tasks.run(raises(&linked)).await.unwrap();
    let second = tasks.run(raises(&detached)).await.unwrap().detach();
    drop((first, second));
    log.wait_for(|event| event.what.name() == "exited").await;

    assert!(linked.is_raised() && !detached.is_raised());
    assert_eq!(jobs.count_children().active, 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_takes_the_tasks_along_and_tells_the_callers_that_wait() {
    let (tree, _log, jobs) = given_jobs(DynamicSupervisor::new("jobs")).await;
    let tasks = TaskSupervisor::new(jobs);
    let never = tasks.run(|_| std::future::pending::<u32>()).await.unwrap();

    let (report, result) = tokio::join!(tree.stop(), never);

    assert_eq!((report.ending, result), (Ending::Forced, Err(TaskError::Stopped)));
    let late = tasks.spawn(|_| async {}).await;
    assert!(matches!(late.as_ref().map_err(SpawnError::kind), Err(SpawnErrorKind::NotRunning)), "{late:?}");
}

/// OTP rule 64.
#[tokio::test(start_paused = true)]
async fn results_come_in_the_order_of_the_items_however_long_each_takes() {
    let (_tree, _log, jobs) = given_jobs(DynamicSupervisor::new("jobs")).await;
    let tasks = TaskSupervisor::new(jobs.clone());

    let mut results = tasks.map(2, [3, 1, 2], |_, seconds| async move {
        work_for(seconds * SECOND).await;
        seconds * 10
    });
    let mut all = Vec::new();
    while let Some(result) = within("the next result", results.next()).await.unwrap() {
        assert!(jobs.count_children().active <= 2);
        all.push(result.unwrap());
    }

    assert_eq!(all, [30, 10, 20]);
}

/// OTP rule 65.
#[tokio::test(start_paused = true)]
async fn partitions_are_numbered_and_each_is_restarted_on_its_own() {
    let zero = Puppet::new("0");
    let spec = zero.spec();
    let shards =
        PartitionSupervisor::new("shards", FOUR, move |n| if n == 0 { spec.clone() } else { obedient("x") });
    let (tree, mut log) = given(Supervisor::new("root").child(shards)).await;

    zero.fails();
    log.wait_for(|event| event.what.name() == "started" && event.incarnation == 2).await;

    let record = log.so_far();
    let expected = ["root", "shards", "shards/0", "shards/1", "shards/2", "shards/3", "shards/0"];
    assert_eq!(record.paths("starting"), expected);
    assert!(tree.stop().await.clean);
}

/// OTP rule 65.
#[tokio::test(start_paused = true)]
async fn a_key_always_belongs_to_the_same_partition() {
    let of = |key: &str| PartitionSupervisor::partition_of(&key, FOUR);
    let keys: Vec<_> = (0..100).map(|n| format!("key-{n}")).collect();

    assert!(keys.iter().all(|key| of(key) < 4 && of(key) == of(key)));
    assert!((0..4).all(|partition| keys.iter().any(|key| of(key) == partition)), "all of them have work");
}

/// OTP rule 65.
#[tokio::test(start_paused = true)]
async fn partitions_can_be_put_to_rest_and_woken() {
    let shards = PartitionSupervisor::new("shards", FOUR, |_| obedient("shard"));
    let (tree, _log) = given(Supervisor::new("root").child(shards)).await;
    let shards = tree.supervisor("root/shards").unwrap();

    shards.resize(1).await.unwrap();
    assert_eq!(shards.count_children().active, 1);
    shards.resize(3).await.unwrap();
    assert_eq!(shards.count_children().active, 3);

    let too_many = shards.resize(5).await;
    assert!(matches!(too_many, Err(ResizeError::TooMany { most: 4 })), "{too_many:?}");
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_without_partitions_is_not_resized_and_keeps_its_children() {
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a")).child(obedient("b"))).await;
    let root = tree.supervisor("root").unwrap();

    let refused = root.resize(1).await;

    assert!(matches!(refused, Err(ResizeError::NotPartitions)), "{refused:?}");
    assert_eq!(root.count_children().active, 2);
}

#[tokio::test(start_paused = true)]
async fn partitions_get_state_without_a_closure_in_a_closure() {
    async fn report(cx: TaskContext, (shard, seen): (usize, Arc<Mutex<BTreeSet<usize>>>)) {
        seen.lock().unwrap().insert(shard);
        cx.stopping().await;
    }
    let seen = Arc::default();
    let shards = PartitionSupervisor::new("shards", FOUR, |shard| {
        ChildSpec::task_with("shard", (shard, Arc::clone(&seen)), report)
    });

    let (_tree, _log) = given(Supervisor::new("root").child(shards)).await;
    settle().await;

    assert_eq!(*seen.lock().unwrap(), BTreeSet::from([0, 1, 2, 3]));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_has_used_up_its_own_tries_is_over_and_the_other_jobs_go_on() {
    async fn fails(_: TaskContext, tries: Arc<AtomicU32>) -> Result<(), String> {
        tries.fetch_add(1, Ordering::SeqCst);
        Err("no such host".to_owned())
    }
    let (tree, mut log, jobs) = given_jobs(DynamicSupervisor::new("jobs")).await;
    jobs.start_child(obedient("other")).await.unwrap();
    let tries = Arc::new(AtomicU32::new(0));
    let job =
        ChildSpec::task_with("try", Arc::clone(&tries), fails).backoff(Backoff::new(SECOND, SECOND * 8));
    let job = Supervisor::new("mail").intensity(4, SECOND * 3600).child(job);

    jobs.start_child(job.into_child().restart(Restart::Temporary)).await.unwrap();
    log.wait_for(|event| event.what.name() == "gave_up").await;
    log.wait_for(|event| event.what.name() == "exited" && event.path == "root/jobs/mail-1").await;
    settle().await;

    assert_eq!(tries.load(Ordering::SeqCst), 5);
    assert_eq!(jobs.which_children().len(), 1, "the other job is there");
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_dynamic_supervisor_without_children_is_idle() {
    let root = Supervisor::new("root").child(DynamicSupervisor::new("jobs"));
    let builder = root.into_tree().unwrap().stop_when_idle(true);
    let (tree, _log) = given_tree(builder).await;

    assert_eq!(tree.wait().await.cause, StopCause::Idle);
}

const SECOND: Duration = Duration::from_secs(1);
const FOUR: NonZeroUsize = NonZeroUsize::new(4).expect("four is not zero");

async fn given_jobs(jobs: DynamicSupervisor) -> (GivenTree, EventLog, SupervisorHandle) {
    let (tree, log) = given(Supervisor::new("root").child(ChildSpec::from(jobs))).await;
    let jobs = tree.supervisor("root/jobs").expect("it has just been started");
    (tree, log, jobs)
}
