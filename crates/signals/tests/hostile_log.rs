//! A log subscriber that blocks: what is written down about a signal comes after what is done about it.
//!
//! A program of its own, because the subscriber is the whole program's.

use std::fmt;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use rootward_core::{ChildSpec, Supervisor, Tree};
use rootward_signals::{Signal, SignalSource, Signals};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_may_leave_although_the_log_blocks_when_it_is_told_so() {
    let (never, blocks) = mpsc::channel();
    let subject = Subject { blocks: Mutex::new(Some(blocks)) };
    tracing::subscriber::set_global_default(subject).unwrap();
    let (release, released) = mpsc::channel();
    let tree = given_tree(released).await;
    let (signals, source) = SignalSource::channel();
    let guard = Signals::new().source(source).attach(&tree).unwrap();

    let mut status = None;
    // A minute of them.
    for _ in 0..600 {
        signals.send(Signal::INT);
        // So that the next one is another request.
        let soon = Duration::from_millis(101);
        status = tokio::time::timeout(soon, guard.exit_requested()).await.ok();
        if status.is_some() {
            break;
        }
    }

    assert_eq!(status, Some(130));
    drop((never, release));
}

/// A tree that cannot be brought down until the other end of this is dropped.
async fn given_tree(until: mpsc::Receiver<()>) -> Tree {
    let until = Mutex::new(until);
    let work = ChildSpec::blocking("work", move |_| {
        until.lock().expect("one closure has it").recv().unwrap_or_default()
    });
    Supervisor::new("root").child(work).start().await.expect("it can be started")
}

/// Blocks for as long as its channel lasts when a signal says that the program leaves.
struct Subject {
    blocks: Mutex<Option<mpsc::Receiver<()>>>,
}

impl Subscriber for Subject {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "rootward"
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        if text.0.contains("signal.action=Leave") {
            let blocks = self.blocks.lock().expect("nothing panics with it").take();
            let _ = blocks.map(|blocks| blocks.recv());
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An event's fields, as `name=value`.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!("{}={value:?} ", field.name());
    }
}
