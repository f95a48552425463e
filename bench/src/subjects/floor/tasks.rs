//! Tasks without a supervisor.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::machine::clock;
use crate::metrics::events::{Events, Times};
use crate::metrics::restart::{Restarted, Restarts, fragile};
use crate::metrics::stuck::{GRACE, Stuck, deaf};
use crate::metrics::tasks::{self, Shape};

pub struct Tasks {
    root: CancellationToken,
    set: JoinSet<()>,
}

impl tasks::Tasks for Tasks {
    type Plan = Shape;

    fn describe(shape: Shape) -> Option<Shape> {
        Some(shape)
    }

    async fn start(shape: Shape) -> Self {
        let root = CancellationToken::new();
        let mut set = JoinSet::new();
        match shape {
            Shape::Flat(_) | Shape::Wide(_) | Shape::Dynamic(_) => {
                for _ in 0..shape.tasks() {
                    set.spawn(idle(root.child_token()));
                }
            }
            Shape::Deep(n) => {
                set.spawn(level(n, root.child_token()));
            }
        }
        Self { root, set }
    }

    async fn stop(mut self) {
        self.root.cancel();
        while self.set.join_next().await.is_some() {}
    }
}

async fn idle(token: CancellationToken) {
    tasks::run();
    token.cancelled().await;
}

/// A chain in which each waits for the one below it.
fn level(n: usize, token: CancellationToken) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        if n == 0 {
            return idle(token).await;
        }
        let below = tokio::spawn(level(n - 1, token.child_token()));
        token.cancelled().await;
        let _ = below.await;
    })
}

pub struct Deaf(JoinSet<()>);

impl Stuck for Deaf {
    async fn start(n: usize) -> Self {
        Self((0..n).map(|_| deaf()).collect())
    }

    async fn stop(mut self) {
        let drained = async { while self.0.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, drained).await.is_err() {
            self.0.shutdown().await;
        }
    }
}

/// A loop that spawns again what has ended, and nothing else.
pub struct Loop {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Restarts for Loop {
    async fn start(n: usize, restarted: Restarted) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            tokio::select! {
                () = again_and_again(n, restarted) => {}
                _ = stopped => {}
            }
        });
        Self { stop, task }
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

async fn again_and_again(n: usize, restarted: Restarted) {
    let mut set = JoinSet::new();
    loop {
        let token = CancellationToken::new();
        for _ in 1..n {
            set.spawn(idle(token.child_token()));
        }
        set.spawn(fragile());
        while set.join_next().await.is_some() && restarted == Restarted::One {
            set.spawn(fragile());
        }
        token.cancel();
        while set.join_next().await.is_some() {}
    }
}

/// A channel without a record.
pub struct Channel;

impl Events for Channel {
    async fn write(n: usize, subscribers: usize) -> Times {
        let (sender, _) = broadcast::channel(n);
        let mut readers = JoinSet::new();
        for _ in 0..subscribers {
            let mut receiver = sender.subscribe();
            readers.spawn(async move { while receiver.recv().await.is_ok() {} });
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        let begun = clock::now();
        std::thread::spawn(move || {
            for _ in 0..n {
                let _ = sender.send(Arc::new("a line".to_owned()));
            }
        });
        readers.join_all().await;
        Times::since(begun)
    }
}
