//! The thread that answers probes.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::pin::Pin;
use std::thread;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rootward_core::{TreeRef, TreeSnapshot};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::Probe;
use super::address::ProbeSocket;
use super::policy::{self, Liveness, ProbeCheck, ProbeFacts};

/// How many connections are open at a time. What else connects waits for its turn.
pub(super) const CONNECTIONS: usize = 64;

/// How long a connection may take, from the first byte of the request to the last one of the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the supervisors are asked whether they answer.
const TICK: Duration = Duration::from_millis(500);

/// How old what is known of the children may be. A look at a tree of a hundred thousand children takes its time.
const AGE: Duration = Duration::from_millis(100);

/// How long to wait when the system has no descriptor left for a connection.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// Has a thread wait for its tree, and answer until it is told to close.
pub(super) fn spawn(
    socket: ProbeSocket,
    tree: oneshot::Receiver<TreeRef>,
    closed: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    let listener = {
        let _entered = runtime.enter();
        ProbeListener::new(socket)?
    };
    let answer = move || {
        runtime.block_on(async {
            let answered = async {
                // An error says that there is to be no tree.
                if let Ok(tree) = tree.await {
                    serve(&listener, &ProbeServer::new(tree)).await;
                }
            };
            tokio::select! {
                () = answered => {}
                _ = closed => {}
            }
        });
    };
    thread::Builder::new().name("rootward-probes".to_owned()).spawn(answer)?;
    Ok(())
}

/// A connection.
trait Io: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Io for S {}

enum ProbeListener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl ProbeListener {
    fn new(socket: ProbeSocket) -> io::Result<Self> {
        match socket {
            ProbeSocket::Tcp(socket) => TcpListener::from_std(socket).map(Self::Tcp),
            ProbeSocket::Unix(socket) => UnixListener::from_std(socket).map(Self::Unix),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "nothing tells when the system has descriptors again")]
    async fn accept(&self) -> Box<dyn Io> {
        loop {
            let accepted: io::Result<Box<dyn Io>> = match self {
                Self::Tcp(listener) => listener.accept().await.map(|(socket, _)| Box::new(socket) as _),
                Self::Unix(listener) => listener.accept().await.map(|(socket, _)| Box::new(socket) as _),
            };
            match accepted {
                Ok(socket) => return socket,
                Err(_) => sleep(EXHAUSTED).await,
            }
        }
    }
}

/// What is known of the tree, for the answers.
struct ProbeServer {
    tree: TreeRef,
    known: RefCell<KnownTree>,
}

#[derive(Default)]
struct KnownTree {
    liveness: Liveness,
    has_started: bool,
    children: Vec<ProbeCheck>,
    looked_at: Option<Instant>,
}

async fn serve(listener: &ProbeListener, server: &ProbeServer) {
    let mut connections: FuturesUnordered<Pin<Box<dyn Future<Output = ()> + '_>>> = FuturesUnordered::new();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            socket = listener.accept(), if connections.len() < CONNECTIONS => {
                connections.push(Box::pin(connection(socket, server)));
            }
            Some(()) = connections.next(), if !connections.is_empty() => {}
            _ = ticks.tick() => {
                if server.known.borrow_mut().liveness.tick() {
                    // It takes a place among the connections, which it leaves when the supervisors answer.
                    connections.push(Box::pin(server.ask_supervisors()));
                }
            }
        }
    }
}

async fn connection(socket: Box<dyn Io>, server: &ProbeServer) {
    let answer = service_fn(|request| ready(Ok::<_, Infallible>(server.answer(&request))));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).keep_alive(false).max_buf_size(8192);
    // What a client does wrong, or does not do in time, is its own affair.
    let _ = timeout(PATIENCE, http.serve_connection(TokioIo::new(socket), answer)).await;
}

impl ProbeServer {
    fn new(tree: TreeRef) -> Self {
        Self { tree, known: RefCell::default() }
    }

    async fn ask_supervisors(&self) {
        // A tree that is gone does not hang.
        if let Some(root) = self.tree.root() {
            root.responds().await;
        }
        self.known.borrow_mut().liveness.answered();
    }

    fn answer<B>(&self, request: &Request<B>) -> Response<String> {
        let mut response = self.respond(request);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    fn respond<B>(&self, request: &Request<B>) -> Response<String> {
        let status = |status, text: &str| {
            let mut response = Response::new(text.to_owned());
            *response.status_mut() = status;
            response
        };
        let Some(probe) = Probe::of(request.uri().path()) else {
            return status(StatusCode::NOT_FOUND, "/livez, /readyz, /startupz\n");
        };
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            let mut response = status(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let is_verbose = request.uri().query().is_some_and(|query| query.split('&').any(is_verbose));
        let checks = policy::checks(probe, &self.facts(probe));
        let code = if policy::passes(&checks) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        status(code, &policy::text(probe, &checks, is_verbose))
    }

    fn facts(&self, probe: Probe) -> ProbeFacts {
        let known = &mut *self.known.borrow_mut();
        known.has_started |= self.tree.has_started();
        let stop_requested = self.tree.stop_requested();
        // A tree that stops is not ready, whatever its children do.
        let is_of_children = probe == Probe::Ready && !stop_requested;
        let now = Instant::now();
        if is_of_children && known.looked_at.is_none_or(|at| now.saturating_duration_since(at) >= AGE) {
            known.looked_at = Some(now);
            known.children =
                self.tree.snapshot().map(|snapshot| self.children(&snapshot)).unwrap_or_default();
        }
        ProbeFacts {
            is_live: known.liveness.is_live(),
            has_started: known.has_started,
            stop_requested,
            children: if is_of_children { known.children.clone() } else { Vec::new() },
        }
    }

    fn children(&self, snapshot: &TreeSnapshot) -> Vec<ProbeCheck> {
        policy::children(&snapshot.root, |path| {
            let (supervisor, id) = path.rsplit_once('/')?;
            Some(self.tree.supervisor(supervisor)?.child_spec(id)?.restart_type())
        })
    }
}

/// `verbose`, `verbose=`, `verbose=1`.
fn is_verbose(parameter: &str) -> bool {
    parameter == "verbose" || parameter.starts_with("verbose=")
}
