//! One axum service and a real client of each kind: what each of them sees of the stop.

mod program;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rootward::Tree;
use rootward::report::{Ending, Outcome};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use self::program::{Shop, shop};
use crate::{LONG, beside, started, within};

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_stop_ends_all_four_kinds_of_connection_and_each_client_sees_an_end_of_its_own() {
    let (tree, shop) = open(LONG).await;
    let at = shop.address();
    let (mut kept, kept_connection) = http_1(at).await;
    for _ in 0..3 {
        kept.ready().await.expect("it is kept");
        assert_eq!(text(kept.send_request(get(at, "/")).await).await, (StatusCode::OK, "hello".to_owned()));
    }
    let mut chat = websocket(at, "/chat").await;
    chat.send(Message::text("are you there?")).await.expect("it is connected");
    assert_eq!(next(&mut chat).await, Message::text("are you there?"));
    kept.ready().await.expect("it is kept");
    let (mut streams, streams_connection) = http_1(at).await;
    let prices = streams.send_request(get(at, "/prices")).await.expect("it is answered");
    let mut prices = Body::new(prices.into_body()).into_data_stream();
    assert_eq!(prices.next().await.expect("there is one").expect("it is whole"), "data: apples: 2\n\n");
    let (mut many, many_connection) = http_2(at).await;
    let orders = [beside(kept.send_request(order(at))), beside(many.send_request(order(at)))];
    within("the orders", until_there(&shop.orders, 2)).await;

    let (report, ()) = tokio::join!(within("the stop", tree.stop()), async {
        tree.stopping().await;
        shop.delivered.send_replace(true);
    });

    assert_eq!(report.ending, Ending::Clean, "{report}");
    for order in orders {
        let answer = within("the answer", order).await.expect("no panic");
        assert_eq!(text(answer).await, (StatusCode::OK, "five apples".to_owned()));
    }
    assert_eq!(next(&mut chat).await, Message::text("we are closing"));
    assert!(matches!(next(&mut chat).await, Message::Close(_)), "a websocket is closed as its protocol says");
    assert!(prices.next().await.is_none(), "a stream of events is ended and not cut off");
    for connection in [kept_connection, streams_connection, many_connection] {
        within("its end", connection).await.expect("no panic").expect("it was closed in order");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_none_of_the_four_kinds_gives_up_in_its_grace_is_dropped_before_the_stop_returns() {
    let (tree, shop) = open(SHORT).await;
    let at = shop.address();
    let (mut kept, _connection) = http_1(at).await;
    let (mut many, _many_connection) = http_2(at).await;
    let orders = [beside(kept.send_request(order(at))), beside(many.send_request(order(at)))];
    let mut chat = websocket(at, "/deaf").await;
    chat.send(Message::text("are you there?")).await.expect("it is connected");
    assert_eq!(next(&mut chat).await, Message::text("are you there?"));
    let (mut streams, _streams_connection) = http_1(at).await;
    let _unread = streams.send_request(get(at, "/ticker")).await.expect("it is answered");
    within("the orders", until_there(&shop.orders, 2)).await;
    within("the ticker and the chat", until_there(&shop.open, 2)).await;

    let report = within("the stop", tree.stop()).await;

    assert_eq!(shop.orders.load(Ordering::SeqCst), 0, "no handler is there any more");
    assert_eq!(shop.open.load(Ordering::SeqCst), 0, "no stream and no websocket either");
    let server = report.find("shop/server").expect("it is there");
    assert_eq!((report.ending, server.outcome), (Ending::Forced, Outcome::Killed));
    for order in orders {
        assert!(within("the end", order).await.expect("no panic").is_err());
    }
    assert!(!matches!(within("the end", chat.next()).await, Some(Ok(_))), "it was cut off");
}

// --- the clients ---

type Connection = JoinHandle<hyper::Result<()>>;

async fn open(grace: Duration) -> (Tree, Shop) {
    let state = Shop::default();
    (started(shop(state.clone(), grace), LONG).await, state)
}

async fn http_1(at: SocketAddr) -> (http1::SendRequest<Body>, Connection) {
    let io = TokioIo::new(TcpStream::connect(at).await.expect("it listens"));
    let (sender, connection) = http1::handshake(io).await.expect("it speaks HTTP/1");
    (sender, beside(connection))
}

async fn http_2(at: SocketAddr) -> (http2::SendRequest<Body>, Connection) {
    let io = TokioIo::new(TcpStream::connect(at).await.expect("it listens"));
    let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.expect("it speaks HTTP/2");
    (sender, beside(connection))
}

async fn websocket(at: SocketAddr, path: &str) -> WebSocketStream<TcpStream> {
    let socket = TcpStream::connect(at).await.expect("it listens");
    client_async(format!("ws://{at}{path}"), socket).await.expect("it is upgraded").0
}

async fn until_there(count: &AtomicUsize, all: usize) {
    while count.load(Ordering::SeqCst) < all {
        tokio::task::yield_now().await
    }
}

async fn next(chat: &mut WebSocketStream<TcpStream>) -> Message {
    within("a message", chat.next()).await.expect("there is one").expect("it is whole")
}

fn get(at: SocketAddr, path: &str) -> Request<Body> {
    Request::get(format!("http://{at}{path}"))
        .header("host", "shop")
        .body(Body::empty())
        .expect("it is well-formed")
}

fn order(at: SocketAddr) -> Request<Body> {
    let request = Request::post(format!("http://{at}/order")).header("host", "shop");
    request.body(Body::from("apples, five")).expect("it is well-formed")
}

async fn text(answer: hyper::Result<hyper::Response<hyper::body::Incoming>>) -> (StatusCode, String) {
    let (head, body) = answer.expect("it is answered").into_parts();
    let body = within("the body", to_bytes(Body::new(body), usize::MAX)).await.expect("it is whole");
    (head.status, String::from_utf8(body.to_vec()).expect("it is text"))
}
