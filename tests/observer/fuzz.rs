//! A door at a port gets whatever bytes come: nothing that comes without the token changes the tree or learns anything
//! of it, and the door goes on.

use std::net::SocketAddr;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use rootward_observer::Door;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use crate::client::Place;
use crate::given::{TOKEN, team, within};

/// A request, or what may pass for one. `ADDRESS` stands for where the door is.
fn requests() -> impl Strategy<Value = Vec<u8>> {
    let request = (methods(), targets(), versions(), vec(headers(), 0..6), bodies(), vec(changes(), 0..3))
        .prop_map(|(method, target, version, headers, body, changes)| {
            let head: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
            let mut bytes = format!("{method} {target} {version}\r\n{head}\r\n").into_bytes();
            bytes.extend(body);
            for change in changes {
                change.apply(&mut bytes);
            }
            bytes
        });
    prop_oneof![1 => vec(any::<u8>(), 0..600), 9 => request]
}

fn methods() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(vec!["GET", "POST", "HEAD", "OPTIONS", "PUT", "CONNECT", "get", "PRI"]).prop_map(str::to_owned),
        1 => "[A-Z]{0,40}",
    ]
}

fn targets() -> impl Strategy<Value = String> {
    let known = [
        "/",
        "/snapshot",
        "/events",
        "/events?since=0",
        "/why/root",
        "/usage/root",
        "/stop",
        "/force",
        "/terminate/root/last",
        "/restart/root/last",
        "/start/root/last",
        "*",
        "http://ADDRESS/snapshot",
        "//stop",
        "/stop/../snapshot",
        "/%73top",
    ];
    prop_oneof![6 => select(known.to_vec()).prop_map(str::to_owned), 1 => "/[ -~]{0,60}"]
}

fn versions() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just("HTTP/1.1"), 1 => select(vec!["HTTP/1.0", "HTTP/2", "HTTP/0.9", "", "http/1.1"])]
}

fn headers() -> impl Strategy<Value = String> {
    let fixed = [
        "host: ADDRESS",
        "host: evil.example",
        "origin: http://ADDRESS",
        "origin: null",
        "connection: close",
        "connection: upgrade",
        "upgrade: h2c",
        "content-length: 3",
        "content-length: 99999999999999999999",
        "content-length: -1",
        "transfer-encoding: chunked",
        "expect: 100-continue",
        "last-event-id: 0",
    ];
    prop_oneof![
        3 => Just("host: ADDRESS".to_owned()),
        3 => select(fixed.to_vec()).prop_map(str::to_owned),
        5 => near_tokens(),
        1 => "[a-z-]{1,12}: [ -~]{0,80}",
    ]
}

/// Headers that nearly bring the token.
fn near_tokens() -> impl Strategy<Value = String> {
    prop_oneof![
        (any::<Index>(), "[a-z0-9]").prop_map(|(at, other)| {
            let mut token = TOKEN.to_owned();
            let at = at.index(token.len());
            token.replace_range(at..=at, &other);
            format!("authorization: Bearer {token}")
        }),
        any::<Index>().prop_map(|to| format!("authorization: Bearer {}", &TOKEN[..to.index(TOKEN.len())])),
        select(vec![
            format!("authorization: Bearer {TOKEN}{TOKEN}"),
            format!("authorization: Bearer {}", TOKEN.to_uppercase()),
            format!("authorization: Basic {TOKEN}"),
            format!("authorization: {TOKEN}"),
            format!("x-authorization: Bearer {TOKEN}"),
            format!("cookie: token={TOKEN}"),
            format!("authorization: Bearer \"{TOKEN}\""),
            "authorization: Bearer ".to_owned(),
        ]),
    ]
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![4 => Just(Vec::new()), 1 => vec(any::<u8>(), 0..40)]
}

/// A change of a single place.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Insert(Index, u8),
    CutOff(Index),
}

fn changes() -> impl Strategy<Value = Change> {
    let byte = || prop_oneof![any::<u8>(), select(b"\r\n\0: /%".to_vec())];
    prop_oneof![
        (any::<Index>(), byte()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<Index>().prop_map(Change::CutOff),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Set(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Insert(at, byte) => bytes.insert(at.index(bytes.len()), *byte),
            Self::CutOff(at) => bytes.truncate(at.index(bytes.len())),
        }
    }
}

/// Whether this brings the token after all.
fn has_token(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    text.lines().any(|line| {
        let value =
            line.split_once(':').filter(|(name, _)| name.trim().eq_ignore_ascii_case("authorization"));
        value.is_some_and(|(_, value)| value.trim().strip_prefix("Bearer ").map(str::trim) == Some(TOKEN))
    })
}

/// Sends this, and takes what comes until the door has closed the connection.
async fn answer(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(address).await.expect("the door is there");
    // A door that has closed the connection already has said why.
    let _ = socket.write_all(request).await;
    let _ = socket.shutdown().await;
    let mut bytes = Vec::new();
    let _ = within(socket.read_to_end(&mut bytes)).await;
    bytes
}

/// Nothing but the page, which has nothing of the tree in it, is sent to a stranger.
fn tells_nothing(answer: &[u8]) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(answer);
    prop_assert!(text.is_empty() || text.starts_with("HTTP/1."), "{text}");
    if text.starts_with("HTTP/1.1 2") || text.starts_with("HTTP/1.0 2") {
        let head = text.split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase();
        prop_assert!(head.contains("content-type: text/html"), "{text}");
    }
    prop_assert!(!text.contains("\"as_of\""), "{text}");
    Ok(())
}

