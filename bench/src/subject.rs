//! rootward.

use std::sync::Arc;
use std::time::Duration;

use rootward_core::{ChildSpec, DynamicSupervisor, EventKind, Exit, Restart, Strategy, Supervisor};
use tokio::sync::Notify;

use crate::meter::{Figure, Watch, heap};

pub async fn measure(metric: String, n: usize) -> Option<Vec<Figure>> {
    match metric.as_str() {
        "flat" => Some(flat(n).await),
        "deep" => Some(deep(n).await),
        "wide" => Some(wide(n).await),
        "restart" => Some(restart(n, Strategy::OneForOne).await),
        "group" => Some(restart(n, Strategy::OneForAll).await),
        "dynamic" => Some(dynamic(n).await),
        _ => None,
    }
}

fn idle(id: String) -> ChildSpec {
    ChildSpec::task(id, |cx| async move { cx.stopping().await })
}

async fn flat(n: usize) -> Vec<Figure> {
    let before = heap();
    let root = Supervisor::new("root").children((0..n).map(|i| idle(format!("c{i}"))));
    start_and_stop(root, n, before).await
}

async fn start_and_stop(root: Supervisor, n: usize, before: f64) -> Vec<Figure> {
    let builder = root.tree().expect("the tree makes sense").deadline(None);
    let watch = Watch::start();
    let tree = builder.start().await.expect("the tree starts");
    let start = watch.each("start", n);
    let bytes = (heap() - before) / n as f64;
    let watch = Watch::start();
    let report = tree.stop().await;
    let stop = watch.each("stop", n);
    assert!(report.clean);
    vec![start, stop, Figure { name: "heap", value: bytes, unit: "B" }]
}

async fn deep(n: usize) -> Vec<Figure> {
    let mut root = Supervisor::new("s").child(idle("leaf".into()));
    for _ in 1..n {
        root = Supervisor::new("s").child(root);
    }
    start_and_stop(root, n, heap()).await
}

async fn wide(n: usize) -> Vec<Figure> {
    let before = heap();
    let group = |g: usize| Supervisor::new(format!("g{g}")).children((0..n).map(|i| idle(format!("c{i}")))).into_child();
    let root = Supervisor::new("root").children((0..100).map(group));
    start_and_stop(root, 100 * n, before).await
}

/// From the crash to the next incarnation's first step, `ROUNDS` times.
async fn restart(n: usize, strategy: Strategy) -> Vec<Figure> {
    const ROUNDS: usize = 1000;
    let crash = Arc::new(Notify::new());
    let running = Arc::new(Notify::new());
    let crasher = {
        let (crash, running) = (Arc::clone(&crash), Arc::clone(&running));
        ChildSpec::task("crasher", move |cx| {
            let (crash, running) = (Arc::clone(&crash), Arc::clone(&running));
            async move {
                running.notify_one();
                tokio::select! {
                    () = crash.notified() => Exit::Failed { error: "crash".into() },
                    () = cx.stopping() => Exit::Normal,
                }
            }
        })
    };
    let root = Supervisor::new("root")
        .strategy(strategy)
        .intensity(u32::MAX, Duration::from_secs(1))
        .children((1..n).map(|i| idle(format!("c{i}"))))
        .child(crasher);
    let tree = root.start().await.expect("the tree starts");
    running.notified().await;
    let rounds = if strategy == Strategy::OneForOne { ROUNDS } else { 20 };
    let mut figures = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let watch = Watch::start();
        crash.notify_one();
        running.notified().await;
        figures.push(watch.each("median", 1).value);
    }
    tree.stop().await;
    figures.sort_by(f64::total_cmp);
    vec![Figure { name: "median", value: figures[rounds / 2], unit: "us" }]
}

async fn dynamic(n: usize) -> Vec<Figure> {
    let before = heap();
    let tree = Supervisor::new("root").child(DynamicSupervisor::new("jobs")).start().await.expect("the tree starts");
    let jobs = tree.supervisor("root/jobs").expect("it runs");
    let watch = Watch::start();
    for _ in 0..n {
        jobs.start_child(idle("job".into()).restart(Restart::Temporary)).await.expect("a task starts");
    }
    let start = watch.each("start", n);
    let bytes = (heap() - before) / n as f64;
    let mut events = tree.events();
    let watch = Watch::start();
    let report = tree.stop().await;
    let stop = watch.each("stop", n);
    assert!(report.clean);
    while let Ok(Some(event)) = events.next().await {
        assert!(!matches!(event.what, EventKind::Escalated { .. }));
    }
    vec![start, stop, Figure { name: "heap", value: bytes, unit: "B" }]
}
