//! Before: a `CancellationToken` that every part looks at, a `TaskTracker` that waits for all, and care.

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Fails, GRACE};

pub(super) async fn collect(
    listener: TcpListener,
    file: Vec<u8>,
    token: CancellationToken,
) -> Result<Vec<u8>, Fails> {
    let tracker = TaskTracker::new();
    let (lines, batch) = mpsc::channel(100);
    let writer = tracker.spawn(write(file, batch));
    tracker.spawn({
        let (tracker, token) = (tracker.clone(), token.clone());
        async move {
            if listen(listener, lines, tracker, token.clone()).await.is_err() {
                // Without a listener the rest is of no use.
                token.cancel();
            }
        }
    });

    token.cancelled().await;
    tracker.close();
    // Which of them hangs, if one does, is not known.
    timeout(GRACE, tracker.wait()).await?;
    Ok(writer.await??)
}

/// Ends when its last sender is gone.
pub(super) async fn write(mut file: Vec<u8>, mut batch: Receiver<String>) -> std::io::Result<Vec<u8>> {
    while let Some(line) = batch.recv().await {
        file.write_all(line.as_bytes()).await?;
    }
    Ok(file)
}

async fn listen(
    listener: TcpListener,
    lines: Sender<String>,
    tracker: TaskTracker,
    token: CancellationToken,
) -> Result<(), Fails> {
    loop {
        let socket = tokio::select! {
            () = token.cancelled() => return Ok(()),
            accepted = listener.accept() => accepted?.0,
        };
        let (lines, token) = (lines.clone(), token.clone());
        tracker.spawn(async move {
            // What a client does is no concern of the others, and where would the error go?
            let _ = read(socket, lines, token).await;
        });
    }
}

pub(super) async fn read(
    socket: TcpStream,
    lines: Sender<String>,
    token: CancellationToken,
) -> Result<(), Fails> {
    let mut socket = BufReader::new(socket);
    loop {
        let mut line = String::new();
        tokio::select! {
            () = token.cancelled() => return Ok(()),
            read = socket.read_line(&mut line) => if read? == 0 { return Ok(()) },
        }
        lines.send(line).await?;
        socket.write_all(b"ok\n").await?;
    }
}
