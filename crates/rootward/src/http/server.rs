//! Accepts connections until the task is asked to stop.

use std::error::Error;
use std::io;
use std::time::Duration;

use http_body::Body;
use hyper::body::Incoming;
use hyper::{Request, Response};
use rootward_core::TaskContext;
use tower_service::Service;

use super::connection::{self, AcceptedConnection};
use super::listener::{HttpListener, Peer};
use super::socket::GuestSocket;

/// How long to wait when the system has no descriptor or no memory left for a connection.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// Serves a tower service, such as axum's `Router` or tonic's `Routes`, on this listener until the task is asked to
/// stop.
///
/// Each connection is a [`Guest`](crate::task::Guest) of the task: this returns when the stop begins, and the task is
/// gone when its last connection is. HTTP/1 and, without TLS, HTTP/2 by prior knowledge are told apart by their first
/// bytes.
///
/// The listener is tokio's `TcpListener` or, on Unix, its `UnixListener`. For TLS, and for connections from anywhere
/// else, there is [`serve_connection`](super::serve_connection).
///
/// # Errors
///
/// What the listener says, unless it is about one connection or will pass: those that the client has given up, and a
/// want of descriptors or memory, are no reason to end.
///
/// # Cancel safety
///
/// If the future is dropped, no more connections are accepted; those that are there stay guests of the task.
///
/// # Examples
///
/// ```
/// # use axum::{Router, routing::get};
/// # use rootward::{ChildSpec, TaskContext};
/// async fn web(cx: TaskContext, app: Router) -> std::io::Result<()> {
///     let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
///     cx.ready();
///     rootward::http::serve(cx, listener, app).await
/// }
///
/// let app = Router::new().route("/", get(|| async { "hello" }));
/// let server = ChildSpec::service_with("web", app, web);
/// ```
pub async fn serve<L, S, B>(cx: TaskContext, listener: L, service: S) -> io::Result<()>
where
    L: HttpListener,
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    while let Some(accepted) = cx.unless_stopping(accept(&listener)).await {
        let (io, peer) = accepted?;
        let Some(guest) = cx.guest() else { break };
        let Some(socket) = cx.guest() else { break };
        let connection = AcceptedConnection { cx: cx.clone(), peer, socket: GuestSocket::new(io, socket) };
        guest.spawn(connection::serve(connection, service.clone()));
    }
    Ok(())
}

async fn accept<L: HttpListener>(listener: &L) -> io::Result<(L::Io, Peer)> {
    loop {
        match listener.accept().await {
            Ok(accepted) => return Ok(accepted),
            Err(error) if is_about_one(&error) => {}
            Err(error) if will_pass(&error) => pause().await,
            Err(error) => return Err(error),
        }
    }
}

/// Whether the client has given up before it was accepted.
fn is_about_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    [ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted].contains(&error.kind())
}

/// Whether something has run out that others will give back: descriptors of the process, of the system, buffers,
/// memory.
fn will_pass(error: &io::Error) -> bool {
    const EMFILE: i32 = 24;
    const ENFILE: i32 = 23;
    const ENOMEM: i32 = 12;
    let is_of_buffers = error.kind() == io::ErrorKind::OutOfMemory;
    is_of_buffers || error.raw_os_error().is_some_and(|code| [EMFILE, ENFILE, ENOMEM].contains(&code))
}

#[expect(clippy::disallowed_methods, reason = "nothing tells when the system has descriptors again")]
async fn pause() {
    tokio::time::sleep(EXHAUSTED).await;
}
