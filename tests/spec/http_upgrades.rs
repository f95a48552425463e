//! Upgraded connections whose handlers know nothing of the tree, as the documentation of axum writes them: the task is
//! gone when they are.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, UPGRADE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper_util::rt::TokioIo;
use rootward::report::{Ending, Outcome, StuckIn};
use rootward::{ChildSpec, Supervisor, TaskContext};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio_tungstenite::tungstenite::Message as Sent;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::{EventLog, GivenTree, beside, builder, given_tree, stuck, within};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_whose_handler_hears_of_no_stop_fails_when_the_grace_is_over_and_its_handler_is_gone() {
    let server = Server::start(SHORT, LONG).await;
    let _client = server.echoes("/echo").await;

    let report = server.tree.stop().await;

    assert!(server.state.gone.load(Ordering::SeqCst), "gone means gone");
    assert_eq!(report.ending, Ending::Forced);
    assert_eq!(report.find("root/server").unwrap().outcome, Outcome::Killed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_that_only_writes_fails_when_the_grace_is_over_as_well() {
    let server = Server::start(SHORT, LONG).await;
    let mut client = server.connects("/flood").await;
    next(&mut client).await;

    let report = server.tree.stop().await;

    assert!(server.state.gone.load(Ordering::SeqCst), "gone means gone");
    assert_eq!(report.find("root/server").unwrap().outcome, Outcome::Killed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_goes_on_within_the_grace_and_a_stop_in_which_it_ends_is_clean() {
    let server = Server::start(LONG, LONG).await;
    let mut client = server.echoes("/echo").await;

    let stop = async {
        let report = server.tree.stop().await;
        (report, server.state.gone.load(Ordering::SeqCst))
    };
    let ((report, was_gone), ()) = tokio::join!(stop, async {
        server.tree.stopping().await;
        client.send(Sent::text("still there?")).await.expect("it is connected");
        assert_eq!(next(&mut client).await, Sent::text("still there?"));
        client.close(None).await.expect("it is connected");
    });

    assert!(was_gone, "the stop has waited for the handler");
    assert_eq!(report.ending, Ending::Clean);
    assert!(report.elapsed < LONG / 2, "{:?}", report.elapsed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_that_its_handler_keeps_and_does_not_use_is_what_the_task_is_stuck_in() {
    let server = Server::start(SHORT, Duration::from_secs(1)).await;
    let _client = server.connects("/keep").await;
    within("the handler", server.state.begun.notified()).await;

    let report = server.tree.stop().await;

    assert_eq!(report.ending, Ending::Incomplete);
    assert_eq!(stuck(&report, "root/server").why, StuckIn::Guest);
    server.state.goes_on.notify_one();
    assert!(server.tree.wait_gone().await.unreapable().is_empty());
    assert!(server.state.gone.load(Ordering::SeqCst));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_halves_of_a_socket_fail_when_two_tasks_have_them() {
    let server = Server::start(SHORT, LONG).await;
    let at = server.state.at.borrow().expect("it is ready");
    let mut client = TcpStream::connect(at).await.expect("it listens");
    let request =
        format!("GET /halves HTTP/1.1\r\nhost: {at}\r\nconnection: upgrade\r\nupgrade: raw\r\n\r\n");
    client.write_all(request.as_bytes()).await.expect("it is connected");
    within("what is written", async { while client.read_u8().await.expect("it comes") != b'!' {} }).await;

    let report = server.tree.stop().await;

    assert!(server.state.gone.load(Ordering::SeqCst), "gone means gone");
    assert_eq!(report.find("root/server").unwrap().outcome, Outcome::Killed);
}

// --- the server and its clients ---

#[derive(Clone)]
struct State {
    at: watch::Sender<Option<SocketAddr>>,
    begun: Arc<Notify>,
    goes_on: Arc<Notify>,
    /// Whether a handler has ended.
    gone: Arc<AtomicBool>,
}

struct Server {
    tree: GivenTree,
    _log: EventLog,
    state: State,
}

type Client = WebSocketStream<TcpStream>;

impl Server {
    async fn start(grace: Duration, deadline: Duration) -> Self {
        let state = State {
            at: watch::channel(None).0,
            begun: Arc::default(),
            goes_on: Arc::default(),
            gone: Arc::default(),
        };
        let child = ChildSpec::service_with("server", state.clone(), serve).shutdown(grace);
        let root = builder(Supervisor::new("root").child(child)).deadline(deadline);
        let (tree, log) = given_tree(root).await;
        Self { tree, _log: log, state }
    }

    async fn connects(&self, path: &str) -> Client {
        let at = self.state.at.borrow().expect("it is ready");
        let socket = TcpStream::connect(at).await.expect("it listens");
        within("the upgrade", client_async(format!("ws://{at}{path}"), socket))
            .await
            .expect("it is upgraded")
            .0
    }

    /// A client that has been answered.
    async fn echoes(&self, path: &str) -> Client {
        let mut client = self.connects(path).await;
        client.send(Sent::text("are you there?")).await.expect("it is connected");
        assert_eq!(next(&mut client).await, Sent::text("are you there?"));
        client
    }
}

async fn next(client: &mut Client) -> Sent {
    within("a message", client.next()).await.expect("there is one").expect("it is whole")
}

async fn serve(cx: TaskContext, state: State) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    state.at.send_replace(Some(listener.local_addr()?));
    let app = Router::new()
        .route("/echo", get(|ws: WebSocketUpgrade, state| upgrade(ws, state, echo)))
        .route("/flood", get(|ws: WebSocketUpgrade, state| upgrade(ws, state, flood)))
        .route("/halves", get(halves))
        .route("/keep", get(|ws: WebSocketUpgrade, state| upgrade(ws, state, keep)))
        .layer(Extension(state));
    cx.ready();
    rootward::http::serve(cx, listener, app).await
}

async fn upgrade<F, Fut>(ws: WebSocketUpgrade, Extension(state): Extension<State>, handler: F) -> Response
where
    F: FnOnce(WebSocket, State) -> Fut + Send + 'static,
    Fut: Future<Output = WebSocket> + Send,
{
    ws.on_upgrade(|socket| async move {
        let socket = handler(socket, state.clone()).await;
        state.gone.store(true, Ordering::SeqCst);
        drop(socket);
    })
}

async fn echo(mut socket: WebSocket, _: State) -> WebSocket {
    while let Some(Ok(message @ Message::Text(_))) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
    socket
}

async fn flood(mut socket: WebSocket, _: State) -> WebSocket {
    while socket.send(Message::text("x".repeat(1 << 16))).await.is_ok() {}
    socket
}

async fn keep(socket: WebSocket, state: State) -> WebSocket {
    state.begun.notify_one();
    state.goes_on.notified().await;
    socket
}

/// A tunnel with a task for each half: what reads waits already when the other one writes, and writes no more.
async fn halves(Extension(state): Extension<State>, request: Request) -> Response {
    beside(async move {
        let upgraded = hyper::upgrade::on(request).await.expect("the client has asked for it");
        let (mut reads, mut writes) = tokio::io::split(TokioIo::new(upgraded));
        let begun = Arc::clone(&state.begun);
        let reader = beside(async move {
            let mut byte = [0];
            let mut read = pin!(reads.read(&mut byte));
            let read = poll_fn(|cx| {
                let polled = read.as_mut().poll(cx);
                begun.notify_one();
                polled
            });
            let _ = read.await;
        });
        state.begun.notified().await;
        writes.write_all(b"!").await.expect("the client reads");
        writes.flush().await.expect("the client reads");
        let _ = reader.await;
        state.gone.store(true, Ordering::SeqCst);
        drop(writes);
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(CONNECTION, "upgrade"), (UPGRADE, "raw")]).into_response()
}
