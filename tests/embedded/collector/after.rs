//! After: the order is stated once, and the tree does the rest: the stop, the wait, the deadline, the names.

use std::sync::Arc;

use rootward::{ChildSpec, DynamicSupervisor, Supervisor, SupervisorAddress, TaskContext, TaskSupervisor};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio_util::sync::CancellationToken;

use super::{Fails, GRACE};

type Batch = Arc<Mutex<Receiver<String>>>;
type File = Arc<Mutex<Vec<u8>>>;

pub(super) async fn collect(
    listener: TcpListener,
    file: Vec<u8>,
    token: CancellationToken,
) -> Result<Vec<u8>, Fails> {
    let (lines, batch) = mpsc::channel(100);
    let (file, batch): (File, Batch) = (Arc::new(Mutex::new(file)), Arc::new(Mutex::new(batch)));
    let connections = SupervisorAddress::new();
    let listens = (Arc::new(listener), lines, TaskSupervisor::at(&connections));
    let root = Supervisor::new("collector")
        .child(ChildSpec::task_with("writer", (Arc::clone(&file), batch), write))
        .child(DynamicSupervisor::new("connections").at(&connections))
        .child(ChildSpec::task_with("listener", listens, listen));

    let report = root.into_tree()?.deadline(GRACE).stop_on(token).start().await?.wait().await;
    if !report.clean {
        // It says which of them hung, or failed, and with what.
        return Err(report.to_string().into());
    }
    Ok(std::mem::take(&mut *file.lock().await))
}

/// Is stopped last, when all senders are gone, although the channel is still open: the spec of the listener keeps a
/// sender for its next incarnation.
async fn write(cx: TaskContext, (file, batch): (File, Batch)) -> std::io::Result<()> {
    let (mut file, mut batch) = (file.lock().await, batch.lock().await);
    loop {
        let line = tokio::select! {
            biased;
            line = batch.recv() => line,
            () = cx.stopping() => None,
        };
        let Some(line) = line else { return Ok(()) };
        file.write_all(line.as_bytes()).await?;
    }
}

async fn listen(
    cx: TaskContext,
    (listener, lines, connections): (Arc<TcpListener>, Sender<String>, TaskSupervisor),
) -> Result<(), Fails> {
    while let Some(accepted) = cx.unless_stopping(listener.accept()).await {
        let (socket, _) = accepted?;
        let lines = lines.clone();
        connections.spawn(move |cx| read(cx, socket, lines)).await?;
    }
    Ok(())
}

async fn read(cx: TaskContext, socket: TcpStream, lines: Sender<String>) -> Result<(), Fails> {
    let mut socket = BufReader::new(socket);
    let mut line = String::new();
    while let Some(read) = cx.unless_stopping(socket.read_line(&mut line)).await {
        if read? == 0 {
            break;
        }
        lines.send(std::mem::take(&mut line)).await?;
        socket.write_all(b"ok\n").await?;
    }
    Ok(())
}
