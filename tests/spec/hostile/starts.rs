//! Starts that panic, block or look at the tree, and what is asked of a child before it is started.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use rootward::child_kind::{Launch, StartChild, StartContext};
use rootward::error::{SpecError, StartChildError, StartError};
use rootward::report::{Ending, Outcome};
use rootward::snapshot::{ChildKind, ChildState};
use rootward::{ChildSpec, DynamicSupervisor, Restart, Supervisor, SupervisorHandle};

use crate::support::{
    Blocked, Deed, GivenTree, Hostile, Lookout, Place, blocks, builder, given, given_tree, launched,
    launched_tree, obedient, panics, within,
};

// --- start ---

#[tokio::test(start_paused = true)]
async fn a_start_may_look_at_the_tree() {
    let lookout = Lookout::default();
    let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
    lookout.sees(&tree);

    let child = Hostile::child("a", Place::Start, lookout.looks());
    within("the start", jobs_of(&tree).start_child(child)).await.unwrap();

    assert!(lookout.has_looked());
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_panics_is_told_only_to_its_caller() {
    let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
    jobs_of(&tree).start_child(obedient("a")).await.unwrap();

    let child = Hostile::child("b", Place::Start, panics());
    let answer = within("an answer", jobs_of(&tree).start_child(child)).await;

    let Err(StartChildError::Failed(StartError::Child { source, .. })) = answer else { panic!("{answer:?}") };
    assert!(matches!(*source, StartError::Panicked(_)), "{source:?}");
    assert_eq!(jobs_of(&tree).count_children().active, 1);
    assert!(tree.stop().await.clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_blocks_holds_up_its_own_supervisor_alone_and_everything_can_be_looked_at() {
    let (blocked, release) = Blocked::new();
    let (jobs, others) = (DynamicSupervisor::new("jobs"), DynamicSupervisor::new("others"));
    let root = Supervisor::new("root").child(jobs).child(others);
    let (tree, _log) = given_tree(builder(root).deadline(SHORT)).await;
    let jobs = jobs_of(&tree);
    offer_and_leave(&jobs, Hostile::child("a", Place::Start, blocks(&blocked)));
    blocked.is_there().await;

    let others = tree.supervisor("root/others").unwrap();
    within("a start elsewhere", others.start_child(obedient("b"))).await.unwrap();
    let seen = tree.snapshot();
    let below = jobs.which_children();
    let report = tree.stop().await;

    let states: Vec<_> = below.iter().map(|child| child.state).collect();
    assert_eq!(states, [ChildState::Starting]);
    assert_eq!(seen.find("root/others/1").map(|b| b.state), None, "its id has a name in front");
    assert_eq!(report.ending, Ending::Incomplete);
    let left: Vec<_> = report.unreapable().iter().map(|node| node.path.to_string()).collect();
    assert_eq!(left, [below[0].path.to_string(), "root/jobs".to_owned(), "root".to_owned()]);
    assert_eq!(report.find("root/others").map(|node| node.outcome), Some(Outcome::Graceful));
    drop(release);
    tree.wait_gone().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_going_to_be_done_about_a_supervisor_that_is_blocked_is_said_by_the_one_above() {
    let (blocked, release) = Blocked::new();
    let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
    let before = within("an answer", tree.outlook("root/jobs")).await.unwrap();
    offer_and_leave(&jobs_of(&tree), Hostile::child("a", Place::Start, blocks(&blocked)));
    blocked.is_there().await;

    let said = within("an answer", tree.outlook("root/jobs")).await.unwrap();

    assert!(before.own.is_some() && said.own.is_none(), "{before:?}, {said:?}");
    assert_eq!((said.on_failure, said.above), (before.on_failure, before.above));
    assert!(said.on_failure.is_some());
    drop(release);
    assert!(tree.stop().await.clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_of_the_tree_that_is_blocked_is_over_at_the_deadline_of_its_stop_and_names_the_child() {
    let (blocked, release) = Blocked::new();
    let inner = Supervisor::new("inner").child(Hostile::child("b", Place::Start, blocks(&blocked)));
    let root = Supervisor::new("root").child(obedient("a")).child(inner).child(obedient("c"));
    let (tree, _log) = launched_tree(builder(root).deadline(SHORT));
    blocked.is_there().await;

    let report = tree.stop().await;

    let outcome = |path: &str| report.find(path).map(|node| node.outcome);
    assert_eq!(outcome("root/inner/b"), Some(Outcome::Unreapable));
    assert_eq!(outcome("root/c"), None, "its turn never came");
    drop(release);
    tree.wait_gone().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_makes_no_sense_is_refused_although_its_supervisor_is_blocked() {
    let (blocked, release) = Blocked::new();
    let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
    let jobs = jobs_of(&tree);
    offer_and_leave(&jobs, Hostile::child("a", Place::Start, blocks(&blocked)));
    blocked.is_there().await;

    let significant = obedient("b").restart(Restart::Temporary).significant(true);
    let answer = within("an answer", jobs.start_child(significant)).await;

    assert!(matches!(answer, Err(StartChildError::Spec(_))), "{answer:?}");
    drop(release);
    assert!(tree.stop().await.clean);
}

// --- check and kind ---

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_blocks_blocks_the_caller_that_offers_the_child_and_no_supervisor() {
    let (blocked, release) = Blocked::new();
    let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
    let (jobs, deed) = (jobs_of(&tree), blocks(&blocked));
    let caller = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(jobs.start_child(Checked::child("a", deed))).map(drop)
    });
    blocked.is_there().await;

    within("a start", jobs_of(&tree).start_child(obedient("b"))).await.unwrap();
    assert!(tree.stop().await.clean);

    drop(release);
    let answer = caller.join().unwrap();
    assert!(matches!(answer, Err(StartChildError::NotRunning { .. })), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_check_may_look_at_the_tree() {
    let lookout = Lookout::default();
    let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
    lookout.sees(&tree);

    let answer = within("an answer", jobs_of(&tree).start_child(Checked::child("a", lookout.looks()))).await;
    assert!(matches!(answer, Err(StartChildError::Ignored)), "{answer:?}");

    assert!(lookout.has_looked());
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_child_is_asked_what_it_is_when_its_spec_is_made_and_never_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let child = ChildSpec::new("a", Asked(Arc::clone(&asked)));
    let (tree, _log) = launched(Supervisor::new("root").child(DynamicSupervisor::new("jobs")).child(child));
    tree.started().await.unwrap();
    let another = ChildSpec::new("b", Asked(Arc::clone(&asked)));
    let answer = within("an answer", jobs_of(&tree).start_child(another)).await;
    assert!(matches!(answer, Err(StartChildError::Ignored)), "{answer:?}");

    let _ = (tree.snapshot(), jobs_of(&tree).count_children(), jobs_of(&tree).which_children());

    assert!(tree.stop().await.clean);
    assert_eq!(asked.load(Ordering::SeqCst), 2, "once for each spec");
}

const SHORT: Duration = Duration::from_secs(2);

fn jobs_of(tree: &GivenTree) -> SupervisorHandle {
    tree.supervisor("root/jobs").expect("it runs")
}

/// Offers a child and does not wait for what becomes of it.
fn offer_and_leave(supervisor: &SupervisorHandle, child: ChildSpec) {
    let mut offer = Box::pin(supervisor.start_child(child));
    let answered = offer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(answered.is_pending(), "the supervisor has had no turn yet");
}

/// A child that does a deed when it is checked.
struct Checked(Deed);

impl Checked {
    fn child(id: &str, deed: Deed) -> ChildSpec {
        ChildSpec::new(id, Self(deed)).restart(Restart::Temporary)
    }
}

impl StartChild for Checked {
    fn kind(&self) -> ChildKind {
        ChildKind::Actor
    }

    fn start(&self, _: StartContext) -> Launch {
        Launch::Ignored
    }

    fn check(&self, _: &str) -> Result<(), SpecError> {
        (self.0)();
        Ok(())
    }
}

/// A child that counts how often it is asked what it is.
struct Asked(Arc<AtomicUsize>);

impl StartChild for Asked {
    fn kind(&self) -> ChildKind {
        self.0.fetch_add(1, Ordering::SeqCst);
        ChildKind::Actor
    }

    fn start(&self, _: StartContext) -> Launch {
        Launch::Ignored
    }
}
