//! A door at a port.

use rootward_observer::{Door, OpenError, random_token};
use serde_json::json;

use crate::client::Place;
use crate::given::{TOKEN, given_at_a_port, team};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_token_a_watcher_is_let_in() {
    let given = given_at_a_port().await;

    assert_eq!(given.place.ask("GET /snapshot").await.status, 200);
    let Place::Port(address) = given.place else { panic!("it is at a port") };
    assert!(address.ip().is_loopback());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_right_token_host_and_origin_no_watcher_is_let_in() {
    let given = given_at_a_port().await;
    let Place::Port(address) = &given.place else { panic!("it is at a port") };
    let (host, bearer) = (format!("host: {address}\r\n"), format!("authorization: Bearer {TOKEN}\r\n"));

    for (headers, status, code) in [
        (host.clone(), 401, "token"),
        (format!("{host}authorization: Bearer {}\r\n", TOKEN.replace('a', "b")), 401, "token"),
        (format!("host: evil.example\r\n{bearer}"), 403, "host"),
        (format!("host: evil.example:{}\r\n{bearer}", address.port()), 403, "host"),
        (format!("{host}origin: http://evil.example\r\n{bearer}"), 403, "origin"),
        (format!("{host}origin: null\r\n{bearer}"), 403, "origin"),
    ] {
        for what in ["GET /snapshot", "GET /events", "POST /stop", "OPTIONS /stop", "GET /nothing"] {
            let answer = given.place.ask_with(what, &headers).await;
            assert_eq!((answer.status, &answer.body["refused"]["code"]), (status, &json!(code)), "{what}");
            assert!(!answer.head.contains("access-control"), "no page is given leave");
        }
    }
    assert!(!given.tree.is_stopping());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_can_be_guessed_is_refused() {
    let tree = team(Default::default()).start().await.unwrap();

    for token in ["", "short", "with a space in it", "with a\r\nline end in it"] {
        let refused = Door::loopback(0, token).open(&tree);
        assert!(matches!(refused, Err(OpenError::WeakToken(0))), "{token:?}");
    }
    let (one, other) = (random_token().unwrap(), random_token().unwrap());
    assert!(one != other && one.len() == 64);
    Door::loopback(0, one).open(&tree).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_is_an_error_that_names_the_address_and_the_cause() {
    let tree = team(Default::default()).start().await.unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();

    let refused = Door::loopback(address.port(), TOKEN).open(&tree).unwrap_err();

    let in_use = std::io::Error::from(nix::errno::Errno::EADDRINUSE);
    assert_eq!(refused.to_string(), format!("cannot listen at {address}: {in_use}"));
}
