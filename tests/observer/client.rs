//! A watcher that writes every byte of its requests itself.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{TcpStream, UnixStream};

use crate::formats::is_valid;
use crate::given::{TOKEN, within};

/// Where a door is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Unix(PathBuf),
    Port(SocketAddr),
}

pub(crate) trait Socket: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Socket for S {}

/// A connection to a door.
pub(crate) struct Client(BufReader<Pin<Box<dyn Socket>>>);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// A server-sent event.
#[derive(Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Place {
    /// Waits until the door lets a watcher in again. It hears of the end of another one when it comes to it.
    pub(crate) async fn has_room(&self) {
        within(async { while self.ask("GET /snapshot").await.status == 503 {} }).await;
    }

    pub(crate) async fn connect(&self) -> Client {
        let socket: Pin<Box<dyn Socket>> = match self {
            Self::Unix(path) => Box::pin(within(connect_to(path)).await),
            Self::Port(address) => {
                Box::pin(within(TcpStream::connect(address)).await.expect("the door is there"))
            }
        };
        Client(BufReader::new(socket))
    }

    /// The headers that a request needs.
    pub(crate) fn headers(&self) -> String {
        match self {
            Self::Unix(_) => "host: door\r\n".to_owned(),
            Self::Port(address) => format!("host: {address}\r\nauthorization: Bearer {TOKEN}\r\n"),
        }
    }

    /// Asks for something, and reads the answer.
    pub(crate) async fn ask(&self, what: &str) -> Answer {
        self.ask_with(what, &self.headers()).await
    }

    pub(crate) async fn ask_with(&self, what: &str, headers: &str) -> Answer {
        let mut client = self.connect().await;
        client.say(&format!("{what} HTTP/1.1\r\n{headers}connection: close\r\n\r\n")).await;
        client.answer().await
    }

    /// Follows the events.
    pub(crate) async fn follow(&self, query: &str) -> Client {
        let mut client = self.connect().await;
        let headers = self.headers();
        client.say(&format!("GET /events{query} HTTP/1.1\r\n{headers}\r\n")).await;
        client.line_with(": connected").await;
        client
    }
}

impl Client {
    pub(crate) async fn say(&mut self, text: &str) {
        // A door that has closed the connection already has said why.
        let _ = within(self.0.write_all(text.as_bytes())).await;
    }

    /// Everything until the connection is closed.
    pub(crate) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let _ = within(self.0.read_to_end(&mut bytes)).await;
        String::from_utf8(bytes).expect("the door sends text")
    }

    /// The answer that ends with the connection. It is one of those that are described.
    pub(crate) async fn answer(&mut self) -> Answer {
        let text = self.rest().await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body:?}"));
        is_valid(&body);
        Answer { status, head: head.to_ascii_lowercase(), body }
    }

    pub(crate) async fn line_with(&mut self, part: &str) -> String {
        loop {
            let line = self.line().await.unwrap_or_else(|| panic!("{part} does not come"));
            if line.contains(part) {
                return line;
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = within(self.0.read_line(&mut line)).await.unwrap_or(0);
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// The next message of a stream, or `None` at its end. It is one of those that are described.
    pub(crate) async fn message(&mut self) -> Option<Message> {
        let (mut id, mut name) = (0, String::new());
        while let Some(line) = self.line().await {
            if let Some(number) = line.strip_prefix("id: ") {
                id = number.parse().expect("an id is a number");
            } else if let Some(event) = line.strip_prefix("event: ") {
                event.clone_into(&mut name);
            } else if let Some(data) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(data).expect("a message is JSON");
                is_valid(&data);
                return Some(Message { id, name, data });
            }
        }
        None
    }

    /// Reads on until the child that can be made to fail is restarted.
    pub(crate) async fn until_failed(&mut self) {
        while !is_restart(&self.message().await.expect("the restart comes")) {}
    }

    /// The next message about an event of this name.
    pub(crate) async fn event(&mut self, name: &str) -> Message {
        self.through(name).await.pop().expect("it is the last")
    }

    /// Reads on until an event of this name, and returns all that has come, with that one as the last.
    pub(crate) async fn through(&mut self, name: &str) -> Vec<Message> {
        let mut all = Vec::new();
        loop {
            let message = self.message().await.unwrap_or_else(|| panic!("{name} does not come"));
            let is_it = message.data["event"] == name;
            all.push(message);
            if is_it {
                return all;
            }
        }
    }
}

async fn connect_to(path: &Path) -> UnixStream {
    loop {
        match UnixStream::connect(path).await {
            // As many as may wait to be accepted wait already.
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                tokio::task::yield_now().await;
            }
            connected => return connected.expect("the door is there"),
        }
    }
}

/// Whether this is the restart of the child that can be made to fail.
pub(crate) fn is_restart(message: &Message) -> bool {
    message.data["path"] == "root/team/fails" && message.data["event"] == "restarting"
}
