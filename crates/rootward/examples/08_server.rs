//! Lesson 8: a web server as a child, which answers what it has begun to answer before it goes.
//!
//! - `TaskContext::stopping` is all that a server with a graceful shutdown wants: a future that says when to begin with it.
//! - Its grace is the child's grace. A request that takes longer than that is cut off, and the report says so.
//! - What it needs stands before it in the tree: it starts earlier, and is there until the last answer has been given.
//! - `TreeBuilder::stop_on` has a token of the program stop the tree; `Tree::token` tells the rest of the program.

#![expect(clippy::print_stdout, reason = "a lesson speaks to its reader")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use rootward::{ChildSpec, Supervisor, TaskContext};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// What the server and its client in this lesson share.
#[derive(Clone)]
struct Shop {
    at: watch::Sender<Option<SocketAddr>>,
    /// A request is being answered.
    asked: Arc<Notify>,
    /// The answer may be given.
    answer: Arc<Notify>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shop = Shop { at: watch::channel(None).0, asked: Arc::default(), answer: Arc::default() };
    let its_shop = shop.clone();
    let server = ChildSpec::task("server", move |cx| serve(cx, its_shop.clone()));
    let root = Supervisor::new("shop")
        .child(ChildSpec::task("stock", stock))
        .child(server.shutdown(Duration::from_secs(10)));

    let program = CancellationToken::new();
    let tree = root.tree()?.stop_on(program.clone()).start().await?;

    let mut at = shop.at.subscribe();
    let address = at.wait_for(Option::is_some).await?.expect("it has just been waited for");
    let (answer, report) = tokio::join!(ask(address), async {
        shop.asked.notified().await;
        program.cancel();
        // The stop has begun, and the answer is still to come.
        tree.token().cancelled().await;
        println!("the shop is closing");
        shop.answer.notify_one();
        tree.wait().await
    });

    println!("the last answer: {}", answer?);
    println!("closed because of the {}, and everything is gone: {}", report.cause, report.clean);
    Ok(())
}

async fn serve(cx: TaskContext, shop: Shop) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    shop.at.send_replace(Some(listener.local_addr()?));
    let price = get(move || {
        let shop = shop.clone();
        async move {
            shop.asked.notify_one();
            shop.answer.notified().await;
            "five apples for two"
        }
    });
    let app = Router::new().route("/price", price);
    axum::serve(listener, app).with_graceful_shutdown(async move { cx.stopping().await }).await?;
    println!("the server is done");
    Ok(())
}

async fn stock(cx: TaskContext) {
    cx.stopping().await;
    println!("the stock is put away");
}

/// A client: one request, and the last line of the answer.
async fn ask(server: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(b"GET /price HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.lines().last().unwrap_or_default().to_owned())
}
