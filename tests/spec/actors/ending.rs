//! How an actor that ends by itself has ended.

use rootward::report::Panic;
use rootward::{Event, EventKind, Exit, Restart, Supervisor};

use super::clerk::{Clerk, Step};
use crate::support::{given, launched};

#[tokio::test(start_paused = true)]
async fn an_actor_that_stops_or_drains_itself_ends_normally() {
    assert_eq!(exit_after(Step::StopYourself, &Clerk::new()).await, Exit::Normal);
    assert_eq!(exit_after(Step::DrainYourself, &Clerk::new()).await, Exit::Normal);
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_other_code_stops_ends_normally() {
    let a = Clerk::new();
    let (_tree, mut log) =
        given(Supervisor::new("root").child(a.spec("a").restart(Restart::Temporary))).await;

    // Not even this reason makes it a kill.
    a.now().stop(Some("killed".to_owned()));

    assert_eq!(status(&*log.wait_for_event("a", "exited").await), Exit::Normal);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_callback_but_the_first_is_a_failure() {
    let failed = Exit::Failed { error: "would rather not".into() };

    assert_eq!(exit_after(Step::Fail, &Clerk::new()).await, failed);
    assert_eq!(exit_of(&Clerk::new().that(Step::Fail, "post_start")).await, failed);
    assert_eq!(exit_after(Step::StopYourself, &Clerk::new().that(Step::Fail, "post_stop")).await, failed);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_any_callback_but_the_first_is_a_panic_of_the_actor() {
    let panicked =
        |exit| matches!(exit, Exit::Panicked(Panic { message, .. }) if message == "a clerk panics");

    assert!(panicked(exit_after(Step::Panic, &Clerk::new()).await));
    assert!(panicked(exit_of(&Clerk::new().that(Step::Panic, "post_start")).await));
    assert!(panicked(exit_after(Step::StopYourself, &Clerk::new().that(Step::Panic, "post_stop")).await));
}

#[tokio::test(start_paused = true)]
async fn a_panic_says_where_it_happened_if_that_was_asked_for() {
    rootward::report::capture_panics();

    let Exit::Panicked(panic) = exit_after(Step::Panic, &Clerk::new()).await else { panic!("it panicked") };

    let location = panic.location.expect("the place is captured");
    assert!(location.contains("spec/actors/clerk.rs:"), "{location}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_the_actor_or_its_state_is_dropped_is_a_panic_of_the_actor() {
    for what in ["state", "actor"] {
        let exit = exit_after(Step::StopYourself, &Clerk::new().that(Step::Panic, what)).await;

        assert!(matches!(&exit, Exit::Panicked(panic) if panic.message.contains(what)), "{exit}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_drop_does_not_hide_the_panic_that_came_first() {
    let exit = exit_after(Step::Panic, &Clerk::new().that(Step::Panic, "state")).await;

    assert!(matches!(&exit, Exit::Panicked(panic) if panic.message == "a clerk panics"), "{exit}");
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_is_killed_is_aborted_and_that_is_abnormal() {
    assert_eq!(exit_after(Step::KillYourself, &Clerk::new()).await, Exit::Aborted);
    assert_eq!(exit_of(&Clerk::new().that(Step::KillYourself, "post_start")).await, Exit::Aborted);
    let in_post_stop = Clerk::new().that(Step::KillYourself, "post_stop");
    assert_eq!(exit_after(Step::StopYourself, &in_post_stop).await, Exit::Aborted);
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_fails_has_no_post_stop() {
    for step in [Step::Fail, Step::Panic, Step::KillYourself] {
        let a = Clerk::new();
        exit_after(step, &a).await;

        assert_eq!(a.diary.entries(), ["pre_start", "post_start", "state dropped", "actor dropped"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_actor_is_made_anew_when_nothing_is_left_of_the_one_before() {
    for step in [Step::Fail, Step::Panic, Step::KillYourself] {
        let a = Clerk::new();
        let (tree, mut log) = given(Supervisor::new("root").child(a.spec("a"))).await;
        assert_eq!(a.count().await, 1);

        a.does(step);
        log.wait_for_event("a", "restarting").await;
        log.wait_for_event("a", "started").await;

        assert_eq!(a.diary.from("state dropped")[..3], ["state dropped", "actor dropped", "pre_start"]);
        assert_eq!(a.count().await, 1);
        assert!(tree.stop().await.clean);
    }
}

/// How a clerk ends that is told to do this.
async fn exit_after(step: Step, clerk: &Clerk) -> Exit {
    let spec = clerk.spec("a").restart(Restart::Temporary);
    let (_tree, mut log) = given(Supervisor::new("root").child(spec)).await;
    clerk.does(step);
    status(&*log.wait_for_event("a", "exited").await)
}

/// How a clerk ends that ends without being told anything.
async fn exit_of(clerk: &Clerk) -> Exit {
    let spec = clerk.spec("a").restart(Restart::Temporary);
    let (_tree, mut log) = launched(Supervisor::new("root").child(spec));
    status(&*log.wait_for_event("a", "exited").await)
}

fn status(event: &Event) -> Exit {
    let EventKind::Exited { status: Some(status), .. } = &event.what else {
        panic!("not the end of an actor: {event:?}")
    };
    status.clone()
}
