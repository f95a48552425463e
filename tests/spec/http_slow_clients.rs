//! Clients of streams of events at the stop: one that reads slowly is not cut off, and one that does not read cuts off
//! no other request. The clock is the test's own, so that "slowly" is exact.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::stream::{self, Stream};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rootward::report::Ending;
use rootward::{ChildSpec, StopReport, Supervisor, TaskContext};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Notify, watch};

use crate::support::{GivenTree, beside, given, within};

/// What the system holds of a connection, at either end, before a write has to wait. It doubles it.
const BUFFER: u32 = 64 * 1024;

/// More than both ends hold: a client that has read it has made room for another write since it began.
const ROUND: usize = 8 * BUFFER as usize;

/// One event, of many rounds.
const EVENT: usize = 16 * ROUND;

const LONG: Duration = Duration::from_secs(60);

/// Less than the second after which a client that takes nothing is given up.
const SLOWLY: Duration = Duration::from_millis(900);

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_its_stream_slowly_during_the_stop_reads_it_to_its_end() {
    let clock = Clock::stands();
    let server = Server::start().await;
    let mut client = server.connects().await;
    client.write_all(b"GET /flood HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    server.shop.begun.notified().await;

    let (report, rest) = tokio::join!(server.stops(), async {
        server.tree.stopping().await;
        for _ in 0..5 {
            within("a part of the event", client.read_exact(&mut vec![0; ROUND])).await.unwrap();
            clock.goes_on_by(SLOWLY).await;
        }
        let mut rest = Vec::new();
        within("the end of the stream", client.read_to_end(&mut rest)).await.unwrap();
        rest
    });

    assert!(rest.ends_with(b"\n\n\r\n0\r\n\r\n"), "it was ended and not cut off");
    assert_eq!(report.ending, Ending::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_request_beside_a_stream_that_is_not_read_is_answered_within_the_grace() {
    let clock = Clock::stands();
    let server = Server::start().await;
    let mut client = server.speaks_http_2().await;
    let stream = client.send_request(server.request("flood")).await.unwrap();
    let slow = client.send_request(server.request("slow"));
    let answered = beside(async move { whole(slow.await.unwrap()).await });
    server.shop.begun.notified().await;
    server.shop.waits.notified().await;

    let (report, answer) = tokio::join!(server.stops(), async {
        server.tree.stopping().await;
        for _ in 0..5 {
            clock.goes_on_by(SLOWLY).await;
        }
        server.shop.goes_on.notify_one();
        let answer = within("the answer", answered).await.unwrap();
        // From here on the server waits for the client that does not read alone.
        drop(clock);
        answer
    });

    assert_eq!(answer, "done");
    assert_eq!(report.ending, Ending::Clean);
    assert!(report.elapsed < LONG / 2, "{:?}", report.elapsed);
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_read_and_a_request_on_the_same_connection_both_end_in_order() {
    let _clock = Clock::stands();
    let server = Server::start().await;
    let mut client = server.speaks_http_2().await;
    let stream = client.send_request(server.request("events")).await.unwrap();
    assert_eq!(stream.status(), StatusCode::OK);
    let slow = client.send_request(server.request("slow"));
    let answered = beside(async move { whole(slow.await.unwrap()).await });
    server.shop.waits.notified().await;

    let (report, read) = tokio::join!(server.stops(), async {
        server.tree.stopping().await;
        let read = within("the end of the stream", whole(stream)).await;
        server.shop.goes_on.notify_one();
        read
    });

    assert_eq!(read, "data: first\n\n");
    assert_eq!(answered.await.unwrap(), "done");
    assert_eq!(report.ending, Ending::Clean);
}

// --- the server and its clients ---

/// A paused clock that does not go on by itself when everything waits for a socket.
struct Clock {
    _holds: mpsc::Sender<()>,
}

impl Clock {
    // While blocking work is under way, tokio's paused clock stands.
    fn stands() -> Self {
        let (holds, released) = mpsc::channel();
        tokio::task::spawn_blocking(move || released.recv().is_ok());
        Self { _holds: holds }
    }

    async fn goes_on_by(&self, time: Duration) {
        tokio::time::advance(time).await;
    }
}

#[derive(Clone)]
struct Shop {
    at: watch::Sender<Option<SocketAddr>>,
    begun: Arc<Notify>,
    waits: Arc<Notify>,
    goes_on: Arc<Notify>,
}

struct Server {
    tree: GivenTree,
    address: SocketAddr,
    shop: Shop,
}

impl Server {
    async fn start() -> Self {
        let shop = Shop {
            at: watch::channel(None).0,
            begun: Arc::default(),
            waits: Arc::default(),
            goes_on: Arc::default(),
        };
        let child = ChildSpec::service_with("server", shop.clone(), serve).shutdown(LONG);
        let (tree, _) = given(Supervisor::new("root").child(child)).await;
        let address = shop.at.borrow().expect("it is ready");
        Self { tree, address, shop }
    }

    async fn stops(&self) -> Arc<StopReport> {
        within("the stop", self.tree.stop()).await
    }

    async fn connects(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a descriptor is left");
        socket.set_recv_buffer_size(BUFFER).expect("it is a socket");
        socket.connect(self.address).await.expect("it listens")
    }

    async fn speaks_http_2(&self) -> SendRequest<Body> {
        let io = TokioIo::new(self.connects().await);
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.expect("it is connected");
        beside(async move { connection.await.is_ok() });
        sender
    }

    fn request(&self, path: &str) -> hyper::Request<Body> {
        hyper::Request::get(format!("http://{}/{path}", self.address))
            .body(Body::empty())
            .expect("it is a request")
    }
}

async fn whole(response: hyper::Response<hyper::body::Incoming>) -> Bytes {
    axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await.expect("it is not cut off")
}

async fn serve(cx: TaskContext, shop: Shop) -> std::io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    // What it accepts has the same.
    socket.set_send_buffer_size(BUFFER)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let listener = socket.listen(16)?;
    shop.at.send_replace(Some(listener.local_addr()?));
    let app = Router::new()
        .route("/flood", get(flood))
        .route("/events", get(events))
        .route("/slow", get(slow))
        .layer(Extension(shop));
    cx.ready();
    rootward::http::serve(cx, listener, app).await
}

async fn slow(Extension(shop): Extension<Shop>) -> &'static str {
    shop.waits.notify_one();
    shop.goes_on.notified().await;
    "done"
}

async fn flood(Extension(shop): Extension<Shop>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = stream::once(async move {
        shop.begun.notify_one();
        Ok(Event::default().data("x".repeat(EVENT)))
    });
    Sse::new(stream::StreamExt::chain(first, stream::pending()))
}

async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = stream::once(async { Ok(Event::default().data("first")) });
    Sse::new(stream::StreamExt::chain(first, stream::pending()))
}
