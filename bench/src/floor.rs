//! What no supervisor can beat.

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::meter::{Figure, Watch, heap};

pub async fn measure(metric: String, n: usize) -> Option<Vec<Figure>> {
    match metric.as_str() {
        "flat" | "dynamic" => Some(flat(n).await),
        "wide" => Some(flat(100 * n).await),
        "deep" => Some(deep(n).await),
        _ => None,
    }
}

async fn flat(n: usize) -> Vec<Figure> {
    let before = heap();
    let root = CancellationToken::new();
    let mut set = JoinSet::new();
    let watch = Watch::start();
    for _ in 0..n {
        let token = root.child_token();
        set.spawn(async move { token.cancelled().await });
    }
    let start = watch.each("start", n);
    let bytes = (heap() - before) / n as f64;
    let watch = Watch::start();
    root.cancel();
    while set.join_next().await.is_some() {}
    vec![start, watch.each("stop", n), Figure { name: "heap", value: bytes, unit: "B" }]
}

async fn deep(n: usize) -> Vec<Figure> {
    let root = CancellationToken::new();
    let (up, running) = tokio::sync::oneshot::channel();
    let watch = Watch::start();
    let task = tokio::spawn(level(n, root.clone(), up));
    let _ = running.await;
    let start = watch.each("start", n);
    let watch = Watch::start();
    root.cancel();
    let _ = task.await;
    vec![start, watch.each("stop", n)]
}

fn level(
    n: usize,
    token: CancellationToken,
    up: tokio::sync::oneshot::Sender<()>,
) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        if n > 1 {
            let below = tokio::spawn(level(n - 1, token.child_token(), up));
            token.cancelled().await;
            let _ = below.await;
        } else {
            let _ = up.send(());
            token.cancelled().await;
        }
    })
}
