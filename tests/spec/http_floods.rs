//! A client that sends requests and reads no answers: what one connection holds of the program is bounded.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::stream;
use rootward::report::Ending;
use rootward::{ChildSpec, Supervisor, TaskContext};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::support::{GivenTree, given, within};

/// How many requests a client sends at once.
const MANY: u32 = 1000;

/// How many requests of one connection are under way at most.
const MOST: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_requests_that_are_sent_ahead_one_at_a_time_is_under_way() {
    let (tree, house) = given_server().await;
    let mut client = TcpStream::connect(house.address()).await.unwrap();
    let ask = |connection| format!("GET /piece HTTP/1.1\r\nhost: test\r\nconnection: {connection}\r\n\r\n");
    let many = ask("keep-alive").repeat(MANY as usize) + &ask("close");

    client.write_all(many.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    within("all answers", client.read_to_end(&mut read)).await.unwrap();

    assert!(read.len() > 2 * PIECE.len() * (MANY as usize + 1), "every request was answered");
    assert_eq!(house.most.load(Ordering::SeqCst), 1, "the answers that were not read were not made either");
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_requests_over_http_2_that_are_sent_ahead_a_bounded_number_is_under_way() {
    let (tree, house) = given_server().await;
    let mut client = Http2::connect(house.address()).await;

    let many: Vec<u8> = (0..MANY).flat_map(Http2::request).collect();
    client.0.write_all(&many).await.unwrap();
    let mut refused = 0;
    while refused < MANY as usize - MOST {
        refused += usize::from(client.next_frame().await == RST_STREAM);
    }

    within("the beginning of those that were not refused", house.until(|alive| alive == MOST)).await;
    assert_eq!(tree.stop().await.ending, Ending::Forced, "these requests never end by themselves");
    assert_eq!((house.most.load(Ordering::SeqCst), house.alive.load(Ordering::SeqCst)), (MOST, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_over_http_2_that_are_taken_back_leave_nothing() {
    let (tree, house) = given_server().await;
    let mut client = Http2::connect(house.address()).await;

    let many: Vec<u8> =
        (0..MANY).flat_map(|number| [Http2::request(number), Http2::reset(number)].concat()).collect();
    // The server may close the connection meanwhile.
    let _ = client.0.write_all(&many).await;
    let _ = client.0.shutdown().await;
    let _ = within("the end of the connection", client.0.read_to_end(&mut Vec::new())).await;

    within("the end of all requests", house.until(|alive| alive == 0)).await;
    assert!(house.most.load(Ordering::SeqCst) <= MOST);
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

// --- the server ---

/// Half an answer. Some of them fill what the system holds for a connection.
static PIECE: [u8; 16 * 1024] = [b'.'; 16 * 1024];

/// Counts the requests that are under way, until the last of their answers is gone.
#[derive(Clone)]
struct House {
    at: watch::Sender<Option<SocketAddr>>,
    alive: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    changes: watch::Sender<()>,
}

struct Guest(House);

impl House {
    fn enter(&self) -> Guest {
        let alive = self.alive.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(alive, Ordering::SeqCst);
        self.changes.send_replace(());
        Guest(self.clone())
    }

    fn address(&self) -> SocketAddr {
        self.at.borrow().expect("it is ready")
    }

    async fn until(&self, is_so: impl Fn(usize) -> bool) {
        let mut changes = self.changes.subscribe();
        while !is_so(self.alive.load(Ordering::SeqCst)) {
            changes.changed().await.expect("the house has the sender");
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
        self.0.changes.send_replace(());
    }
}

async fn given_server() -> (GivenTree, House) {
    let house = House {
        at: watch::channel(None).0,
        alive: Arc::default(),
        most: Arc::default(),
        changes: watch::channel(()).0,
    };
    let child = ChildSpec::service_with("server", house.clone(), serve)
        .shutdown(std::time::Duration::from_millis(50));
    let (tree, _) = given(Supervisor::new("root").child(child)).await;
    (tree, house)
}

async fn serve(cx: TaskContext, house: House) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    house.at.send_replace(Some(listener.local_addr()?));
    let app = Router::new().route("/piece", get(piece)).route("/", get(endless)).layer(Extension(house));
    cx.ready();
    rootward::http::serve(cx, listener, app).await
}

async fn piece(Extension(house): Extension<House>) -> Body {
    let pieces = stream::unfold((house.enter(), 2), |(guest, left)| async move {
        let piece = Ok::<_, Infallible>(Bytes::from_static(&PIECE));
        (left > 0).then_some((piece, (guest, left - 1)))
    });
    Body::from_stream(pieces)
}

async fn endless(Extension(house): Extension<House>) {
    let _guest = house.enter();
    std::future::pending().await
}

// --- a client that speaks HTTP/2 as it pleases ---

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;

struct Http2(TcpStream);

impl Http2 {
    async fn connect(address: SocketAddr) -> Self {
        let begin =
            [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Self::frame(SETTINGS, 0, 0, &[]).as_slice()].concat();
        let mut socket = within("a connection", TcpStream::connect(address)).await.expect("it listens");
        socket.write_all(&begin).await.expect("it is connected");
        Self(socket)
    }

    /// `GET /`, as a whole: the method, the path and the scheme have numbers in HPACK's table.
    fn request(number: u32) -> Vec<u8> {
        const END_STREAM_AND_HEADERS: u8 = 0x5;
        Self::frame(HEADERS, END_STREAM_AND_HEADERS, 2 * number + 1, &[0x82, 0x84, 0x86])
    }

    fn reset(number: u32) -> Vec<u8> {
        const CANCEL: [u8; 4] = [0, 0, 0, 8];
        Self::frame(RST_STREAM, 0, 2 * number + 1, &CANCEL)
    }

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("it is short").to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    }

    /// Reads one frame, and says of which kind it is.
    async fn next_frame(&mut self) -> u8 {
        let read = async {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.expect("the connection goes on");
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            self.0.read_exact(&mut payload).await.expect("the connection goes on");
            head[3]
        };
        within("a frame", read).await
    }
}
