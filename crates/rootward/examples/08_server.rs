//! Lesson 8: an axum service as a child. None of its connections outlives the stop.
//!
//! - `http::serve` takes any tower service. Each connection is a guest of the task: the task is gone when its last
//!   connection is.
//! - A request that has begun is answered within the task's grace. One that takes longer is dropped, and the report
//!   says so.
//! - A stream of server-sent events ends with the stop, because it has no end of its own. A websocket is run as a
//!   guest, and is told.
//! - What the server needs stands before it in the tree: it starts earlier, and is there until the last connection is
//!   gone.
//! - `TreeBuilder::stop_on` has a token of the program stop the tree; `Tree::token` tells the rest of the program.

#![expect(clippy::print_stdout, reason = "a lesson speaks to its reader")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::stream::{self, Stream, StreamExt as _};
use rootward::{ChildSpec, Supervisor, TaskContext};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// What the server and its clients in this lesson share.
#[derive(Clone)]
struct Shop {
    at: watch::Sender<Option<SocketAddr>>,
    /// An order is being worked on.
    ordered: Arc<Notify>,
    /// The order is done.
    delivered: Arc<Notify>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shop = Shop { at: watch::channel(None).0, ordered: Arc::default(), delivered: Arc::default() };
    let server = ChildSpec::service_with("server", shop.clone(), serve);
    let root = Supervisor::new("shop")
        .child(ChildSpec::task("stock", stock))
        .child(server.shutdown(Duration::from_secs(10)));

    let program = CancellationToken::new();
    let tree = root.into_tree()?.stop_on(program.clone()).start().await?;

    let address = shop.at.borrow().expect("a service has started when it is ready");
    let order = ask(address, "POST /order", "connection: close\r\ncontent-length: 0");
    let prices = ask(address, "GET /prices", "accept: text/event-stream");
    let chat = ask(
        address,
        "GET /chat",
        "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: bGVzc29uIGVpZ2h0IQ==",
    );
    let (order, prices, chat, report) = tokio::join!(order, prices, chat, async {
        shop.ordered.notified().await;
        program.cancel();
        // The stop has begun, and the order is still to be delivered.
        tree.token().cancelled().await;
        println!("the shop is closing");
        shop.delivered.notify_one();
        tree.wait().await
    });

    println!("the order: {}", order?.lines().last().unwrap_or_default());
    println!("the prices ended: {}", prices?.contains("apples"));
    println!("the chat was told: {}", chat?.contains("we are closing"));
    println!("closed because of the {}, and everything is gone: {}", report.cause, report.clean);
    Ok(())
}

async fn serve(cx: TaskContext, shop: Shop) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    shop.at.send_replace(Some(listener.local_addr()?));
    let app = Router::new()
        .route("/order", post(order))
        .route("/prices", get(prices))
        .route("/chat", get(chat))
        .layer(Extension(shop));
    cx.ready();
    rootward::http::serve(cx, listener, app).await
}

/// Takes its time.
async fn order(Extension(shop): Extension<Shop>) -> &'static str {
    shop.ordered.notify_one();
    shop.delivered.notified().await;
    "five apples, as ordered"
}

/// Has no end of its own.
async fn prices() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = stream::once(async { Ok(Event::default().data("apples: 2")) });
    Sse::new(first.chain(stream::pending()))
}

/// axum spawns what becomes of the socket: as a guest it belongs to the task.
async fn chat(ws: WebSocketUpgrade, Extension(cx): Extension<TaskContext>) -> Response {
    match cx.guest() {
        Some(guest) => ws.on_upgrade(guest.wrap(|socket| talk(socket, cx))),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn talk(mut socket: WebSocket, cx: TaskContext) {
    while let Some(Some(Ok(message))) = cx.unless_stopping(socket.recv()).await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
    // A client that has gone does not hear it.
    let _ = socket.send(Message::text("we are closing")).await;
}

async fn stock(cx: TaskContext) {
    cx.stopping().await;
    println!("the stock is put away");
}

/// A client: one request, and all that comes back until the server closes the connection.
async fn ask(server: SocketAddr, request: &str, headers: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(format!("{request} HTTP/1.1\r\nhost: shop\r\n{headers}\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
