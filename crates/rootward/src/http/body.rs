//! Bodies of responses, of which those without an end of their own end when the task is asked to stop, and what is
//! under way on a connection.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use pin_project_lite::pin_project;
use rootward_core::TaskContext;

/// Counts what is under way on one connection.
#[derive(Clone, Default)]
pub(super) struct UnderWay {
    requests: Arc<AtomicUsize>,
    streams: Arc<AtomicUsize>,
}

impl UnderWay {
    /// A request has come.
    pub(super) fn request(&self) -> CountedRequest {
        CountedRequest::new(&self.requests)
    }

    /// Whether there are streams of events.
    pub(super) fn has_streams(&self) -> bool {
        self.streams.load(Ordering::Relaxed) > 0
    }

    /// Whether there are requests whose answers are no streams of events, and have not been taken.
    pub(super) fn has_requests(&self) -> bool {
        self.requests.load(Ordering::Relaxed) > 0
    }
}

/// A request or a stream that counts as long as this is there.
pub(super) struct CountedRequest(Arc<AtomicUsize>);

impl CountedRequest {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for CountedRequest {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pin_project! {
    /// The body of a response.
    pub(super) struct ResponseBody<B> {
        #[pin]
        body: B,
        // What a stream without an end waits for beside the next frame.
        stopping: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
        _counted: CountedRequest,
    }
}

/// Has the body of a response end with the stop, if it is a stream of server-sent events.
pub(super) fn end_with<B>(
    cx: &TaskContext,
    response: Response<B>,
    under_way: &UnderWay,
    counted: CountedRequest,
) -> Response<ResponseBody<B>> {
    let is_endless = is_of_events(response.headers());
    let counted = if is_endless { CountedRequest::new(&under_way.streams) } else { counted };
    let stopping = is_endless.then(|| {
        let cx = cx.clone();
        Box::pin(async move { cx.stopping().await }) as _
    });
    response.map(|body| ResponseBody { body, stopping, _counted: counted })
}

/// Whether a response is a stream of server-sent events. Case does not count in a media type, and parameters may
/// follow.
fn is_of_events(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next());
    media_type.is_some_and(|it| it.trim().eq_ignore_ascii_case("text/event-stream"))
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        if this.stopping.as_mut().is_some_and(|stopping| stopping.as_mut().poll(cx).is_ready()) {
            // It is not polled again.
            *this.stopping = None;
            return Poll::Ready(None);
        }
        this.body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_of_events_is_known_by_its_media_type_in_any_case_and_by_nothing_that_begins_like_it() {
        let is_of_events = |value: &'static str| {
            let value = hyper::header::HeaderValue::from_static(value);
            is_of_events(&HeaderMap::from_iter([(CONTENT_TYPE, value)]))
        };

        assert!(is_of_events("text/event-stream"));
        assert!(is_of_events("Text/Event-Stream; charset=utf-8"));
        assert!(!is_of_events("text/event-streams"));
        assert!(!is_of_events("text/plain"));
    }
}
