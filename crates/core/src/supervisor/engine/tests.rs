//! What has happened comes before what is decided.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::child::{ChildKind, Restart, StartError};
use crate::child_kind::{Launch, StartChild, StartContext};
use crate::event::{EventKind, Events};
use crate::spec::ChildSpec;
use crate::supervisor::Supervisor;

#[tokio::test(start_paused = true)]
async fn a_restart_that_fails_is_tried_again_behind_the_ends_that_had_happened_before() {
    let end = Arc::new(Notify::new());
    let once = ChildSpec::new("a", StartsOnce(ends_when("a", &end)));
    let children = [once, ends_when("b", &end), ends_when("c", &end)];
    let root = Supervisor::new("root").intensity(3, Duration::from_secs(1)).children(children);
    let tree = root.start().await.unwrap();
    let events = tree.events();

    // One thread, so that all three have ended before their supervisor hears of the first.
    end.notify_waiters();

    let restarts = restarted(events).await;
    assert_eq!(restarts, ["root/a", "root/b", "root/c"], "and a's second attempt is one too many");
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_when_the_stop_of_an_ancestor_has_just_begun_stops_no_sibling() {
    let end = Arc::new(Notify::new());
    let group = Supervisor::new("group").child(ends_when("a", &end)).child(ChildSpec::new("b", FailsInAStop));
    let mut builder = Supervisor::new("root").child(group).into_tree().unwrap();
    let mut events = builder.subscribe();
    let tree = builder.launch();

    while events.next().await.unwrap().is_some_and(|event| event.what.name() != "start_failed") {}
    end.notify_waiters();

    let next = events.next().await.unwrap().unwrap();
    assert_eq!((next.path.as_str(), next.what.name()), ("root/group/a", "exited"));
    assert!(tree.stop().await.clean);
}

/// A task that ends when it is told to.
fn ends_when(id: &str, end: &Arc<Notify>) -> ChildSpec {
    let end = Arc::clone(end);
    ChildSpec::task(id, move |_| {
        let end = Arc::clone(&end);
        async move { end.notified().await }
    })
    .restart(Restart::Permanent)
}

/// Can be started once and never again.
struct StartsOnce(ChildSpec);

impl StartChild for StartsOnce {
    fn kind(&self) -> ChildKind {
        self.0.kind()
    }

    fn start(&self, cx: StartContext) -> Launch {
        match cx.incarnation {
            1 => self.0.start(cx),
            _ => Launch::Failed(StartError::Stopped),
        }
    }
}

/// Fails to start, and in the middle of that the stop of the tree begins, as it may on another thread.
struct FailsInAStop;

impl StartChild for FailsInAStop {
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        cx.tree.scope().begin_stop();
        Launch::Failed(StartError::Stopped)
    }
}

/// The paths of the children in the order of their restarts, up to the end of the tree.
async fn restarted(mut events: Events) -> Vec<String> {
    let mut paths = Vec::new();
    while let Some(event) = events.next().await.unwrap() {
        if matches!(event.what, EventKind::Restarting { .. }) {
            paths.push(event.path.to_string());
        }
    }
    paths
}
