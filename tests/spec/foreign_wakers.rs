//! Foreign wakers that block when a supervisor, the guardian or the record wakes them: each blocks a thread that
//! nothing else needs, however many there are.

use std::pin::Pin;
use std::task::Waker;

use rootward::{ChildSpec, DynamicSupervisor, Supervisor, SupervisorAddress, TaskSupervisor};

use crate::support::{
    Blocked, EventLog, GivenTree, Odd, OtherRuntime, launched, obedient, poll, until, within,
};

/// More than there are threads for supervisors.
const MANY: usize = 5;

#[tokio::test]
async fn answers_of_a_supervisor_keep_none_of_its_threads() {
    let (_runtime, tree, _log) = given_jobs().await;
    let (blocked, release) = Blocked::new();
    let jobs = tree.supervisor("root/jobs").unwrap();
    let _calls = wait_with_blocking_wakers(&blocked, |_| {
        let jobs = jobs.clone();
        Box::pin(async move { drop(jobs.start_child(obedient("a")).await) })
    });
    blocked.is_there().await;

    within("an answer", jobs.start_child(obedient("b"))).await.unwrap();
    assert!(tree.stop().await.clean);
    drop(release);
}

#[tokio::test]
async fn results_of_tasks_keep_no_thread_of_their_supervisor() {
    let (_runtime, tree, _log) = given_jobs().await;
    let (blocked, release) = Blocked::new();
    let tasks = TaskSupervisor::new(tree.supervisor("root/jobs").unwrap());
    let mut results = Vec::new();
    for _ in 0..MANY {
        results.push(within("the start of a task", tasks.run(|cx| async move { cx.stopping().await })).await);
    }
    let mut results = results.into_iter().map(Result::unwrap);
    let _waits = wait_with_blocking_wakers(&blocked, |_| {
        let result = results.next().unwrap();
        Box::pin(async move { drop(result.await) })
    });

    let report = tree.stop().await;

    assert!(report.clean, "{report}");
    blocked.is_there().await;
    drop(release);
}

#[tokio::test]
async fn the_beginning_of_the_stop_keeps_no_thread_of_the_supervisors() {
    let (_runtime, tree, _log) = given_jobs().await;
    let (blocked, release) = Blocked::new();
    let _waits = wait_with_blocking_wakers(&blocked, |n| {
        let (tree, token) = (tree.clone(), tree.token());
        match n % 2 {
            0 => Box::pin(async move { token.cancelled_owned().await }),
            _ => Box::pin(async move { tree.stopping().await }),
        }
    });

    tree.request_stop();
    blocked.is_there().await;

    assert!(tree.wait().await.clean);
    assert!(tree.token().is_cancelled());
    drop(release);
}

#[tokio::test]
async fn the_report_of_a_stop_keeps_no_thread_of_the_supervisors() {
    let (runtime, tree, mut log) = given_jobs().await;
    let (blocked, release) = Blocked::new();
    let _waits = wait_with_blocking_wakers(&blocked, |_| {
        let tree = tree.clone();
        Box::pin(async move { drop(tree.wait().await) })
    });

    tree.request_stop();
    blocked.is_there().await;

    assert!(tree.wait().await.clean);
    log.wait_for_event("root", "stopped").await;
    within("a turn on the runtime", runtime.spawn(async {})).await.unwrap();
    drop(release);
}

#[tokio::test]
async fn readers_of_events_keep_no_thread_of_the_supervisors() {
    let (_runtime, tree, _log) = given_jobs().await;
    let (blocked, release) = Blocked::new();
    let _reads = wait_with_blocking_wakers(&blocked, |_| {
        let mut events = tree.events();
        Box::pin(async move { drop(events.next().await) })
    });

    let report = tree.stop().await;

    assert!(report.clean, "{report}");
    blocked.is_there().await;
    drop(release);
}

#[tokio::test]
async fn waits_at_the_address_of_a_supervisor_keep_no_thread_of_its_parent() {
    let (blocked, release) = Blocked::new();
    let address = SupervisorAddress::new();
    let _waits = wait_with_blocking_wakers(&blocked, |_| {
        let address = address.clone();
        Box::pin(async move { drop(address.wait().await) })
    });
    let runtime = OtherRuntime::new(1);
    let entered = runtime.enter();
    let root = Supervisor::new("root").child(Supervisor::new("inner").at(&address).child(obedient("a")));
    let (tree, _log) = launched(root);
    drop(entered);

    within("the start", tree.started()).await.unwrap();

    assert!(tree.stop().await.clean);
    blocked.is_there().await;
    drop(release);
}

