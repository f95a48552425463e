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
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rootward_core::TaskContext;
use rootward_core::sibling::part_of_guest;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until};
use tower_service::Service;

use super::body::{UnderWay, end_with};
use super::listener::Peer;
use super::socket::GuestSocket;

/// A part of a connection that hyper would have spawned: a stream of HTTP/2.
type ConnectionTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How many requests of one connection are under way at a time with HTTP/2. A client that sends more has them refused,
/// and may send them again. With HTTP/1 it is one: the next one is read when the answer before it has been taken.
const MOST_STREAMS: u32 = 200;

/// How long a client with streams of events may take nothing, once they have to end and no request is under way. One
/// that has not read for long has its socket's buffers full, and would use up the grace.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Takes in what hyper would have spawned, so that it is part of the connection. A part that panics ends alone.
///
/// What waits here is what one turn of the connection has brought, which is no more than hyper lets in: so many
/// streams, and what is written for each.
#[derive(Clone)]
struct ConnectionTasks(TaskContext, UnboundedSender<ConnectionTask>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for ConnectionTasks {
    fn execute(&self, part: F) {
        // A connection that is over has no parts any more.
        let _ = self.1.send(Box::pin(part_of_guest(self.0.clone(), part)));
    }
}

/// Serves one connection, which is there already, until it is over or has been handed on by an upgrade.
///
/// Each request finds the [`TaskContext`] among its extensions. When the task is asked to stop, what has begun is
/// answered, and the connection closes. When the task is forced, what is under way is dropped.
///
/// This is for connections that [`serve`](super::serve) does not accept: TLS over a socket, a pipe in memory. The
/// connection is a [`Guest`](crate::task::Guest) of the task, wherever this runs. Where a handshake comes before, run
/// both as a guest:
///
/// ```
/// # use axum::Router;
/// # use rootward::TaskContext;
/// # use tokio::net::{TcpListener, TcpStream};
/// # #[derive(Clone)] struct TlsAcceptor;
/// # impl TlsAcceptor {
/// #     async fn accept(&self, socket: TcpStream) -> std::io::Result<TcpStream> { Ok(socket) }
/// # }
/// async fn web(cx: TaskContext, listener: TcpListener, tls: TlsAcceptor, app: Router) -> std::io::Result<()> {
///     while let Some(accepted) = cx.unless_stopping(listener.accept()).await {
///         let (socket, _) = accepted?;
///         let Some(guest) = cx.guest() else { break };
///         let (cx, tls, app) = (cx.clone(), tls.clone(), app.clone());
///         guest.spawn(async move {
///             // A client that cannot shake hands is no failure of the server.
///             let Ok(socket) = tls.accept(socket).await else { return };
///             rootward::http::serve_connection(cx, socket, app).await
///         });
///     }
///     Ok(())
/// }
/// ```
///
/// Once the stop has begun no connection is served any more: this returns at once, and the connection is closed.
///
/// # Cancel safety
///
/// If the future is dropped, so are the connection and what is under way on it.
pub async fn serve_connection<Io, S, B>(cx: TaskContext, io: Io, service: S)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Some(connection) = cx.guest() else { return };
    let Some(socket) = cx.guest() else { return };
    let socket = GuestSocket::new(io, socket);
    let served = serve(AcceptedConnection { cx: cx.clone(), peer: Peer::Unknown, socket }, service);
    // A panic is told of here, and no second time by a guest that runs this.
    connection.run(part_of_guest(cx, served)).await;
}

/// A connection that has been accepted.
pub(super) struct AcceptedConnection<Io> {
    pub(super) cx: TaskContext,
    pub(super) peer: Peer,
    pub(super) socket: GuestSocket<Io>,
}

/// Serves one connection to its end. When the task is asked to stop, what has begun is answered, and the connection
/// closes.
pub(super) async fn serve<Io, S, B>(connection: AcceptedConnection<Io>, service: S)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let AcceptedConnection { cx, peer, socket } = connection;
    let notes = socket.notes();
    let its_socket = notes.clone();
    let (sender, parts) = mpsc::unbounded_channel();
    let task = cx.clone();
    let under_way = UnderWay::default();
    let counts = under_way.clone();
    let answer = service_fn(move |mut request: Request<Incoming>| {
        let (cx, mut service, under_way) = (task.clone(), service.clone(), counts.clone());
        let counted = under_way.request();
        let (its_socket, method) = (its_socket.clone(), request.method().clone());
        request.extensions_mut().insert(cx.clone());
        peer.tell(request.extensions_mut());
        async move {
            poll_fn(|task| service.poll_ready(task)).await?;
            let response = service.call(request).await?;
            if is_upgrade(&method, response.status()) {
                its_socket.hand_on();
            }
            Ok::<_, S::Error>(end_with(&cx, response, &under_way, counted))
        }
    });
    let mut builder = Builder::new(ConnectionTasks(cx.clone(), sender));
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
            let taken_until = notes.last_taken() + within;
            look_at = match (taken_until > look_at, under_way.has_requests()) {
                (true, _) => taken_until,
                (false, true) => look_at + within,
                (false, false) => return Closed::AtOnce,
            };
        }
    };
    together(closed, parts).await;
}

/// Whether what a request is answered with hands the socket on.
fn is_upgrade(method: &Method, status: StatusCode) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS || (method == Method::CONNECT && status.is_success())
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
