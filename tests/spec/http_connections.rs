//! Connections that come from elsewhere than a TCP listener, and what a handler knows of the other end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::routing::get;
use axum::{Extension, Router, extract, middleware};
use rootward::report::{Ending, Outcome};
use rootward::{ChildSpec, Supervisor, TaskContext};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::unix::UCred;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{Mutex, mpsc, watch};

use crate::support::{EventLog, GivenTree, given, within};

/// How much a pipe in memory holds.
const SOME: usize = 4096;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unix_socket_is_served_like_a_tcp_socket_and_its_handlers_know_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("web.sock");
    let child = ChildSpec::service_with("server", path.clone(), |cx: TaskContext, path| async move {
        let listener = UnixListener::bind(path)?;
        let process = |Extension(process): Extension<UCred>| async move { format!("{:?}", process.pid()) };
        cx.ready();
        rootward::http::serve(cx, listener, Router::new().route("/", get(process))).await
    });
    let (tree, _log) = given(Supervisor::new("root").child(child)).await;
    let client = UnixStream::connect(path).await.unwrap();

    let answer = asks(client).await;

    assert!(answer.ends_with(&format!("Some({})", std::process::id())), "{answer}");
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipe_in_memory_is_served_and_what_does_not_end_on_it_is_dropped_by_the_stop() {
    let begun = watch::Sender::new(false);
    let begins = begun.clone();
    let waits = get(move || async move {
        begins.send_replace(true);
        std::future::pending::<()>().await;
    });
    let app = Router::new().route("/", get(|| async { "hello" })).route("/waits", waits);
    let (tree, _log, sender) = given_pipes(app).await;
    let (client, pipe) = tokio::io::duplex(SOME);
    sender.send(pipe).unwrap();
    let answer = asks(client).await;
    let (mut waits, pipe) = tokio::io::duplex(SOME);
    sender.send(pipe).unwrap();
    waits.write_all(b"GET /waits HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    within("the request", begun.subscribe().wait_for(|begun| *begun)).await.unwrap();

    let report = tree.stop().await;

    assert!(answer.ends_with("hello"), "{answer}");
    assert_eq!((report.ending, report.root.children[0].outcome), (Ending::Forced, Outcome::Killed));
    assert_eq!(within("the end", waits.read(&mut [0; SOME])).await.unwrap(), 0, "it is closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_on_a_connection_that_is_served_inside_a_guest_is_told_once() {
    async fn panics() {
        panic!("out of apples");
    }
    let (tree, mut log, sender) = given_pipes(Router::new().route("/", get(panics))).await;
    let (client, pipe) = tokio::io::duplex(SOME);
    sender.send(pipe).unwrap();

    let answer = asks(client).await;

    assert_eq!(answer, "", "it is closed");
    // Its end is seen by the client before it is told of, and one that is told during a stop makes the stop unclean.
    log.wait_for_event("server", "guest_panicked").await;
    assert_eq!(tree.stop().await.ending, Ending::Clean);
    assert_eq!(log.until_the_end().await.paths("guest_panicked"), ["server"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_knows_the_address_of_its_client_as_an_extension_and_as_axum_has_it() {
    let at = watch::Sender::new(None);
    let child = ChildSpec::service_with("server", at.clone(), |cx: TaskContext, at| async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        at.send_replace(Some(listener.local_addr()?));
        let both = |Extension(peer): Extension<SocketAddr>, ConnectInfo(same): ConnectInfo<SocketAddr>| async move {
            format!("{peer} {same}")
        };
        let app = Router::new().route("/", get(both)).layer(middleware::map_request(as_axum_has_it));
        cx.ready();
        rootward::http::serve(cx, listener, app).await
    });
    let (tree, _log) = given(Supervisor::new("root").child(child)).await;
    let server: SocketAddr = at.borrow().expect("it is ready");
    let client = TcpStream::connect(server).await.unwrap();
    let address = client.local_addr().unwrap();

    let answer = asks(client).await;

    assert!(answer.ends_with(&format!("{address} {address}")), "{answer}");
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

/// A server of the pipes that it is sent, which has little grace.
async fn given_pipes(app: Router) -> (GivenTree, EventLog, mpsc::UnboundedSender<DuplexStream>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let state = (Arc::new(Mutex::new(receiver)), app);
    let child = ChildSpec::task_with("server", state, |cx: TaskContext, (receiver, app)| async move {
        let mut receiver = receiver.lock().await;
        while let Some(Some(pipe)) = cx.unless_stopping(receiver.recv()).await {
            let Some(guest) = cx.guest() else { break };
            guest.spawn(rootward::http::serve_connection(cx.clone(), pipe, app.clone()));
        }
    });
    let root = Supervisor::new("root").child(child.shutdown(Duration::from_millis(50)));
    let (tree, log) = given(root).await;
    (tree, log, sender)
}

async fn as_axum_has_it(
    Extension(peer): Extension<SocketAddr>,
    mut request: extract::Request,
) -> extract::Request {
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

/// What is answered to one request, to the end of the connection.
async fn asks(mut client: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin) -> String {
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
        .await
        .expect("it is connected");
    let mut answer = String::new();
    within("the answer", client.read_to_string(&mut answer)).await.expect("it is text");
    answer
}
