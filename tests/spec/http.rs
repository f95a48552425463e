//! An HTTP server as a child: none of its four kinds of connection outlives the stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::stream::{self, Stream};
use rootward::report::{Ending, Outcome};
use rootward::{ChildSpec, StopReport, Supervisor, TaskContext};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use crate::support::{EventLog, GivenTree, beside, given, within};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_within_the_grace_is_answered_and_then_the_connection_closes() {
    let server = Server::start(LONG).await;
    let mut client = server.asks("POST /slow", "content-length: 0").await;
    server.shop.begun.notified().await;

    let (report, ()) = tokio::join!(server.stops(), async {
        server.stopping().await;
        server.shop.goes_on.notify_one();
    });

    assert_eq!(report.ending, Ending::Clean);
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("done"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_beyond_the_grace_is_dropped_before_the_stop_returns_and_reported() {
    let server = Server::start(SHORT).await;
    let mut client = server.asks("POST /slow", "content-length: 0").await;
    server.shop.begun.notified().await;

    let report = server.stops().await;

    assert!(server.shop.dropped.load(Ordering::SeqCst), "it cannot write to any database later on");
    let child = report.find("root/server").unwrap();
    assert_eq!((report.ending, child.outcome), (Ending::Forced, Outcome::Killed));
    assert_eq!(client.rest().await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_events_ends_with_the_stop_costs_no_grace_and_is_no_failure() {
    let server = Server::start(LONG).await;
    let mut client = server.asks("GET /events", "").await;
    client.line_with("data: first").await;

    let report = server.stops().await;

    assert_eq!(report.ending, Ending::Clean);
    assert!(report.elapsed < LONG / 2, "{:?}", report.elapsed);
    assert!(client.rest().await.ends_with("0\r\n\r\n"), "it was ended and not cut off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_is_told_and_is_gone_before_the_stop_returns() {
    let server = Server::start(LONG).await;
    let mut client = server.upgrades("GET /chat").await;

    let report = server.stops().await;

    assert_eq!(report.ending, Ending::Clean);
    assert!(client.rest().await.contains("we are closing"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_that_does_not_heed_the_stop_is_dropped_when_the_grace_is_over() {
    let server = Server::start(SHORT).await;
    let _client = server.upgrades("GET /deaf").await;
    server.shop.begun.notified().await;

    let report = server.stops().await;

    assert!(server.shop.dropped.load(Ordering::SeqCst));
    assert_eq!(report.find("root/server").unwrap().outcome, Outcome::Killed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_events_that_its_client_does_not_read_costs_no_grace_and_is_no_failure() {
    let server = Server::start(LONG).await;
    let client = server.asks("GET /flood", "").await;
    server.shop.begun.notified().await;

    let report = server.stops().await;

    assert_eq!(report.ending, Ending::Clean);
    assert!(report.elapsed < LONG / 2, "{:?}", report.elapsed);
    drop(client);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_wait_for_a_request_close_at_once() {
    let server = Server::start(LONG).await;
    let mut used = server.asks("GET /", "").await;
    used.line_with("hello").await;
    let mut silent = server.connects().await;
    server.serves_one_more().await;

    let report = server.stops().await;

    assert_eq!(report.ending, Ending::Clean);
    assert!(report.elapsed < LONG / 2, "{:?}", report.elapsed);
    assert_eq!((used.rest().await, silent.rest().await), (String::new(), String::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_over_http_2_is_part_of_its_connection_as_well() {
    let server = Server::start(SHORT).await;
    let socket = TcpStream::connect(server.address).await.unwrap();
    let executor = hyper_util::rt::TokioExecutor::new();
    let io = hyper_util::rt::TokioIo::new(socket);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    let connection = beside(async move { connection.await.is_ok() });
    let uri = format!("http://{}/", server.address);
    let ask = |path| hyper::Request::get(format!("{uri}{path}")).body(axum::body::Body::empty()).unwrap();
    assert_eq!(sender.send_request(ask("")).await.unwrap().status(), StatusCode::OK);
    let slow = beside(sender.send_request(ask("slow")));
    server.shop.begun.notified().await;

    let report = server.stops().await;

    assert!(server.shop.dropped.load(Ordering::SeqCst));
    assert_eq!(report.find("root/server").unwrap().outcome, Outcome::Killed);
    assert!(slow.await.unwrap().is_err());
    drop((sender, connection.await));
}

// --- the server and its clients ---

#[derive(Clone)]
struct Shop {
    at: watch::Sender<Option<SocketAddr>>,
    begun: Arc<Notify>,
    goes_on: Arc<Notify>,
    dropped: Arc<AtomicBool>,
}

struct Server {
    tree: GivenTree,
    _log: EventLog,
    address: SocketAddr,
    shop: Shop,
}

/// Says when what holds it is dropped.
struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Server {
    async fn start(grace: Duration) -> Self {
        let shop = Shop {
            at: watch::channel(None).0,
            begun: Arc::default(),
            goes_on: Arc::default(),
            dropped: Arc::default(),
        };
        let child = ChildSpec::service_with("server", shop.clone(), serve).shutdown(grace);
        let (tree, log) = given(Supervisor::new("root").child(child)).await;
        let address = shop.at.borrow().expect("it is ready");
        Self { tree, _log: log, address, shop }
    }

    async fn stops(&self) -> Arc<StopReport> {
        within("the stop", self.tree.stop()).await
    }

    async fn stopping(&self) {
        self.tree.stopping().await;
    }

    async fn connects(&self) -> Client {
        Client(BufReader::new(TcpStream::connect(self.address).await.expect("it listens")))
    }

    async fn asks(&self, request: &str, headers: &str) -> Client {
        let mut client = self.connects().await;
        let headers = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
        client.write(&format!("{request} HTTP/1.1\r\nhost: test\r\n{headers}\r\n")).await;
        client
    }

    async fn upgrades(&self, request: &str) -> Client {
        let headers = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: bGVzc29uIGVpZ2h0IQ==";
        let mut client = self.asks(request, headers).await;
        client.line_with("101").await;
        client.line_with("\r\n").await;
        client
    }

    /// Whatever had been accepted before is served by then.
    async fn serves_one_more(&self) {
        self.asks("GET /", "connection: close").await.rest().await;
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("it is connected");
    }

    /// Reads up to a line that contains this.
    async fn line_with(&mut self, text: &str) {
        let read = async {
            loop {
                let mut line = String::new();
                assert!(
                    self.0.read_line(&mut line).await.expect("it is connected") > 0,
                    "no line with {text}"
                );
                if line.contains(text) {
                    return;
                }
            }
        };
        within(text, read).await;
    }

    /// All that comes until the server closes the connection, in whatever way.
    async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let _ = within("the end of the connection", self.0.read_to_end(&mut rest)).await;
        String::from_utf8_lossy(&rest).into_owned()
    }
}

async fn serve(cx: TaskContext, shop: Shop) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    shop.at.send_replace(Some(listener.local_addr()?));
    let app = Router::new()
        .route("/", get(|| async { "hello\n" }))
        .route("/slow", post(slow).get(slow))
        .route("/events", get(events))
        .route("/flood", get(flood))
        .route("/chat", get(chat))
        .route("/deaf", get(deaf))
        .layer(Extension(shop));
    cx.ready();
    rootward::http::serve(cx, listener, app).await
}

async fn slow(Extension(shop): Extension<Shop>) -> &'static str {
    let _held = Held(Arc::clone(&shop.dropped));
    shop.begun.notify_one();
    shop.goes_on.notified().await;
    "done"
}

async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = stream::once(async { Ok(Event::default().data("first")) });
    Sse::new(stream::StreamExt::chain(first, stream::pending()))
}

/// One event that is larger than all buffers between here and the client.
async fn flood(Extension(shop): Extension<Shop>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = stream::once(async move {
        shop.begun.notify_one();
        Ok(Event::default().data("x".repeat(64 << 20)))
    });
    Sse::new(stream::StreamExt::chain(first, stream::pending()))
}

async fn chat(ws: WebSocketUpgrade, Extension(cx): Extension<TaskContext>) -> Response {
    let Some(guest) = cx.guest() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    ws.on_upgrade(guest.wrap(|mut socket: axum::extract::ws::WebSocket| async move {
        cx.stopping().await;
        let _ = socket.send(Message::text("we are closing")).await;
    }))
}

async fn deaf(
    ws: WebSocketUpgrade,
    Extension(cx): Extension<TaskContext>,
    Extension(shop): Extension<Shop>,
) -> Response {
    let Some(guest) = cx.guest() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    ws.on_upgrade(guest.wrap(|socket: axum::extract::ws::WebSocket| async move {
        let _held = (Held(Arc::clone(&shop.dropped)), socket);
        shop.begun.notify_one();
        std::future::pending::<()>().await;
    }))
}
