//! What the guardian does at its deadline.
#![expect(clippy::disallowed_methods, reason = "a timer comes late when its thread has no turn in time")]

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::command::GuardianCommand;
use crate::child::{Outcome, Shutdown};
use crate::clock::{LATE, now};
use crate::event::{Event, EventKind};
use crate::spec::ChildSpec;
use crate::supervisor::Supervisor;

const DEADLINE: Duration = Duration::from_millis(200);

/// Without the look, or with one that begins anew with each command, the child would be reported as unreapable.
#[tokio::test]
async fn an_answer_takes_nothing_from_the_look_after_a_deadline_that_came_late() {
    let (go, may_go) = oneshot::channel::<()>();
    let may_go = std::sync::Mutex::new(Some(may_go));
    let child = ChildSpec::task("child", move |_| {
        let may_go = may_go.lock().unwrap().take();
        async move {
            if let Some(may_go) = may_go {
                let _ = may_go.await;
            }
        }
    });
    let root = Supervisor::new("root").child(child.shutdown(Shutdown::Infinity));
    let mut builder = root.into_tree().unwrap().deadline(DEADLINE);
    let mut events = builder.subscribe();
    let tree = builder.start().await.unwrap();
    tree.request_stop();
    let is_asked = |event: &Event| {
        matches!(event.what, EventKind::Stopping { .. }) && event.path.as_str() == "root/child"
    };
    while !is_asked(&events.next().await.unwrap().expect("the tree is there")) {}

    // The only thread of the runtime. The detector's thread has the report written if the guardian does not answer.
    let watchdog = tree.controls().watchdog.upgrade().expect("it watches over the guardian");
    let until = now() + DEADLINE + LATE;
    while now() < until {
        watchdog.answer();
        std::thread::sleep(Duration::from_millis(5));
    }
    for _ in 0..2 {
        assert!(tree.controls().guardian.send(GuardianCommand::Answer));
        settle().await;
    }
    assert!(go.send(()).is_ok(), "the child is there");

    let report = tree.wait().await;
    assert_ne!(report.find("root/child").unwrap().outcome, Outcome::Unreapable);
}

/// Long enough for all tasks of this runtime to do what they can.
async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}