#[tokio::test]
async fn a_waker_at_the_address_of_a_root_may_panic() {
    let address = SupervisorAddress::new();
    let waker = Odd { wake: Box::new(|| std::panic::panic_any("a waker")), ..Odd::default() }.waker();
    let waits_at = address.clone();
    let mut waits: Waits = Box::pin(async move { drop(waits_at.wait().await) });
    assert!(poll(waits.as_mut(), &waker).is_pending());

    let (tree, _log) = launched(Supervisor::new("root").at(&address).child(obedient("a")));

    tree.started().await.unwrap();
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn guests_that_are_dropped_keep_no_thread_of_the_supervisors() {
    let (blocked, release) = Blocked::new();
    let (sender, mut guests) = tokio::sync::mpsc::unbounded_channel();
    let runtime = OtherRuntime::new(1);
    let entered = runtime.enter();
    let task = ChildSpec::task_with("a", sender, |cx, sender| async move {
        (0..MANY).for_each(|_| sender.send(cx.guest().unwrap()).unwrap());
        cx.stopping().await;
    });
    let (tree, _log) = launched(Supervisor::new("root").child(obedient("b")).child(task));
    drop(entered);
    tree.started().await.unwrap();
    let mut waiting = Vec::new();
    for _ in 0..MANY {
        let guest = within("a guest", guests.recv()).await.unwrap();
        let blocks = blocked.clone();
        let waker = Odd { wake: Box::new(move || blocks.stay()), ..Odd::default() }.waker();
        let mut runs: Waits = Box::pin(async move {
            let _ = guest.run(std::future::pending::<()>()).await;
        });
        assert!(poll(runs.as_mut(), &waker).is_pending());
        waiting.push((runs, waker));
    }

    tree.force();
    blocked.is_there().await;

    within("a turn on the supervisors' runtime", runtime.spawn(async {})).await.unwrap();
    drop((waiting, release));
    assert_eq!(tree.wait().await.unreapable().len(), 0);
}

#[tokio::test]
async fn a_token_is_cancelled_by_the_time_the_tree_has_stopped() {
    let (_runtime, tree, _log) = given_jobs().await;
    let token = tree.token();

    let _ = tree.stop().await;

    assert!(token.is_cancelled());
}

#[tokio::test]
async fn a_waker_that_was_handed_over_before_it_blocks_when_it_is_dropped_keeps_no_supervisor() {
    let (_runtime, tree, _log) = given_jobs().await;
    let (blocked, release) = Blocked::new();
    let jobs = tree.supervisor("root/jobs").unwrap();
    let blocks = blocked.clone();
    let waker = Odd { drop: Box::new(move || blocks.stay()), ..Odd::default() }.waker();
    let caller = std::thread::spawn(move || {
        let mut call: Waits = Box::pin(async move { drop(jobs.start_child(obedient("a")).await) });
        let _ = poll(call.as_mut(), &waker);
        drop(call);
        drop(waker);
    });
    blocked.is_there().await;

    assert!(tree.stop().await.clean);

    drop(release);
    until("the caller is through", || caller.is_finished()).await;
}

type Waits = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Futures that wait, each with a waker that blocks its thread.
fn wait_with_blocking_wakers(blocked: &Blocked, mut wait: impl FnMut(usize) -> Waits) -> Vec<(Waits, Waker)> {
    let begin = |n| {
        let blocks = blocked.clone();
        let waker = Odd { wake: Box::new(move || blocks.stay()), ..Odd::default() }.waker();
        let mut waits = wait(n);
        // What is there already wakes nothing.
        poll(waits.as_mut(), &waker).is_pending().then_some((waits, waker))
    };
    (0..).filter_map(begin).take(MANY).collect()
}

/// A tree on two threads of its own, with a supervisor of jobs.
async fn given_jobs() -> (OtherRuntime, GivenTree, EventLog) {
    let runtime = OtherRuntime::new(2);
    let entered = runtime.enter();
    let (tree, log) = launched(Supervisor::new("root").child(DynamicSupervisor::new("jobs")));
    drop(entered);
    tree.started().await.expect("the tree can be started");
    (runtime, tree, log)
}
