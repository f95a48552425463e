//! How long a stop may take, and what becomes of children that take longer.

use std::time::Duration;

use rootward::event::StopCause;
use rootward::report::{Ending, Outcome};
use rootward::{EventKind, Exit, Shutdown, Supervisor};

use crate::support::{
    Double, EventLog, Flag, GivenTree, builder, given, given_tree, obedient, settle, stubborn, takes,
};

/// OTP rule 10.
#[tokio::test(start_paused = true)]
async fn a_child_that_does_not_go_is_forced_when_its_grace_is_over() {
    let (tree, log) = given(Supervisor::new("root").child(stubborn("a").shutdown(2 * SECOND))).await;

    let report = tree.stop().await;

    let a = report.find("root/a").unwrap();
    assert_eq!((a.outcome, a.forced, &a.status), (Outcome::Killed, true, &Some(Exit::Aborted)));
    assert_eq!((a.elapsed.as_secs(), report.ending), (2, Ending::Forced));
    assert_eq!(
        log.until_the_end().await.of_child("a"),
        ["starting", "started", "stopping", "escalated", "stopped"]
    );
}

/// OTP rule 7.
#[tokio::test(start_paused = true)]
async fn the_default_grace_is_five_seconds() {
    let (tree, _log) = given(Supervisor::new("root").child(stubborn("a"))).await;

    assert_eq!(tree.stop().await.elapsed.as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_goes_within_its_grace_is_not_forced() {
    let (tree, _log) = given(Supervisor::new("root").child(takes("a", SECOND).shutdown(2 * SECOND))).await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(report.elapsed.as_secs(), 1);
}

/// A test that has its own clock jump is not taken for a suspension.
#[tokio::test(start_paused = true)]
async fn a_clock_that_a_test_advances_goes_on_for_a_grace_as_well() {
    let (tree, _log) = given(Supervisor::new("root").child(stubborn("a").shutdown(8 * SECOND))).await;
    tree.request_stop();
    settle().await;

    tokio::time::advance(6 * SECOND).await;

    assert_eq!(tree.wait().await.elapsed.as_secs(), 8);
}

#[tokio::test(start_paused = true)]
async fn every_child_has_its_own_grace() {
    let root = Supervisor::new("root").child(stubborn("a").shutdown(2 * SECOND));
    let (tree, _log) = given(root.child(stubborn("b").shutdown(3 * SECOND))).await;

    let report = tree.stop().await;

    let elapsed = |path: &str| report.find(path).unwrap().elapsed.as_secs();
    assert_eq!((elapsed("root/a"), elapsed("root/b"), elapsed("root")), (2, 3, 5));
}

/// The grace of a child is cut to what its supervisor has left, and a supervisor has what the whole stop has left
/// before everything is forced.
#[tokio::test(start_paused = true)]
async fn the_record_says_how_long_each_child_has_until_it_is_forced() {
    let inner = Supervisor::new("inner").child(stubborn("cut").shutdown(9 * SECOND));
    let root = Supervisor::new("root")
        .child(obedient("kill").shutdown(Shutdown::Kill))
        .child(inner)
        .child(stubborn("own").shutdown(4 * SECOND));
    let (tree, log) = given_tree(root.into_tree().unwrap().deadline(10 * SECOND)).await;
    let _ = tree.stop().await;

    let record = log.until_the_end().await;
    let grace = |name: &str| {
        let EventKind::Stopping { grace, .. } = record.find(name, "stopping").what else { panic!("{name}") };
        grace
    };
    assert_eq!(grace("root"), Some(10 * SECOND));
    assert_eq!(grace("own"), Some(4 * SECOND));
    assert_eq!((grace("inner"), grace("inner/cut")), (Some(5 * SECOND), Some(5 * SECOND)));
    assert_eq!(grace("kill"), Some(Duration::ZERO));
}

/// OTP rule 11.
#[tokio::test(start_paused = true)]
async fn a_stop_without_a_deadline_sets_a_supervisor_no_limit() {
    let inner = Supervisor::new("inner").child(obedient("a"));
    let tree = Supervisor::new("root").child(inner).into_tree().unwrap().deadline(None);
    let (tree, log) = given_tree(tree).await;
    let _ = tree.stop().await;

    let record = log.until_the_end().await;
    for name in ["root", "inner"] {
        assert!(
            matches!(record.find(name, "stopping").what, EventKind::Stopping { grace: None, .. }),
            "{name}"
        );
    }
}

/// OTP rule 9.
#[tokio::test(start_paused = true)]
async fn a_child_that_is_to_be_killed_is_not_asked_and_that_is_clean() {
    let asked = Flag::default();
    let seen = asked.clone();
    let a = rootward::ChildSpec::task("a", move |cx| {
        let seen = seen.clone();
        async move {
            cx.stopping().await;
            seen.raise();
        }
    });
    let (tree, log) = given(Supervisor::new("root").child(a.shutdown(Shutdown::Kill))).await;
    settle().await;

    let report = tree.stop().await;

    let a = report.find("root/a").unwrap();
    assert_eq!((a.outcome, a.forced, &a.status), (Outcome::Killed, false, &Some(Exit::Aborted)));
    assert!(report.clean && !asked.is_raised());
    assert_eq!(log.until_the_end().await.of_child("a"), ["starting", "started", "stopping", "stopped"]);
}

/// OTP rule 10.
#[tokio::test(start_paused = true)]
async fn a_grace_of_zero_is_a_question_that_waits_for_no_answer() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec().shutdown(Duration::ZERO))).await;

    tree.request_stop();
    log.wait_for_event("a", "escalated").await;

    assert_eq!(a.calls(), ["start", "stop", "force"]);
    a.ends();
    assert_eq!(tree.wait().await.ending, Ending::Forced);
}

