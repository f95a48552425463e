//! Halfway: the token still stops the program, and a tree stops with it. The connections stay as they were.
//!
//! The listener is a child now: it is named when it hangs, and a failure of it is told. What the tracker still waits
//! for is no part of the tree, so that this program waits for two things, in an order that it has to know.

use rootward::{AutoShutdown, ChildSpec, Supervisor, TaskContext};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, Sender};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::before::{read, write};
use super::{Fails, GRACE};

pub(super) async fn collect(
    listener: TcpListener,
    file: Vec<u8>,
    token: CancellationToken,
) -> Result<Vec<u8>, Fails> {
    let tracker = TaskTracker::new();
    let (lines, batch) = mpsc::channel(100);
    let writer = tracker.spawn(write(file, batch));
    // It runs once, and so may own the listener and the sender: the channel still ends.
    let listener = ChildSpec::once("listener", {
        let tracker = tracker.clone();
        move |cx| listen(cx, listener, lines, tracker)
    });
    let root = Supervisor::new("collector")
        .auto_shutdown(AutoShutdown::AnySignificant)
        .child(listener.significant(true));
    let tree = root.into_tree()?.stop_on(token.clone()).start().await?;

    let report = tree.wait().await;
    // The connections look at the token, which a listener that fails does not cancel.
    token.cancel();
    tracker.close();
    timeout(GRACE, tracker.wait()).await?;
    if !report.clean {
        return Err(report.to_string().into());
    }
    Ok(writer.await??)
}

async fn listen(
    cx: TaskContext,
    listener: TcpListener,
    lines: Sender<String>,
    tracker: TaskTracker,
) -> Result<(), Fails> {
    while let Some(accepted) = cx.unless_stopping(listener.accept()).await {
        let (socket, _) = accepted?;
        let (lines, token) = (lines.clone(), cx.token());
        tracker.spawn(async move {
            let _ = read(socket, lines, token).await;
        });
    }
    Ok(())
}
