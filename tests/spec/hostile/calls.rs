//! Children that panic, block or look at the tree when their supervisor asks, ends or names them, and kill handles
//! that do.

use std::time::Duration;

use rootward::report::{Ending, Outcome};
use rootward::{ChildSpec, Shutdown, StopOrder, Supervisor};

use crate::support::{
    Blocked, Deed, Double, Hostile, Lookout, OtherRuntime, Place, blocks, builder, for_each, given,
    given_tree, obedient, panics, until, within,
};

// --- a look at the tree ---

#[tokio::test(start_paused = true)]
async fn a_child_may_look_at_the_tree_wherever_its_supervisor_calls_it() {
    for place in PLACES {
        let lookout = Lookout::default();
        let inner = Supervisor::new("inner").child(hostile("a", place, lookout.looks()));
        let (tree, _log) = given(Supervisor::new("root").child(obedient("b")).child(inner)).await;
        lookout.sees(&tree);

        let report = tree.stop().await;

        assert!(lookout.has_looked(), "{place:?}");
        assert_ne!(report.ending, Ending::Incomplete, "{place:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kill_handle_may_look_at_the_tree() {
    let lookout = Lookout::default();
    let (tree, _log) =
        given(Supervisor::new("root").child(Hostile::child("a", Place::LastKill, lookout.looks()))).await;
    lookout.sees(&tree);

    tree.kill_processes();

    assert!(lookout.has_looked());
    assert!(tree.stop().await.clean);
}

// --- panics ---

#[tokio::test(start_paused = true)]
async fn a_child_that_panics_wherever_its_supervisor_calls_it_is_stopped_and_so_are_all_others() {
    for (place, ending) in [
        (Place::Hold, Ending::Clean),
        (Place::ForceName, Ending::Clean),
        (Place::StopSignal, Ending::Clean),
        (Place::Drop, Ending::Clean),
        (Place::Spec, Ending::Clean),
        (Place::LastKill, Ending::Clean),
        // It is forced instead, and goes.
        (Place::Stop, Ending::Forced),
        (Place::Kill, Ending::Clean),
        // It is still there at the deadline.
        (Place::Force, Ending::Incomplete),
    ] {
        let inner = Supervisor::new("inner").child(hostile("a", place, panics())).child(obedient("b"));
        let (tree, _log) = given(Supervisor::new("root").child(obedient("c")).child(inner)).await;

        let report = tree.stop().await;

        assert_eq!(report.ending, ending, "{place:?}");
        let outcome = |path: &str| report.find(path).map(|node| node.outcome);
        assert_eq!(outcome("root/inner/b"), Some(Outcome::Graceful), "{place:?}");
        assert_eq!(outcome("root/c"), Some(Outcome::Graceful), "{place:?}");
    }
}

// --- blocks ---

#[test]
fn a_child_that_blocks_its_supervisor_wherever_that_calls_it_is_reported_at_the_deadline() {
    for_each(&PLACES, |place| {
        let (blocked, release) = Blocked::new();
        let runtime = OtherRuntime::new(2);
        let inner =
            Supervisor::new("inner").child(hostile("a", place, blocks(&blocked))).child(obedient("b"));
        let root = Supervisor::new("root").child(obedient("c")).child(inner).child(obedient("d"));
        let (tree, _log) = runtime.block_on(given_tree(builder(root).deadline(SHORT)));

        let report = runtime.block_on(tree.stop());

        assert_eq!(report.ending, Ending::Incomplete);
        let outcome = |path: &str| report.find(path).map(|node| node.outcome);
        assert_eq!(outcome("root/inner"), Some(Outcome::Unreapable));
        assert_eq!(outcome("root/inner/b"), Some(Outcome::Graceful));
        assert_eq!(outcome("root/d"), Some(Outcome::Graceful));
        drop(release);
        assert_ne!(runtime.block_on(tree.wait_gone()).ending, Ending::Incomplete);
    });
}

#[tokio::test]
async fn a_child_that_blocks_the_root_is_reported_at_the_deadline_where_tasks_have_a_runtime_of_their_own() {
    let (blocked, release) = Blocked::new();
    let (control, tasks) = (OtherRuntime::new(2), OtherRuntime::new(1));
    let root =
        Supervisor::new("root").child(obedient("a")).child(hostile("b", Place::Stop, blocks(&blocked)));
    let tree = {
        let _inside = control.enter();
        builder(root).deadline(SHORT).task_runtime(tasks.handle().clone()).launch()
    };
    within("the start", tree.started()).await.unwrap();

    let report = within("the stop", tree.stop()).await;

    let left: Vec<_> = report.unreapable().iter().map(|node| node.path.to_string()).collect();
    assert_eq!(left, ["root/b", "root/a", "root"], "the root has asked no other child");
    drop(release);
    within("the end", tree.wait_gone()).await;
}

#[tokio::test]
async fn children_that_block_every_thread_that_supervisors_have_are_reported_at_the_deadline() {
    let (blocked, release) = Blocked::new();
    let control = OtherRuntime::new(2);
    let inner = |id: &str| {
        let places = hostile("a", Place::Stop, blocks(&blocked));
        ChildSpec::from(Supervisor::new(id).child(places))
    };
    let all = Supervisor::new("root").stop_order(StopOrder::Concurrent).children(["x", "y", "z"].map(inner));
    let tree = {
        let _inside = control.enter();
        builder(all).deadline(SHORT).launch()
    };
    within("the start", tree.started()).await.unwrap();

    let report = within("the stop", tree.stop()).await;

    assert_eq!(report.ending, Ending::Incomplete);
    assert_eq!(report.find("root/x").map(|node| node.outcome), Some(Outcome::Unreapable));
    drop(release);
    within("the end", tree.wait_gone()).await;
}

#[test]
fn a_report_can_be_had_at_once_while_every_thread_that_supervisors_have_is_blocked() {
    let (blocked, release) = Blocked::new();
    let control = OtherRuntime::new(1);
    let root =
        Supervisor::new("root").child(obedient("a")).child(hostile("b", Place::Stop, blocks(&blocked)));
    let tree = {
        let _inside = control.enter();
        builder(root).deadline(None).launch()
    };
    control.block_on(within("the start", tree.started())).unwrap();
    tree.request_stop();
    control.block_on(blocked.is_there());

    tree.report_now();

    let mut report = Box::pin(tree.wait());
    let polled = report.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    let std::task::Poll::Ready(report) = polled else { panic!("it is there") };
    assert_eq!(report.find("root/b").map(|node| node.outcome), Some(Outcome::Unreapable));
    drop(release);
    control.block_on(within("the end", tree.wait_gone()));
}

#[test]
fn kill_handles_that_block_keep_no_other_child_from_the_last_kill_and_no_caller_from_leaving() {
    let (blocked, release) = Blocked::new();
    let runtime = OtherRuntime::new(2);
    let (a, d) = (Double::running("a"), Double::running("d"));
    let kill = |id| Hostile::child(id, Place::LastKill, blocks(&blocked));
    // Without a grace: on a busy machine the test may be away for longer than that, and they are forced as well.
    let patient = |child: &Double| child.spec().shutdown(Shutdown::Infinity);
    let root =
        Supervisor::new("root").child(patient(&a)).child(kill("b")).child(kill("c")).child(patient(&d));
    let (tree, _log) = runtime.block_on(given(root));

    tree.kill_processes();

    let are_used = || [&a, &d].iter().all(|child| child.calls() == ["start", "last kill"]);
    // By now, unless the machine is so busy that no thread of the last kill had a turn in a tenth of a second.
    runtime.block_on(until("the others are used", are_used));
    drop(release);
    tree.request_stop();
    runtime.block_on(until("they are asked", || d.calls().contains(&"stop")));
    d.ends();
    runtime.block_on(until("they are asked", || a.calls().contains(&"stop")));
    a.ends();
    assert!(runtime.block_on(tree.wait()).clean);
}

const SHORT: Duration = Duration::from_secs(2);

/// Where a supervisor calls a child in a stop.
const PLACES: [Place; 7] =
    [Place::Hold, Place::Stop, Place::Kill, Place::Force, Place::ForceName, Place::StopSignal, Place::Drop];

/// A child that comes to this place in a stop.
fn hostile(id: &str, place: Place, deed: Deed) -> ChildSpec {
    let child = Hostile::child(id, place, deed);
    match place {
        Place::Kill => child.shutdown(Shutdown::Kill),
        Place::Force => child.shutdown(Duration::from_millis(10)),
        Place::Start
        | Place::Hold
        | Place::Stop
        | Place::ForceName
        | Place::StopSignal
        | Place::Drop
        | Place::LastKill
        | Place::Spec => child,
    }
}
