//! A program of `CancellationToken` and `TaskTracker`, on its way to rootward: all three do the same work.
//!
//! A collector of lines: clients send lines, each is acknowledged, and one writer writes all of them down. When the
//! token is cancelled, no line that was acknowledged is lost.

mod after;
mod before;
mod halfway;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rootward_tests::BACKSTOP;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::{beside, within};

type Fails = Box<dyn std::error::Error + Send + Sync>;

/// What the program's parts may take to end.
const GRACE: Duration = BACKSTOP;

const CLIENTS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_rootward_no_line_that_was_acknowledged_is_lost() {
    loses_nothing(before::collect).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn halfway_no_line_that_was_acknowledged_is_lost() {
    loses_nothing(halfway::collect).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_it_no_line_that_was_acknowledged_is_lost() {
    loses_nothing(after::collect).await;
}

/// Cancels the token under load, and compares what was written with what the clients know.
async fn loses_nothing<F, Fut>(collect: F)
where
    F: FnOnce(TcpListener, Vec<u8>, CancellationToken) -> Fut,
    Fut: Future<Output = Result<Vec<u8>, Fails>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let (at, token) = (listener.local_addr().expect("it is bound"), CancellationToken::new());
    let program = beside(collect(listener, Vec::new(), token.clone()));
    let (busy, mut are_busy) = tokio::sync::mpsc::channel(CLIENTS);
    let clients: Vec<_> = (0..CLIENTS).map(|n| beside(sends(at, n, busy.clone()))).collect();
    for _ in 0..CLIENTS {
        within("a client at work", are_busy.recv()).await.expect("it says so");
    }

    token.cancel();

    let written = within("its end", program).await.expect("no panic").expect("no error");
    let written = String::from_utf8(written).expect("it is text");
    for (n, client) in clients.into_iter().enumerate() {
        let acknowledged = within("a client's end", client).await.expect("no panic");
        let prefix = format!("{n}:");
        let found: Vec<&str> = written.lines().filter(|line| line.starts_with(&prefix)).collect();
        let sent: Vec<String> = (0..found.len()).map(|line| format!("{n}:{line}")).collect();
        assert_eq!(found, sent, "in order, and none twice");
        assert!(found.len() >= acknowledged, "{} of {acknowledged} are there", found.len());
    }
}

/// Sends lines until the connection ends. Returns how many were acknowledged.
async fn sends(at: SocketAddr, n: usize, busy: tokio::sync::mpsc::Sender<()>) -> usize {
    let mut socket = BufReader::new(TcpStream::connect(at).await.expect("it listens"));
    for line in 0.. {
        if line == 20 {
            busy.send(()).await.expect("the test waits");
        }
        let acknowledged = async {
            socket.write_all(format!("{n}:{line}\n").as_bytes()).await?;
            let mut answer = String::new();
            socket.read_line(&mut answer).await?;
            io::Result::Ok(answer == "ok\n")
        };
        if !matches!(within("an answer", acknowledged).await, Ok(true)) {
            return line;
        }
    }
    unreachable!("it goes on until the connection ends")
}
