//! A program that has a panic hook of its own, and children that panic wherever they can.
//!
//! A program of its own, because there is one hook for all of it.

use std::panic::set_hook;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use ractor::{Actor, ActorProcessingErr, ActorRef};
use rootward_core::{
    ChildSpec, Ending, EventKind, Events, Exit, Restart, StartError, Supervisor, TreeStartError,
    capture_panics,
};

/// Each of them happens once. It is told to the program's own hook once, and stands with its message and its place in
/// the event and in the report.
#[test]
fn the_programs_own_hook_is_called_for_every_panic_and_each_becomes_an_exit_all_the_same() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    set_hook(Box::new(move |info| {
        let text = info.payload().downcast_ref::<&str>().copied().unwrap_or("(no text)");
        hears.lock().unwrap().push(text.to_owned());
    }));
    capture_panics();
    capture_panics();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();

    let (exits, report) = runtime.block_on(async {
        let mut builder = Supervisor::new("root").children(children()).into_tree().unwrap();
        let events = builder.subscribe();
        let tree = builder.start().await.unwrap();
        // The first three end by themselves.
        let (events, exits) = exits(events, 3).await;
        let report = tree.stop().await;
        drop(events);
        (exits, report)
    });
    runtime.block_on(start_that_panics());

    for exit in &exits {
        assert!(is_told_with_its_place(exit), "{exit:?}");
    }
    for path in ["root/in a drop", "root/while stopping", "root/in post_stop"] {
        let node = report.find(path).unwrap_or_else(|| panic!("{path} stands in the report"));
        assert!(node.status.as_ref().is_some_and(is_told_with_its_place), "{node:?}");
    }
    assert!(
        report.forced().is_empty() && report.unreapable().is_empty(),
        "all went by themselves: {report:?}"
    );
    assert_eq!(report.ending, Ending::Failed, "three of them failed while they stopped");
    let mut heard = heard.lock().unwrap().clone();
    heard.sort_unstable();
    let expected = [
        "in a drop",
        "in blocking work",
        "in post_stop",
        "in pre_start",
        "in the body",
        "twice",
        "twice, in the drop",
        "while stopping",
    ];
    assert_eq!(heard, expected);
}

fn children() -> Vec<ChildSpec> {
    vec![
        ChildSpec::task("in the body", |_| async { panic!("in the body") }).restart(Restart::Temporary),
        ChildSpec::task("twice", |_| PanicsTwice { _bomb: Bomb("twice, in the drop") })
            .restart(Restart::Temporary),
        ChildSpec::blocking("in blocking work", |_| panic!("in blocking work")).restart(Restart::Temporary),
        ChildSpec::task("in a drop", |cx| async move {
            let _bomb = Bomb("in a drop");
            cx.stopping().await;
        }),
        ChildSpec::task("while stopping", |cx| async move {
            cx.stopping().await;
            panic!("while stopping");
        }),
        ChildSpec::actor("in post_stop", || (Panics { in_pre_start: false }, ())),
    ]
}

/// Reads so many exits.
async fn exits(mut events: Events, count: usize) -> (Events, Vec<Exit>) {
    let mut exits = Vec::new();
    while exits.len() < count {
        let event = events.next().await.expect("the reader keeps up").expect("the tree is still there");
        if let EventKind::Exited { status: Some(status), .. } = &event.what {
            exits.push(status.clone());
        }
    }
    (events, exits)
}

async fn start_that_panics() {
    let root = Supervisor::new("root").child(ChildSpec::actor("a", || (Panics { in_pre_start: true }, ())));
    let Err(TreeStartError::Start { error: StartError::Child { source, .. }, .. }) = root.start().await
    else {
        panic!("its child cannot be started");
    };
    let StartError::Panicked(panic) = &*source else { panic!("it panicked: {source}") };
    assert!(is_told_with_its_place(&Exit::Panicked(panic.clone())));
}

fn is_told_with_its_place(exit: &Exit) -> bool {
    let Exit::Panicked(panic) = exit else { return false };
    let is_here = |place: &String| place.contains("tests/panic_hook.rs:");
    panic.message != "(a payload that is not a text)" && panic.location.as_ref().is_some_and(is_here)
}

/// Panics when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        std::panic::panic_any(self.0);
    }
}

/// A future that panics when it is polled, and once more when it is dropped.
struct PanicsTwice {
    _bomb: Bomb,
}

impl Future for PanicsTwice {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        panic!("twice");
    }
}

/// An actor that panics at its start or at its end.
struct Panics {
    in_pre_start: bool,
}

#[cfg_attr(feature = "async-trait", rootward_core::ractor::async_trait)]
impl Actor for Panics {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        assert!(!self.in_pre_start, "in pre_start");
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<()>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        panic!("in post_stop");
    }
}