/// OTP rule 11.
#[tokio::test(start_paused = true)]
async fn a_child_with_infinity_is_waited_for_until_the_deadline_of_the_tree() {
    let a = takes("a", 20 * SECOND).shutdown(Shutdown::Infinity);
    let (tree, _log) = given(Supervisor::new("root").child(a)).await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(report.elapsed.as_secs(), 20);
}

/// OTP rule 10.
#[tokio::test(start_paused = true)]
async fn a_grace_is_cut_to_what_is_left_of_the_deadline() {
    let inner = Supervisor::new("inner").child(stubborn("a").shutdown(Shutdown::Infinity));
    let root = Supervisor::new("root").child(inner).child(takes("b", 4 * SECOND));
    let (tree, _log) = given_by(root, 10 * SECOND).await;

    let report = tree.stop().await;

    // A second before the deadline whatever is left is forced, so that it can still be awaited.
    assert_eq!((report.ending, report.elapsed.as_secs()), (Ending::Forced, 9));
    assert_eq!(report.find("root/inner/a").unwrap().elapsed.as_secs(), 5);
    assert_eq!(report.find("root/b").unwrap().outcome, Outcome::Graceful);
}

#[tokio::test(start_paused = true)]
async fn a_child_is_told_by_when_it_will_be_forced() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec().shutdown(3 * SECOND))).await;
    let now = tokio::time::Instant::now().into_std();

    tree.request_stop();
    log.wait_for_event("a", "stopping").await;

    let request = a.request();
    assert_eq!((request.deadline, request.cause), (Some(now + 3 * SECOND), StopCause::Parent));
    a.ends();
    let _ = tree.wait().await;
}

