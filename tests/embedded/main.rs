//! rootward in programs as people write them: servers with real clients, and one program before and after.
//!
//! The programs are the files that `mod program` names. They are meant to be read as examples.

mod collector;
mod first_programs;
mod grpc;
mod own_tree;
mod redis;
mod web;

use std::time::Duration;

use rootward::{Supervisor, Tree};
use tokio::time::timeout;

/// Longer than any of these tests takes when nothing is wrong.
const LONG: Duration = Duration::from_secs(120);

/// Awaits something that has to happen, and says what did not.
async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(rootward_tests::BACKSTOP, future).await.unwrap_or_else(|_| panic!("this never happened: {what}"))
}

/// Runs a client, which is no part of the tree.
#[expect(clippy::disallowed_methods, reason = "a client is not part of the tree")]
fn beside<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future)
}

async fn started(root: Supervisor, deadline: Duration) -> Tree {
    let tree = root.into_tree().expect("it makes sense").deadline(deadline);
    within("the start", tree.start()).await.expect("it starts")
}
