//! Lesson 4: a tree inside a program that has a life of its own.
//!
//! - `start` runs the tree on the runtime you have, and returns when all of it has started.
//! - A `Tree` is a handle: clone it, ask it for a snapshot, wait for its end, stop it.
//! - It logs nothing unless its builder is told `.log(true)`; its events, snapshots and reports are yours to read.
//! - A process in it is gone with its descendants however your program dies, `kill -9` included.
//! - Nothing else is touched. Signals, the runtime and the exit are yours; a tree whose last handle is
//!   dropped stops by itself.

#![expect(clippy::print_stdout, reason = "a lesson speaks to its reader")]

use rootward::{ChildSpec, Supervisor, TaskContext};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (at, mut address) = watch::channel(None);
    let server = ChildSpec::task("server", move |cx| serve(cx, at.clone()));
    let tree = Supervisor::new("greetings").child(server).start().await?;
    print!("{}", tree.snapshot());

    tokio::select! {
        // Whatever your program does. Here it is its own client.
        greeting = async {
            let address = address.wait_for(Option::is_some).await?.expect("it has just been waited for");
            greeting_from(address).await
        } => println!("the server says: {}", greeting?),
        // The tree may end before you do: because it gave up, for example.
        report = tree.wait() => println!("the tree is gone: {}", report.cause),
    }

    let report = tree.stop().await;
    println!("stopped, and everything is gone: {}", report.clean);
    Ok(())
}

async fn serve(cx: TaskContext, at: watch::Sender<Option<std::net::SocketAddr>>) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    at.send_replace(Some(listener.local_addr()?));
    loop {
        tokio::select! {
            () = cx.stopping() => return Ok(()),
            accepted = listener.accept() => accepted?.0.write_all(b"hello").await?,
        }
    }
}

async fn greeting_from(server: std::net::SocketAddr) -> Result<String, Box<dyn std::error::Error>> {
    let mut greeting = String::new();
    TcpStream::connect(server).await?.read_to_string(&mut greeting).await?;
    Ok(greeting)
}