#[tokio::test(start_paused = true)]
async fn when_the_deadline_is_over_everything_is_forced_at_once() {
    let root = Supervisor::new("root").children(["a", "b", "c", "d"].map(stubborn));
    let (tree, log) = given_by(root, 8 * SECOND).await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.forced().len()), (Ending::Forced, 4));
    // One whole grace for the last child, and the rest of the time for the one before it; nothing for
    // the first two.
    let record = log.until_the_end().await;
    let at = |id: &str| (record.find(id, "escalated").at - record.find("root", "stopping").at).as_millis();
    assert_eq!(["d", "c", "b", "a"].map(at), [5000, 7200, 7200, 7200]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_was_never_asked_learns_that_it_was_the_deadline() {
    let root = Supervisor::new("root").child(obedient("a")).child(stubborn("b"));
    let (tree, log) = given_by(root, SECOND).await;

    let report = tree.stop().await;

    let record = log.until_the_end().await;
    assert_eq!(record.cause("a"), StopCause::Deadline);
    assert_eq!(report.find("root/a").unwrap().outcome, Outcome::Killed);
}

#[tokio::test(start_paused = true)]
async fn what_is_still_there_at_the_deadline_is_named_and_no_success_is_claimed() {
    let b = Double::running("b");
    let inner = Supervisor::new("inner").child(b.spec());
    let (tree, log) = given_by(Supervisor::new("root").child(obedient("a")).child(inner), 10 * SECOND).await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.clean, report.elapsed.as_secs()), (Ending::Incomplete, false, 10));
    let left: Vec<_> = report.unreapable().iter().map(|node| node.path.to_string()).collect();
    assert_eq!(left, ["root/inner/b", "root/inner", "root"]);
    let b_report = report.find("root/inner/b").unwrap();
    assert_eq!((b_report.outcome, &b_report.status, b_report.forced), (Outcome::Unreapable, &None, true));
    assert_eq!(b.calls(), ["start", "stop", "force"]);
    assert_eq!(log.until_the_end().await.paths("stopped"), ["a", "inner/b", "inner", "root"]);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_brought_down_can_still_be_awaited() {
    let a = Double::running("a");
    let (tree, _log) = given_by(Supervisor::new("root").child(a.spec()), SECOND).await;
    assert_eq!(tree.stop().await.ending, Ending::Incomplete);
    assert!(tree.snapshot().find("root/a").unwrap().forced);

    let (_, ()) = tokio::join!(tree.wait_gone(), async {
        settle().await;
        a.ends();
    });

    assert_eq!(tree.wait().await.ending, Ending::Incomplete, "what was said is not taken back");
}

#[tokio::test(start_paused = true)]
async fn one_child_that_will_not_go_does_not_protect_the_others() {
    let b = Double::running("b");
    let root = Supervisor::new("root").child(stubborn("a")).child(b.spec()).child(stubborn("c"));
    let (tree, _log) = given_by(root, 10 * SECOND).await;

    let report = tree.stop().await;

    let outcome = |path: &str| report.find(path).unwrap().outcome;
    assert_eq!(
        ["root/a", "root/b", "root/c"].map(outcome),
        [Outcome::Killed, Outcome::Unreapable, Outcome::Killed]
    );
    b.ends();
    tree.wait_gone().await;
}

/// OTP rule 11.
#[tokio::test(start_paused = true)]
async fn without_a_deadline_a_stop_takes_as_long_as_it_takes() {
    let root = Supervisor::new("root").child(takes("a", 3600 * SECOND).shutdown(Shutdown::Infinity));
    let (tree, _log) = given_tree(root.into_tree().unwrap().deadline(None)).await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(report.elapsed.as_secs(), 3600);
}

#[tokio::test(start_paused = true)]
async fn the_default_deadline_is_below_what_orchestrators_grant() {
    let (tree, _log) = given(Supervisor::new("root").child(stubborn("a").shutdown(Shutdown::Infinity))).await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.elapsed.as_secs()), (Ending::Forced, 24));
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_gives_up_has_the_same_deadline() {
    let (a, b) = (crate::support::Puppet::new("a"), Double::running("b"));
    let root = Supervisor::new("root").intensity(0, SECOND).child(a.spec()).child(b.spec());
    let (tree, _log) = given_by(root, 10 * SECOND).await;

    a.fails();

    let report = tree.wait().await;
    assert_eq!((report.ending, report.cause), (Ending::Incomplete, StopCause::GaveUp));
    b.ends();
    tree.wait_gone().await;
}

const SECOND: Duration = Duration::from_secs(1);

async fn given_by(root: Supervisor, deadline: Duration) -> (GivenTree, EventLog) {
    given_tree(builder(root).deadline(deadline)).await
}
