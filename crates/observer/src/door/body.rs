//! The body of a response: a document, or the events of the tree as they happen.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use hyper::body::Bytes;
use serde::Serialize;

use super::follower::{FollowerGuard, WatcherUpdate};
use super::remembered::Portion;
use crate::wire::{EndMessage, Event, Last, LostMessage, Version};

/// How long a stream is silent before it says that it is still there.
const SILENCE: Duration = Duration::from_secs(15);

/// Becomes the next text of a stream, with what comes after it.
type NextText = Pin<Box<dyn Future<Output = Option<(Bytes, WatcherStream)>> + Send>>;

/// The body of a response.
pub(super) enum DoorBody {
    Whole(Option<Bytes>),
    Events(NextText),
    Over,
}

/// The events that one watcher still has to get.
pub(super) struct WatcherStream {
    following: FollowerGuard,
    /// The last event that the watcher has got, or has been told that it is lost.
    seq: u64,
    has_ended: bool,
}

/// An event with its version, without a copy of it.
#[derive(Serialize)]
struct EventLine<'a> {
    schema: Version,
    #[serde(flatten)]
    event: &'a Event,
}

impl DoorBody {
    pub(super) fn whole(text: Vec<u8>) -> Self {
        Self::Whole(Some(text.into()))
    }

    /// Everything that happens after this event.
    pub(super) fn events(following: FollowerGuard, since: u64) -> Self {
        let stream = WatcherStream { following, seq: since, has_ended: false };
        // At once, so that the watcher knows that it is connected.
        Self::Events(Box::pin(async move { Some((Bytes::from_static(b": connected\n\n"), stream)) }))
    }
}

impl WatcherStream {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        if self.has_ended {
            return None;
        }
        let mut text = String::new();
        match self.following.next(&mut self.seq, SILENCE).await {
            WatcherUpdate::Portion(Portion { lost, events }) => {
                if let Some(lost) = lost {
                    message(&mut text, lost.to, "lost", &LostMessage { schema: Version, lost });
                }
                for event in &events {
                    message(&mut text, event.seq, "event", &EventLine { schema: Version, event });
                }
            }
            WatcherUpdate::Silence => text.push_str(": nothing has happened\n\n"),
            WatcherUpdate::Over(as_of) => {
                self.has_ended = true;
                message(&mut text, as_of, "end", &EndMessage { schema: Version, end: Last { as_of } });
            }
        }
        Some((text.into(), self))
    }
}

/// Writes a server-sent event. JSON has no line ends in it.
fn message(text: &mut String, id: u64, name: &str, document: &impl Serialize) {
    let data = serde_json::to_string(document).unwrap_or_default();
    text.push_str("id: ");
    text.push_str(&id.to_string());
    text.push_str("\nevent: ");
    text.push_str(name);
    text.push_str("\ndata: ");
    text.push_str(&data);
    text.push_str("\n\n");
}

impl Body for DoorBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        match this {
            Self::Whole(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Events(next) => match ready!(next.as_mut().poll(cx)) {
                Some((text, stream)) => {
                    *next = Box::pin(stream.next());
                    Poll::Ready(Some(Ok(Frame::data(text))))
                }
                None => {
                    *this = Self::Over;
                    Poll::Ready(None)
                }
            },
            Self::Over => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Over | Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(text) => SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64)),
            Self::Events(_) => SizeHint::default(),
            Self::Over => SizeHint::with_exact(0),
        }
    }
}
