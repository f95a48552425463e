//! When an actor has started, and when it has not.

use std::time::Duration;

use rootward::error::{StartError, TreeStartError};
use rootward::report::{Outcome, Panic};
use rootward::{ChildSpec, Exit, Supervisor, ractor::Actor, ractor::ActorRef};

use super::clerk::{Clerk, Refusal, Step};
use crate::support::{EventLog, cause_of, given, launched, obedient, settle};

#[tokio::test(start_paused = true)]
async fn an_actor_has_started_when_its_pre_start_has_succeeded() {
    let a = Clerk::new().that(Step::Take(SECOND), "pre_start").that(Step::Hang, "post_start");
    let (tree, log) = launched(Supervisor::new("root").child(a.spec("a")).child(obedient("b")));
    settle().await;
    assert!(!a.diary.says("post_start"));

    tree.started().await.unwrap();
    tree.stop().await;

    let record = log.until_the_end().await;
    assert_eq!(
        record.lines()[..6],
        ["root starting", "a starting", "a started", "b starting", "b started", "root started"]
    );
    assert_eq!(record.find("a", "started").child_kind.to_string(), "actor");
}

#[tokio::test(start_paused = true)]
async fn an_error_in_pre_start_is_a_failed_start_and_is_handed_on_as_it_is() {
    let error = start_error_of(&Clerk::new().that(Step::Fail, "pre_start")).await;

    assert_eq!(cause_of::<Refusal>(&error), Some(&Refusal));
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_pre_start_is_a_failed_start_with_its_message_and_its_place() {
    rootward::report::capture_panics();

    let panic = start_panic_of(&Clerk::new().that(Step::Panic, "pre_start")).await;

    assert_eq!(panic.message, "a clerk panics");
    assert!(panic.location.expect("the place is captured").contains("spec/actors/clerk.rs:"));
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_the_actor_is_made_is_a_failed_start() {
    let panic = start_panic_of(&Clerk::new().that(Step::Panic, "make")).await;

    assert!(panic.message.contains("no make"), "{panic}");
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_is_killed_before_it_has_started_has_failed_to_start() {
    let error = start_error_of(&Clerk::new().that(Step::KillYourself, "pre_start")).await;

    assert!(matches!(error, StartError::Ended(Exit::Aborted)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_start_is_told_when_nothing_is_left_of_it() {
    let a = Clerk::new().that(Step::Fail, "pre_start");
    let other = a.diary.clone();
    let b = ChildSpec::task("b", move |cx| {
        let diary = other.clone();
        async move {
            cx.stopping().await;
            diary.note("the one before is stopped");
        }
    });

    let (tree, _log) = launched(Supervisor::new("root").child(b).child(a.spec("a")));
    let _ = tree.started().await;

    let last = ["pre_start", "state dropped", "actor dropped", "the one before is stopped"];
    assert_eq!(a.diary.entries(), last);
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_what_is_left_of_a_failed_start_is_dropped_is_told_instead_of_the_error() {
    let panic = start_panic_of(&Clerk::new().that(Step::Fail, "pre_start").that(Step::Panic, "actor")).await;

    assert!(panic.message.contains("no actor"), "{panic}");
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_takes_too_long_to_start_is_given_up_and_leaves_nothing() {
    let a = Clerk::new().that(Step::Hang, "pre_start");
    let (tree, _log) = launched(Supervisor::new("root").child(a.spec("a").start_timeout(SECOND)));

    let Err(TreeStartError::Start { error, .. }) = tree.started().await else { panic!("it hangs") };

    assert!(matches!(child_error(&error), StartError::TimedOut(after) if *after == SECOND), "{error}");
    assert_eq!(a.diary.entries(), ["pre_start", "state dropped", "actor dropped"]);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_does_not_wait_for_a_start_but_goes_on_living() {
    let a = Clerk::new().that(Step::Hang, "pre_start");
    let (tree, mut log) = launched(Supervisor::new("root").child(obedient("b")).child(a.spec("a")));
    log.wait_for_event("a", "starting").await;

    let report = tree.stop().await;

    let [b, a] = &report.root.children[..] else { panic!("there are two children") };
    assert_eq!((b.outcome, a.outcome), (Outcome::Graceful, Outcome::Killed));
    assert_eq!(a.elapsed, Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_is_asked_to_stop_while_it_starts_stops_when_it_has_started() {
    let a = Clerk::new().that(Step::Take(SECOND), "pre_start");
    let (tree, mut log) = launched(Supervisor::new("root").child(a.spec("a")));
    log.wait_for_event("a", "starting").await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(a.diary.entries(), ["pre_start", "post_start", "post_stop", "state dropped", "actor dropped"]);
    assert!(a.address.current().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_fails_while_it_starts_and_is_asked_to_stop_is_gone_like_any_other() {
    let a = Clerk::new().that(Step::Take(SECOND), "pre_start").that(Step::Panic, "state");
    let (tree, mut log) = launched(Supervisor::new("root").child(a.spec("a")));
    log.wait_for_event("a", "starting").await;
    tree.force();

    let report = tree.wait().await;

    let status = report.root.children[0].status.clone();
    assert!(matches!(status, Some(Exit::Panicked(_))), "{status:?}");
}

#[tokio::test(start_paused = true)]
async fn an_actor_can_do_without_an_address() {
    struct Recluse(super::clerk::Diary);
    impl Actor for Recluse {
        type Msg = ();
        type State = ();
        type Arguments = &'static str;

        async fn pre_start(&self, _: ActorRef<()>, arguments: &'static str) -> Result<(), Error> {
            self.0.note(arguments);
            Ok(())
        }
    }
    let diary = super::clerk::Diary::default();
    let its = diary.clone();
    let a = ChildSpec::actor("a", move || (Recluse(its.clone()), "its arguments"));

    let (tree, _log) = given(Supervisor::new("root").child(a)).await;

    assert!(tree.stop().await.clean);
    assert_eq!(diary.entries(), ["its arguments"]);
}

type Error = rootward::ractor::ActorProcessingErr;

/// How the start of a tree with this child fails.
async fn start_error_of(clerk: &Clerk) -> StartError {
    let (tree, log): (_, EventLog) = launched(Supervisor::new("root").child(clerk.spec("a")));
    let Err(TreeStartError::Start { error, report }) = tree.started().await else {
        panic!("it cannot be started")
    };
    assert!(report.unreapable().is_empty());
    assert_eq!(log.until_the_end().await.of_child("a"), ["starting", "start_failed"]);
    child_error(&error).clone()
}

async fn start_panic_of(clerk: &Clerk) -> Panic {
    let error = start_error_of(clerk).await;
    let StartError::Panicked(panic) = error else { panic!("not a panic: {error}") };
    panic
}

fn child_error(error: &StartError) -> &StartError {
    if let StartError::Child { source, .. } = error { child_error(source) } else { error }
}

const SECOND: Duration = Duration::from_secs(1);
