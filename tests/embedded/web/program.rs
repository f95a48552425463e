//! A shop on axum: orders that take their time, a stream of prices without an end, and a chat.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use futures_util::stream::{self, Stream, StreamExt as _};
use rootward::{ChildSpec, Supervisor, TaskContext};
use tokio::net::TcpListener;
use tokio::sync::watch;

#[derive(Clone)]
pub(super) struct Shop {
    at: watch::Sender<Option<SocketAddr>>,
    /// How many orders are being worked on.
    pub(super) orders: Arc<AtomicUsize>,
    /// How many tickers and deaf chats there are.
    pub(super) open: Arc<AtomicUsize>,
    /// Whether orders are done.
    pub(super) delivered: watch::Sender<bool>,
}

pub(super) fn shop(shop: Shop, grace: Duration) -> Supervisor {
    Supervisor::new("shop").child(ChildSpec::service_with("server", shop, serve).shutdown(grace))
}

async fn serve(cx: TaskContext, shop: Shop) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    shop.at.send_replace(Some(listener.local_addr()?));
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/order", post(order))
        .route("/prices", get(prices))
        .route("/chat", get(chat))
        .route("/ticker", get(ticker))
        .route("/deaf", get(deaf))
        .with_state(shop);
    cx.ready();
    rootward::http::serve(cx, listener, app).await
}

async fn order(State(shop): State<Shop>) -> &'static str {
    let _order = Counted::new(&shop.orders);
    let mut delivered = shop.delivered.subscribe();
    delivered.wait_for(|delivered| *delivered).await.expect("the shop has the other end");
    "five apples"
}

async fn prices() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = stream::once(async { Ok(Event::default().data("apples: 2")) });
    Sse::new(first.chain(stream::pending()))
}

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
    let _ = socket.send(Message::Close(None)).await;
}

/// Prices that are larger than all buffers between here and a client that does not read them.
async fn ticker(State(shop): State<Shop>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let open = Counted::new(&shop.open);
    let prices = stream::repeat_with(move || {
        let _open = &open;
        Ok(Event::default().data("apples: 2, ".repeat(1 << 16)))
    });
    Sse::new(prices)
}

/// A chat as the documentation of axum shows one, which hears of no stop.
async fn deaf(ws: WebSocketUpgrade, State(shop): State<Shop>) -> Response {
    ws.on_upgrade(|mut socket: WebSocket| async move {
        let open = Counted::new(&shop.open);
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                break;
            }
        }
        drop(open);
        drop(socket);
    })
}

impl Shop {
    pub(super) fn address(&self) -> SocketAddr {
        self.at.borrow().expect("a service has started when it is ready")
    }
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            at: watch::channel(None).0,
            orders: Arc::default(),
            open: Arc::default(),
            delivered: watch::channel(false).0,
        }
    }
}

/// Counts as long as it is there.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
