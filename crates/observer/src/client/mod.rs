//! The other end of a door: asks a running program for its tree, follows it, and changes it where that is allowed.
//!
//! ```no_run
//! use rootward_observer::client::{Client, Message};
//! use rootward_observer::model::Model;
//!
//! # async fn follow() -> Result<(), rootward_observer::client::ClientError> {
//! let door = Client::unix("/run/my-program/door.sock");
//! let mut model = Model::from_snapshot(&door.snapshot().await?);
//! let mut events = door.events(Some(model.as_of())).await?;
//! while let Some(message) = events.next().await? {
//!     match message {
//!         Message::Event(event) => model.apply(&event),
//!         Message::Lost(_) => model = Model::from_snapshot(&door.snapshot().await?),
//!         Message::End(_) => break,
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Absent on purpose: connecting again. A program that is gone is not there again by itself, and another run of it has
//! other events.

mod connect;
mod error;
mod events;
mod request;
mod sse;

use std::path::PathBuf;
use std::time::Duration;

use hyper::Method;
use serde::de::DeserializeOwned;

use self::request::DoorResponse;
use crate::wire::{Done, Snapshot, UsageAnswer, Why};

pub use self::error::ClientError;
pub use self::events::{EventStream, Message};

/// How long a door may take for an answer that waits for no child.
const PATIENCE: Duration = Duration::from_secs(10);

/// A door to ask. Every request has a connection of its own, so that a client may be cloned and shared.
#[derive(Clone, Debug)]
pub struct Client {
    place: ServerAddress,
}

/// Where the door is.
#[derive(Clone, Debug)]
enum ServerAddress {
    Unix(PathBuf),
    Loopback { port: u16, token: Secret },
}

/// A token, which is not printed.
#[derive(Clone)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// What is to be done to the tree. Paths are those of children, such as `root/worker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Control<'a> {
    /// Asks the tree to stop.
    Stop,
    /// Ends every grace.
    Force,
    /// Stops a child, waits until it is gone, and leaves it down.
    Terminate(&'a str),
    /// Starts a child that is down.
    Start(&'a str),
    /// Stops a child, waits until it is gone, and starts it.
    Restart(&'a str),
    /// Sends a signal, such as `SIGHUP`, to the program of a process child, and to nothing that it has started.
    Signal {
        /// The signal's name.
        signal: &'a str,
        /// The child.
        path: &'a str,
    },
}

impl Client {
    /// The door at a Unix socket.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self { place: ServerAddress::Unix(path.into()) }
    }

    /// The door at a port of 127.0.0.1, with its token.
    pub fn loopback(port: u16, token: impl Into<String>) -> Self {
        Self { place: ServerAddress::Loopback { port, token: Secret(token.into()) } }
    }

    /// The whole tree, as of one event.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if there is no door, it refuses, or it has not answered within ten seconds.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime with I/O and timers, as all requests here.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn snapshot(&self) -> Result<Snapshot, ClientError> {
        self.document(Method::GET, "/snapshot", Some(PATIENCE)).await
    }

    /// The same with what each process uses ([`Child::usage`](crate::wire::Child::usage)), which the door looks up for
    /// it. The look takes a second at most; how many processes were left out then is
    /// [`DoorFacts::usage_left_out`](crate::wire::DoorFacts::usage_left_out). Those who ask for this one are served one
    /// after the other.
    ///
    /// # Errors
    ///
    /// As [`snapshot`](Self::snapshot).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn snapshot_with_usage(&self) -> Result<Snapshot, ClientError> {
        self.document(Method::GET, "/snapshot?usage=true", Some(PATIENCE)).await
    }

    /// What a child is doing, since when, and the chain of events that led there.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if there is no door, it refuses, there is no such child, or it has not answered within ten
    /// seconds.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn why(&self, path: &str) -> Result<Why, ClientError> {
        self.document(Method::GET, &below("/why/", path), Some(PATIENCE)).await
    }

    /// What a process uses now.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if there is no door, it refuses, there is no such process or it does not run, or it has not
    /// answered within ten seconds.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn usage(&self, path: &str) -> Result<UsageAnswer, ClientError> {
        self.document(Method::GET, &below("/usage/", path), Some(PATIENCE)).await
    }

    /// Follows the tree: everything that happens after event `since`, or from now on.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if there is no door, it refuses, the tree has not reached the number, or the door has not
    /// answered within ten seconds.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn events(&self, since: Option<u64>) -> Result<EventStream, ClientError> {
        let uri = since.map_or_else(|| "/events".to_owned(), |since| format!("/events?since={since}"));
        Ok(EventStream::new(self.ask(Method::GET, &uri, Some(PATIENCE)).await?))
    }

    /// Changes the tree. An answer comes when it has been done: a stop has been asked for, a child is gone or runs.
    /// [`Terminate`](Control::Terminate), [`Restart`](Control::Restart) and [`Start`](Control::Start) may take as long
    /// as the child's grace and its start, and have no limit here. The others are answered at once, or not within ten
    /// seconds because the program is suspended.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] if the program allows watchers to look and nothing else (code `control`), or the
    /// supervisor says no, and others as everywhere. After [`ClientError::Silent`] the program may still do it when it
    /// goes on.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped takes nothing back. A restart that is given up while the child stops may leave the
    /// child down.
    pub async fn control(&self, control: Control<'_>) -> Result<Done, ClientError> {
        let uri = match control {
            Control::Stop => "/stop".to_owned(),
            Control::Force => "/force".to_owned(),
            Control::Terminate(path) => below("/terminate/", path),
            Control::Start(path) => below("/start/", path),
            Control::Restart(path) => below("/restart/", path),
            Control::Signal { signal, path } => below("/signal/", &format!("{signal}/{path}")),
        };
        let patience = match control {
            Control::Stop | Control::Force | Control::Signal { .. } => Some(PATIENCE),
            Control::Terminate(_) | Control::Start(_) | Control::Restart(_) => None,
        };
        self.document(Method::POST, &uri, patience).await
    }

    /// Whether the program allows watchers to change the tree. It asks for something that no tree does, and looks what
    /// the refusal says.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if there is no door, or it has not answered within ten seconds.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn allows_control(&self) -> Result<bool, ClientError> {
        // A root has no supervisor that could start it.
        let answer = self.document::<Done>(Method::POST, "/start/root", Some(PATIENCE)).await;
        match answer {
            Err(ClientError::Refused(refusal)) => Ok(refusal.code != "control"),
            Err(error) => Err(error),
            Ok(_) => Ok(true),
        }
    }

    async fn document<T: DeserializeOwned>(
        &self,
        method: Method,
        uri: &str,
        patience: Option<Duration>,
    ) -> Result<T, ClientError> {
        let whole = async { self.ask(method, uri, None).await?.document().await };
        within(patience, whole).await
    }

    async fn ask(
        &self,
        method: Method,
        uri: &str,
        patience: Option<Duration>,
    ) -> Result<DoorResponse, ClientError> {
        within(patience, async {
            match &self.place {
                ServerAddress::Unix(path) => {
                    let socket = connect::unix(path).await?;
                    request::send(socket, request::head(method, uri, "door", None)?).await
                }
                ServerAddress::Loopback { port, token } => {
                    let socket = connect::loopback(*port).await?;
                    let host = format!("127.0.0.1:{port}");
                    request::send(socket, request::head(method, uri, &host, Some(&token.0))?).await
                }
            }
        })
        .await
    }
}

