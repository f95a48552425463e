//! How a program tests a tree of its own without the feature `testing`.

use std::sync::Arc;
use std::time::Duration;

use rootward::event::{Events, StopCause};
use rootward::report::Outcome;
use rootward::signal::SignalSource;
use rootward::{Backoff, ChildSpec, Event, EventKind, Signal, Signals, Supervisor, TaskContext};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::within;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn an_hour_of_grace_takes_no_time_where_the_clock_is_paused_and_is_exact() {
    let deaf = ChildSpec::task("deaf", |_| std::future::pending::<()>()).shutdown(HOUR);
    let tree = Supervisor::new("root").child(deaf).into_tree().unwrap().deadline(None).start().await.unwrap();

    let report = tree.stop().await;

    let deaf = report.find("root/deaf").unwrap();
    assert_eq!((deaf.outcome, deaf.elapsed), (Outcome::Killed, HOUR));
}

#[tokio::test(start_paused = true)]
async fn a_child_fails_when_the_test_tells_it_to_and_its_next_start_is_an_event() {
    let fail = Arc::new(Notify::new());
    let backoff = Backoff::new(HOUR, HOUR);
    let worker = ChildSpec::task_with("worker", Arc::clone(&fail), fails_when_told).backoff(backoff);
    let mut tree = Supervisor::new("root").child(worker).into_tree().unwrap();
    let mut events = tree.subscribe();
    let tree = tree.start().await.unwrap();
    let begun = Instant::now();

    fail.notify_one();

    let is_back = |event: &Event| event.incarnation == 2 && matches!(event.what, EventKind::Started { .. });
    wait_for(&mut events, "root/worker", is_back).await;
    assert_eq!(begun.elapsed(), HOUR);
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn a_signal_comes_from_a_channel_and_none_is_caught() {
    let worker = ChildSpec::task("worker", |cx| async move { cx.stopping().await });
    let tree = Supervisor::new("root").child(worker).start().await.unwrap();
    let (signals, source) = SignalSource::channel();
    let _guard = Signals::new().source(source).attach(&tree).unwrap();

    signals.send(Signal::TERM);

    let report = within("the stop", tree.wait()).await;
    assert!(report.clean && matches!(report.cause, StopCause::Signal(_)), "{report}");
}

async fn fails_when_told(cx: TaskContext, fail: Arc<Notify>) -> Result<(), &'static str> {
    match cx.unless_stopping(fail.notified()).await {
        Some(()) => Err("told to"),
        None => Ok(()),
    }
}

async fn wait_for(events: &mut Events, path: &str, is_it: impl Fn(&Event) -> bool) {
    while let Some(event) = events.next().await.expect("so few are kept") {
        if event.path == path && is_it(&event) {
            return;
        }
    }
    panic!("the tree has ended");
}
