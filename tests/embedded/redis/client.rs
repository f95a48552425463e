//! A client that takes nothing but whole replies.

use std::io;
use std::net::SocketAddr;

use tokio::io::BufReader;
use tokio::net::TcpStream;

use super::resp::{length, read_bulk, read_line, write_bulks};
use crate::within;

#[derive(Debug, PartialEq)]
pub(super) enum Reply {
    Simple(String),
    Error(String),
    Integer(i64),
    Bulk(Option<Vec<u8>>),
    Array(Vec<Self>),
    /// The connection ended, and not within a reply.
    Closed,
}

pub(super) struct Client(BufReader<TcpStream>);

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.expect("it listens")))
    }

    pub(super) async fn ask(&mut self, words: &[&str]) -> Reply {
        self.send(words).await;
        self.reply().await
    }

    /// A server that has closed the connection is noticed by the next reply.
    pub(super) async fn send(&mut self, words: &[&str]) {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let _ = within("room for a command", write_bulks(&mut self.0, &words)).await;
    }

    pub(super) async fn reply(&mut self) -> Reply {
        within("a reply", async {
            match read_line(&mut self.0).await {
                Ok(Some(line)) => self.rest_of(&line).await.expect("a reply is whole"),
                Ok(None) => Reply::Closed,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Reply::Closed,
                Err(error) => panic!("this is not a whole reply: {error}"),
            }
        })
        .await
    }

    async fn rest_of(&mut self, line: &str) -> io::Result<Reply> {
        let rest = || line[1..].to_owned();
        Ok(match line.as_bytes()[0] {
            b'+' => Reply::Simple(rest()),
            b'-' => Reply::Error(rest()),
            b':' => Reply::Integer(rest().parse().map_err(|_| io::ErrorKind::InvalidData)?),
            b'$' => Reply::Bulk(read_bulk(&mut self.0, line).await?),
            b'*' => {
                let mut replies = Vec::new();
                for _ in 0..length(line, '*')?.unwrap_or(0) {
                    let head = read_line(&mut self.0).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
                    replies.push(Reply::Bulk(read_bulk(&mut self.0, &head).await?));
                }
                Reply::Array(replies)
            }
            _ => return Err(io::ErrorKind::InvalidData.into()),
        })
    }

    /// Looks without reading.
    pub(super) async fn sees_the_beginning_of_a_message(&mut self) {
        let mut byte = [0];
        let seen = within("the message's beginning", self.0.get_ref().peek(&mut byte)).await;
        assert_eq!((seen.expect("it is connected"), &byte), (1, b"*"));
    }
}