async fn within<T>(
    patience: Option<Duration>,
    work: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, ClientError> {
    match patience {
        Some(patience) => tokio::time::timeout(patience, work).await.unwrap_or(Err(ClientError::Silent)),
        None => work.await,
    }
}

/// The path of a child in a request: everything but what is certain to be harmless is percent-encoded.
fn below(route: &str, path: &str) -> String {
    use std::fmt::Write as _;
    let mut uri = route.to_owned();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(byte));
            }
            // Writing to memory does not fail.
            other => drop(write!(uri, "%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_percent_encoded_where_that_is_needed() {
        assert_eq!(below("/why/", "root/a-b_c.d~e"), "/why/root/a-b_c.d~e");
        assert_eq!(below("/why/", "root/a b?ü"), "/why/root/a%20b%3F%C3%BC");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_has_a_limit_unless_its_answer_waits_for_a_child() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("door.sock");
        // As the socket of a program that is suspended: the system connects, and nothing reads.
        let _door = tokio::net::UnixListener::bind(&socket).unwrap();
        let client = Client::unix(&socket);
        let hour = Duration::from_secs(3600);

        for control in [Control::Stop, Control::Force, Control::Signal { signal: "SIGHUP", path: "root/a" }] {
            let answer = tokio::time::timeout(hour, client.control(control)).await;
            assert!(matches!(answer, Ok(Err(ClientError::Silent))), "{control:?}: {answer:?}");
        }
        for control in [Control::Terminate("root/a"), Control::Start("root/a"), Control::Restart("root/a")] {
            let answer = tokio::time::timeout(hour, client.control(control)).await;
            assert!(answer.is_err(), "{control:?}: {answer:?}");
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        let client = Client::loopback(80, "a secret of thirty-two characters");

        assert!(!format!("{client:?}").contains("secret"));
    }
}
