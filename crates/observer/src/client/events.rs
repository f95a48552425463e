//! The events of a tree, as they come.

use std::collections::VecDeque;

use super::ClientError;
use super::request::DoorResponse;
use super::sse::{Splitter, SseMessage};
use crate::wire::{EndMessage, Event, EventMessage, Last, Lost, LostMessage};

/// What a door sends to a watcher that follows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Message {
    /// Something happened.
    Event(Event),
    /// Events that will not come: a snapshot is to be asked for again.
    Lost(Lost),
    /// The tree is gone, and nothing more will come.
    End(Last),
}

/// The events of a tree, as they come. The connection ends when it is dropped.
#[derive(Debug)]
#[must_use = "events are read with `next`"]
pub struct EventStream {
    answer: DoorResponse,
    splitter: Splitter,
    waiting: VecDeque<Message>,
}

impl EventStream {
    pub(super) fn new(answer: DoorResponse) -> Self {
        Self { answer, splitter: Splitter::default(), waiting: VecDeque::new() }
    }

    /// Waits for the next message. `None` if the door has closed the connection: after [`Message::End`], or because the
    /// watcher was too slow or the program ended at once.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if the connection broke, or something else than a door sends. Nothing more comes after that.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no message is lost.
    pub async fn next(&mut self) -> Result<Option<Message>, ClientError> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Ok(Some(message));
            }
            let Some(data) = self.answer.next().await? else { return Ok(None) };
            for said in self.splitter.take(&data)? {
                self.waiting.extend(Message::of(&said)?);
            }
        }
    }
}

impl Message {
    /// `None` for a type that this version does not know.
    fn of(said: &SseMessage) -> Result<Option<Self>, ClientError> {
        let SseMessage { name, data } = said;
        let message = match name.as_str() {
            "event" => serde_json::from_str::<EventMessage>(data).map(|message| Self::Event(message.event)),
            "lost" => serde_json::from_str::<LostMessage>(data).map(|message| Self::Lost(message.lost)),
            "end" => serde_json::from_str::<EndMessage>(data).map(|message| Self::End(message.end)),
            _ => return Ok(None),
        };
        message.map(Some).map_err(|error| ClientError::Format(error.to_string()))
    }
}
