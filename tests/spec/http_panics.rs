//! Handlers that panic: the server goes on, the panic is told, and a stop in which it happens is not clean.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rootward::report::{Ending, Panic};
use rootward::{ChildSpec, EventKind, Exit, Supervisor, TaskContext};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio_tungstenite::client_async;

use crate::support::{EventLog, GivenTree, beside, given, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_panics_costs_its_connection_is_told_and_the_server_goes_on() {
    let mut server = Server::start().await;
    let mut client = http_1(server.address).await;

    assert!(client.send_request(server.asks("panics")).await.is_err(), "the connection is closed");

    assert_eq!(server.hears_of_a_panic().await.message, "out of apples");
    let mut other = http_1(server.address).await;
    assert_eq!(other.send_request(server.asks("")).await.unwrap().status(), StatusCode::OK);
    let report = server.tree.stop().await;
    assert_eq!(report.ending, Ending::Clean);
    assert_eq!(report.root.children[0].restarts, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_panics_over_http_2_costs_no_other_request_of_its_connection() {
    let mut server = Server::start().await;
    let mut client = http_2(server.address).await;
    let waits = beside(client.send_request(server.asks("waits")));
    within("the request", server.begun.notified()).await;

    assert!(client.send_request(server.asks("panics")).await.is_err(), "the request is reset");

    assert_eq!(server.hears_of_a_panic().await.message, "out of apples");
    server.goes_on.notify_one();
    assert_eq!(within("the answer", waits).await.unwrap().unwrap().status(), StatusCode::OK);
    assert_eq!(server.tree.stop().await.ending, Ending::Clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_panics_while_the_server_stops_is_a_failure_and_the_stop_is_not_clean() {
    let server = Server::start().await;
    let mut client = http_1(server.address).await;
    let fails = beside(client.send_request(server.asks("fails")));
    within("the request", server.begun.notified()).await;

    let (report, ()) = tokio::join!(server.tree.stop(), async {
        server.tree.stopping().await;
        server.goes_on.notify_one();
    });

    assert!(within("the end", fails).await.unwrap().is_err());
    let child = report.find("root/server").unwrap();
    let Some(Exit::Panicked(panic)) = &child.status else { panic!("{report}") };
    assert_eq!(panic.message, "not in stock");
    assert_eq!((report.ending, report.ending.exit_status()), (Ending::Failed, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_whose_handler_is_no_guest_and_panics_is_told_of_as_well() {
    let mut server = Server::start().await;
    let socket = TcpStream::connect(server.address).await.unwrap();

    let client = within("the upgrade", client_async(format!("ws://{}/drops", server.address), socket)).await;

    server.hears_of_a_panic().await;
    drop(client);
    assert_eq!(server.tree.stop().await.ending, Ending::Clean);
}

// --- the server and its clients ---

struct Server {
    tree: GivenTree,
    log: EventLog,
    address: SocketAddr,
    begun: Arc<Notify>,
    goes_on: Arc<Notify>,
}

#[derive(Clone)]
struct State {
    at: watch::Sender<Option<SocketAddr>>,
    begun: Arc<Notify>,
    goes_on: Arc<Notify>,
}

impl Server {
    async fn start() -> Self {
        let (begun, goes_on): (Arc<Notify>, Arc<Notify>) = Default::default();
        let at = watch::channel(None).0;
        let state = State { at: at.clone(), begun: Arc::clone(&begun), goes_on: Arc::clone(&goes_on) };
        let child = ChildSpec::service_with("server", state, serve);
        let (tree, log) = given(Supervisor::new("root").child(child)).await;
        let address = at.borrow().expect("it is ready");
        Self { tree, log, address, begun, goes_on }
    }

    fn asks(&self, path: &str) -> Request<Body> {
        let request = Request::get(format!("http://{}/{path}", self.address)).header("host", "test");
        request.body(Body::empty()).expect("it is well-formed")
    }

    async fn hears_of_a_panic(&mut self) -> Panic {
        let told = self.log.wait_for_event("server", "guest_panicked").await;
        let EventKind::GuestPanicked { panic } = &told.what else { panic!("{told:?}") };
        panic.clone()
    }
}

async fn http_1(at: SocketAddr) -> http1::SendRequest<Body> {
    let io = TokioIo::new(TcpStream::connect(at).await.expect("it listens"));
    let (sender, connection) = http1::handshake(io).await.expect("it speaks HTTP/1");
    beside(async move { connection.await.is_ok() });
    sender
}

async fn http_2(at: SocketAddr) -> http2::SendRequest<Body> {
    let io = TokioIo::new(TcpStream::connect(at).await.expect("it listens"));
    let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.expect("it speaks HTTP/2");
    beside(async move { connection.await.is_ok() });
    sender
}

async fn serve(cx: TaskContext, state: State) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    state.at.send_replace(Some(listener.local_addr()?));
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/panics", get(panics))
        .route("/waits", get(waits))
        .route("/fails", get(fails))
        .route("/drops", get(drops))
        .layer(Extension(state));
    cx.ready();
    rootward::http::serve(cx, listener, app).await
}

async fn panics() -> &'static str {
    panic!("out of apples")
}

async fn waits(Extension(state): Extension<State>) -> &'static str {
    state.begun.notify_one();
    state.goes_on.notified().await;
    "done"
}

async fn fails(Extension(state): Extension<State>) -> &'static str {
    state.begun.notify_one();
    state.goes_on.notified().await;
    panic!("not in stock")
}

async fn drops(ws: WebSocketUpgrade) -> Response {
    ws.on_upgrade(|socket: WebSocket| async move {
        let _socket = socket;
        panic!("out of pears");
    })
}
