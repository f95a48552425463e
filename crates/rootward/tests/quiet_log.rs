//! A program's log has the program's own lines and rootward's, and none of what rootward is built from.
//!
//! A program of its own, because the subscriber is the whole program's.
#![cfg(feature = "signals")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use rootward::signal::SignalSource;
use rootward::{Application, AutoShutdown, ChildSpec, Signal, Supervisor};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[test]
fn nothing_of_what_supervisors_are_built_from_reaches_the_log() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let quit = ChildSpec::task("quit", |_| async { tracing::info!(target: "application", "at work") });
    let workers =
        Supervisor::new("workers").child(ChildSpec::task("w", |cx| async move { cx.stopping().await }));
    let root = Supervisor::new("root")
        .child(workers)
        .child(quit.significant(true).restart(rootward::Restart::Transient))
        .auto_shutdown(AutoShutdown::AnySignificant);
    let (signals, source) = SignalSource::channel();
    signals.send(Signal::USR1);

    let finished = Application::new(root).signal_source(source).on_snapshot(|_| ()).prepare().unwrap().run();

    assert_eq!(finished.unwrap().status(), 0);
    let targets = log.0.lock().unwrap();
    assert!(targets.contains("application"), "{targets:?}");
    let foreign: Vec<_> = targets.iter().filter(|target| target.starts_with("ractor")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

/// The targets of all lines and spans.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<BTreeSet<String>>>);

impl Log {
    fn note(&self, metadata: &Metadata<'_>) {
        self.0.lock().expect("nothing panics with it").insert(metadata.target().to_owned());
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.note(span.metadata());
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        self.note(event.metadata());
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
