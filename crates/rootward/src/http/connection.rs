//! One connection: everything that happens on it is one future.

use std::error::Error;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use futures_util::Stream as _;
use futures_util::stream::FuturesUnordered;
use http_body::Body;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rootward_core::TaskContext;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until};
use tower_service::Service;

use super::body::{UnderWay, end_with};
use super::socket::NotedSocket;

/// A part of a connection that hyper would have spawned: a stream of HTTP/2.
type ConnectionTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How many requests of one connection are under way at a time with HTTP/2. A client that sends more has them refused,
/// and may send them again. With HTTP/1 it is one: the next one is read when the answer before it has been taken.
const MOST_STREAMS: u32 = 200;

/// How long a client with streams of events may take nothing, once they have to end and no request is under way. One
/// that has not read for long has its socket's buffers full, and would use up the grace.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Takes in what hyper would have spawned, so that it is part of the connection.
///
/// What waits here is what one turn of the connection has brought, which is no more than hyper lets in: so many
/// streams, and what is written for each.
#[derive(Clone)]
struct ConnectionTasks(UnboundedSender<ConnectionTask>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for ConnectionTasks {
    fn execute(&self, part: F) {
        // A connection that is over has no parts any more.
        let _ = self.0.send(Box::pin(part));
    }
}

/// Serves one connection to its end. When the task is asked to stop, what has begun is answered, and the connection
/// closes.
pub(super) async fn serve<S, B>(cx: TaskContext, socket: TcpStream, service: S)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let socket = NotedSocket::new(socket);
    let last_taken = socket.last_taken();
    let (sender, parts) = mpsc::unbounded_channel();
    let task = cx.clone();
    let under_way = UnderWay::default();
    let counts = under_way.clone();
    let answer = service_fn(move |mut request: Request<Incoming>| {
        let (cx, mut service, under_way) = (task.clone(), service.clone(), counts.clone());
        let counted = under_way.request();
        request.extensions_mut().insert(cx.clone());
        async move {
            poll_fn(|task| service.poll_ready(task)).await?;
            let response = service.call(request).await?;
            Ok::<_, S::Error>(end_with(&cx, response, &under_way, counted))
        }
    });
    let mut builder = Builder::new(ConnectionTasks(sender));
    builder.http1().timer(TokioTimer::new());
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(MOST_STREAMS);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(socket), answer);
    let mut connection = pin!(connection);
    let closed = async {
        tokio::select! {
            biased;
            () = cx.stopping() => connection.as_mut().graceful_shutdown(),
            // What a client does wrong is no failure of the server.
            _ = connection.as_mut() => return Closed::InOrder,
        }
        if !under_way.has_streams() {
            let _ = connection.as_mut().await;
            return Closed::InOrder;
        }
        let within = cx.grace().map_or(LAST_WORDS, |grace| LAST_WORDS.min(grace / 2));
        let mut look_at = Instant::now() + within;
        loop {
            tokio::select! {
                biased;
                _ = connection.as_mut() => return Closed::InOrder,
                () = sleep_until(look_at) => {}
            }
            let taken_until = last_taken.get() + within;
            look_at = match (taken_until > look_at, under_way.has_requests()) {
                (true, _) => taken_until,
                (false, true) => look_at + within,
                (false, false) => return Closed::AtOnce,
            };
        }
    };
    together(closed, parts).await;
}

/// How a connection was closed.
#[derive(PartialEq, Eq)]
enum Closed {
    InOrder,
    /// Without its last words, which the client has not read. What is left of it is dropped.
    AtOnce,
}

/// Runs a connection together with its parts, until it is closed and the last of them is over.
async fn together(closed: impl Future<Output = Closed>, mut coming: UnboundedReceiver<ConnectionTask>) {
    let mut closed = pin!(closed);
    let mut is_closed = false;
    let mut parts = FuturesUnordered::new();
    poll_fn(|task| {
        if !is_closed {
            match closed.as_mut().poll(task) {
                Poll::Ready(Closed::AtOnce) => return Poll::Ready(()),
                Poll::Ready(Closed::InOrder) => is_closed = true,
                Poll::Pending => {}
            }
        }
        while let Poll::Ready(Some(part)) = coming.poll_recv(task) {
            parts.push(part);
        }
        loop {
            match Pin::new(&mut parts).poll_next(task) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) if is_closed => return Poll::Ready(()),
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await;
}
