//! A gRPC service of tonic with a client of tonic: calls and streams belong to the task, too.

mod program;
mod text;

use std::sync::atomic::Ordering;
use std::time::Duration;

use rootward::Tree;
use rootward::report::{Ending, Outcome};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status, Streaming};

use self::program::{Teller, bank};
use self::text::Text;
use crate::{LONG, beside, started, within};

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_answered_within_the_grace_and_a_stream_that_hears_of_the_stop_ends_in_order() {
    let (tree, teller) = open(LONG).await;
    let mut client = Client::connect(&teller).await;
    assert_eq!(client.call("balance", "ann").await.expect("it is answered"), "ann has 0");
    let mut rates = client.stream("rates", "gold").await;
    assert_eq!(rates.message().await.expect("it is whole").as_deref(), Some("gold 1"));
    let mut other = Client::connect(&teller).await;
    let transfer = beside(async move { other.call("transfer", "ann").await });
    within("the transfer", teller.begun.notified()).await;

    let (report, ()) = tokio::join!(within("the stop", tree.stop()), async {
        tree.stopping().await;
        teller.done.notify_one();
    });

    assert_eq!(report.ending, Ending::Clean, "{report}");
    assert_eq!(
        within("the answer", transfer).await.expect("no panic").expect("it is answered"),
        "done for ann"
    );
    assert_eq!(rates.message().await.expect("it ended as it should"), None);
    assert_eq!(teller.alive.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_says_that_it_has_no_end_ends_with_the_stop_and_its_client_may_call_again() {
    let (tree, teller) = open(LONG).await;
    let mut client = Client::connect(&teller).await;
    let mut prices = client.stream("prices", "").await;
    assert_eq!(prices.message().await.expect("it is whole").as_deref(), Some("first"));

    let report = within("the stop", tree.stop()).await;

    assert_eq!(report.ending, Ending::Clean, "{report}");
    let end = within("the end", prices.message()).await.expect_err("it did not end by itself");
    assert_eq!((end.code(), end.message()), (Code::Unavailable, "the server is stopping"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_a_stream_without_an_end_costs_the_stop_no_grace() {
    let (tree, teller) = open(LONG).await;
    let mut client = Client::connect(&teller).await;
    let unread = client.stream("flood", "").await;
    within("the flood", teller.begun.notified()).await;

    let report = within("the stop", tree.stop()).await;

    assert_eq!(report.ending, Ending::Clean, "{report}");
    drop(unread);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_and_streams_that_do_not_end_in_the_grace_are_dropped_before_the_stop_returns() {
    let (tree, teller) = open(SHORT).await;
    let mut client = Client::connect(&teller).await;
    let mut news = client.stream("news", "").await;
    assert_eq!(news.message().await.expect("it is whole").as_deref(), Some("first"));
    let mut other = Client::connect(&teller).await;
    let transfer = beside(async move { other.call("transfer", "ann").await });
    within("the transfer", teller.begun.notified()).await;
    assert_eq!(teller.alive.load(Ordering::SeqCst), 2);

    let report = within("the stop", tree.stop()).await;

    assert_eq!(teller.alive.load(Ordering::SeqCst), 0, "gone means gone");
    let server = report.find("bank/server").expect("it is there");
    assert_eq!((report.ending, server.outcome), (Ending::Forced, Outcome::Killed));
    assert!(within("the end", news.message()).await.is_err());
    assert!(within("the end", transfer).await.expect("no panic").is_err());
}

// --- the client ---

async fn open(grace: Duration) -> (Tree, Teller) {
    let teller = Teller::default();
    (started(bank(teller.clone(), grace), LONG).await, teller)
}

struct Client(Grpc<Channel>);

impl Client {
    async fn connect(teller: &Teller) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{}", teller.address())).expect("it is a URI");
        Self(Grpc::new(endpoint.connect().await.expect("it listens")))
    }

    async fn call(&mut self, method: &str, text: &str) -> Result<String, Status> {
        self.0.ready().await.expect("it is connected");
        self.0.unary(Request::new(text.to_owned()), path(method), Text).await.map(Response::into_inner)
    }

    async fn stream(&mut self, method: &str, text: &str) -> Streaming<String> {
        self.0.ready().await.expect("it is connected");
        let answer = self.0.server_streaming(Request::new(text.to_owned()), path(method), Text).await;
        answer.expect("it is answered").into_inner()
    }
}

fn path(method: &str) -> PathAndQuery {
    format!("/bank.Teller/{method}").parse().expect("it is a path")
}
