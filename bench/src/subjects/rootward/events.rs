//! The record: a child that writes output events as fast as it can.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rootward_core::{
    ChildKind, ChildSpec, EventKind, Events as Subscription, Exit, Launch, OutputLine, OutputStream,
    ProcessEvents, Reporter, RunningChild, StartChild, StartContext, StopRequest, Supervisor,
};
use tokio::task::JoinSet;

use crate::machine::clock;
use crate::metrics::events::{Events, Times};

pub struct Record;

impl Events for Record {
    async fn write(n: usize, subscribers: usize) -> Times {
        let sink = Arc::default();
        let writer = ChildSpec::new("writer", Writer(Arc::clone(&sink)));
        let root = Supervisor::new("root").child(writer);
        // Nothing is to be lost, however far a reader falls behind.
        let builder = root.into_tree().expect("the tree makes sense").event_capacity(n + 100);
        let tree = builder.start().await.expect("the tree starts");
        let mut readers = JoinSet::new();
        for _ in 0..subscribers {
            readers.spawn(read(tree.events(), n));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        let sink = sink.lock().expect("no holder of this lock panics").take().expect("it has been started");
        let begun = clock::now();
        std::thread::spawn(move || (0..n).for_each(|_| sink.write(line())));
        readers.join_all().await;
        let times = Times::since(begun);
        tree.stop().await;
        times
    }
}

async fn read(mut events: Subscription, n: usize) {
    let mut seen = 0;
    while seen < n {
        let event = events.next().await.expect("none is lost").expect("there are more");
        seen += usize::from(matches!(event.what, EventKind::Output { .. }));
    }
}

fn line() -> OutputLine {
    OutputLine {
        stream: OutputStream::Stdout,
        line: "a line".to_owned(),
        truncated: false,
        lossy: false,
        continued: false,
    }
}

/// A child that only hands out what it could write to.
struct Writer(Arc<Mutex<Option<ProcessEvents>>>);

struct Handed(Option<Reporter>);

impl StartChild for Writer {
    fn kind(&self) -> ChildKind {
        ChildKind::Process
    }

    fn start(&self, cx: StartContext) -> Launch {
        *self.0.lock().expect("no holder of this lock panics") = Some(cx.process_events());
        Launch::Running { child: Box::new(Handed(Some(cx.reporter))), pid: None }
    }
}

impl RunningChild for Handed {
    fn stop(&mut self, _: StopRequest) {
        self.force();
    }

    fn force(&mut self) {
        if let Some(reporter) = self.0.take() {
            reporter.ended(Exit::Normal);
        }
    }

    fn force_name(&self) -> &'static str {
        "force"
    }
}