#[test]
fn no_bytes_without_the_token_change_the_tree_or_are_told_anything_of_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let tree = team(Default::default()).start().await.unwrap();
        let door = Door::loopback(0, TOKEN).allow_control().open(&tree).unwrap();
        let address = door.address().expect("it is at a port");
        let before = tree.snapshot().to_string();

        let handle = tokio::runtime::Handle::current();
        let fuzzed = tokio::task::spawn_blocking(move || {
            let config = Config { cases: 500, failure_persistence: None, ..Config::default() };
            TestRunner::new(config).run(&requests(), |request| {
                let request = fill_in(&request, address);
                prop_assume!(!has_token(&request));
                tells_nothing(&handle.block_on(answer(address, &request)))
            })
        });
        fuzzed.await.unwrap().unwrap();

        assert!(!tree.is_stopping());
        assert_eq!(without_times(&tree.snapshot().to_string()), without_times(&before));
        assert_eq!(Place::Port(address).ask("GET /snapshot").await.status, 200, "the door goes on");
        let _ = tree.stop().await;
    });
}

/// A request that a door answers, but for a few changes of single places, so that most of them are let in.
fn nearly_valid() -> impl Strategy<Value = Vec<u8>> {
    let targets = select(vec![
        "GET /snapshot",
        "GET /events?since=0",
        "GET /why/root/team",
        "GET /why/root/none",
        "GET /usage/root/last",
        "GET /",
        "POST /stop",
        "POST /restart/root/last",
        "POST /signal/SIGHUP/root/last",
    ]);
    (targets, vec(headers(), 0..3), vec(changes(), 0..3)).prop_map(|(target, more, changes)| {
        let more: String = more.iter().map(|header| format!("{header}\r\n")).collect();
        let head =
            format!("{target} HTTP/1.1\r\nhost: ADDRESS\r\nauthorization: Bearer {TOKEN}\r\n{more}\r\n");
        let mut bytes = head.into_bytes();
        changes.iter().for_each(|change| change.apply(&mut bytes));
        bytes
    })
}

/// What a door may answer: nothing, or HTTP with a status of its own, and documents that say of what version they are.
fn is_an_answer(answer: &[u8]) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(answer);
    if text.is_empty() {
        return Ok(());
    }
    let status = text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).map(str::parse::<u16>);
    prop_assert!(matches!(status, Some(Ok(100..=504))), "{text}");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let is_document = head.to_ascii_lowercase().contains("content-type: application/json");
    // A connection that was shut down from the other side may be closed before all of it has been sent.
    if let (true, Ok(document)) = (is_document, serde_json::from_str::<serde_json::Value>(body)) {
        prop_assert_eq!(&document["schema"], &serde_json::json!(1), "{}", text);
    }
    Ok(())
}

/// The same over a socket, which needs no token.
async fn answer_of_socket(path: &Path, request: &[u8]) -> Vec<u8> {
    let mut socket = UnixStream::connect(path).await.expect("the door is there");
    let _ = socket.write_all(request).await;
    let _ = socket.shutdown().await;
    let mut bytes = Vec::new();
    let _ = within(socket.read_to_end(&mut bytes)).await;
    bytes
}

/// Watchers that are let in, and may not change the tree: their requests are answered, whatever is wrong with them.
#[test]
fn nearly_valid_requests_with_the_token_or_over_a_socket_are_answered_and_change_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let tree = team(Default::default()).start().await.unwrap();
        let door = Door::loopback(0, TOKEN).open(&tree).unwrap();
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("door.sock");
        let _other = Door::unix(&path).open(&tree).unwrap();
        let address = door.address().expect("it is at a port");
        let before = tree.snapshot().to_string();

        let (handle, place) = (tokio::runtime::Handle::current(), path.clone());
        let fuzzed = tokio::task::spawn_blocking(move || {
            let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
            TestRunner::new(config).run(&nearly_valid(), |request| {
                let request = fill_in(&request, address);
                is_an_answer(&handle.block_on(answer(address, &request)))?;
                is_an_answer(&handle.block_on(answer_of_socket(&place, &request)))
            })
        });
        fuzzed.await.unwrap().unwrap();

        assert!(!tree.is_stopping());
        assert_eq!(without_times(&tree.snapshot().to_string()), without_times(&before));
        for place in [Place::Port(address), Place::Unix(path)] {
            assert_eq!(place.ask("GET /snapshot").await.status, 200, "the door goes on");
        }
        let _ = tree.stop().await;
    });
}

/// Puts the address in its place.
fn fill_in(request: &[u8], address: SocketAddr) -> Vec<u8> {
    let mut filled = Vec::with_capacity(request.len() + 32);
    let mut rest = request;
    while let Some(at) = rest.windows(7).position(|text| text == b"ADDRESS") {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(address.to_string().as_bytes());
        rest = &rest[at + 7..];
    }
    filled.extend_from_slice(rest);
    filled
}

/// The words of a snapshot that are no numbers: its times go on.
fn without_times(snapshot: &str) -> Vec<String> {
    let words = snapshot.split_whitespace().filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
    words.map(str::to_owned).collect()
}
