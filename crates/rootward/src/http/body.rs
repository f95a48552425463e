//! Bodies of responses, of which those without an end of their own end when the task is asked to stop, and what is
//! under way on a connection.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
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

    /// Whether there are streams without an end of their own.
    pub(super) fn has_streams(&self) -> bool {
        self.streams.load(Ordering::Relaxed) > 0
    }

    /// Whether there are requests whose answers have an end of their own, and have not been taken.
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

/// Says of a response that its body has no end of its own, and ends when the task is asked to stop.
///
/// A handler inserts it into the extensions of its response. A stream of server-sent events (`text/event-stream`) ends
/// like that without it; what else is a stream without an end cannot be told from one with an end, and is given the
/// task's grace. A client of gRPC is told the status `UNAVAILABLE`, and others see the end of the body.
///
/// If the client takes nothing for a second, or half of a shorter grace, once the task has been asked to stop, and no
/// request is under way on the connection, the connection is closed.
///
/// ```
/// use axum::body::Body;
/// use axum::response::Response;
/// use futures_util::stream;
/// use rootward::http::EndsWithStop;
///
/// async fn ticks() -> Response {
///     let endless = stream::repeat_with(|| Ok::<_, std::io::Error>("tick\n"));
///     let mut response = Response::new(Body::from_stream(endless));
///     response.extensions_mut().insert(EndsWithStop);
///     response
/// }
/// ```
///
/// A `tonic::Response` has `extensions_mut`, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndsWithStop;

pin_project! {
    /// The body of a response.
    pub(super) struct ResponseBody<B> {
        #[pin]
        body: B,
        end: ResponseEnd,
        _counted: CountedRequest,
    }
}

/// How a body ends.
enum ResponseEnd {
    /// By itself.
    Own,
    /// When this is over, and with these trailers.
    OfStop(Pin<Box<dyn Future<Output = ()> + Send>>, Option<HeaderMap>),
    /// It has ended before its own end.
    Over,
}

/// Has the body of a response end with the stop, if it has no end of its own.
pub(super) fn end_with<B>(
    cx: &TaskContext,
    response: Response<B>,
    under_way: &UnderWay,
    counted: CountedRequest,
) -> Response<ResponseBody<B>> {
    let is_endless =
        is_of_events(response.headers()) || response.extensions().get::<EndsWithStop>().is_some();
    if !is_endless {
        return response.map(|body| ResponseBody { body, end: ResponseEnd::Own, _counted: counted });
    }
    let counted = CountedRequest::new(&under_way.streams);
    let cx = cx.clone();
    let stopping = Box::pin(async move { cx.stopping().await });
    let end = ResponseEnd::OfStop(stopping, is_grpc(response.headers()).then(unavailable));
    response.map(|body| ResponseBody { body, end, _counted: counted })
}

/// Whether a response is a stream of server-sent events. Case does not count in a media type, and parameters may
/// follow.
fn is_of_events(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|it| it.eq_ignore_ascii_case("text/event-stream"))
}

/// Whether a response is one of gRPC, whatever its messages are written in.
fn is_grpc(headers: &HeaderMap) -> bool {
    let media_type = media_type(headers).map(str::to_ascii_lowercase);
    let format = media_type.as_deref().and_then(|it| it.strip_prefix("application/grpc"));
    format.is_some_and(|format| format.is_empty() || format.starts_with('+'))
}

fn media_type(headers: &HeaderMap) -> Option<&str> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    content_type.split(';').next().map(str::trim)
}

/// What a client of gRPC has to be told at the end: status 14, with which it may call again.
fn unavailable() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("14"));
    trailers.insert("grpc-message", HeaderValue::from_static("the server is stopping"));
    trailers
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        match this.end {
            ResponseEnd::Own => {}
            ResponseEnd::OfStop(stopping, trailers) => {
                if stopping.as_mut().poll(cx).is_ready() {
                    let trailers = trailers.take();
                    *this.end = ResponseEnd::Over;
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
            }
            ResponseEnd::Over => return Poll::Ready(None),
        }
        this.body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.end, ResponseEnd::Over) || self.body.is_end_stream()
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
            let value = HeaderValue::from_static(value);
            is_of_events(&HeaderMap::from_iter([(CONTENT_TYPE, value)]))
        };

        assert!(is_of_events("text/event-stream"));
        assert!(is_of_events("Text/Event-Stream; charset=utf-8"));
        assert!(!is_of_events("text/event-streams"));
        assert!(!is_of_events("text/plain"));
    }

    #[test]
    fn an_answer_of_grpc_is_known_by_its_media_type_with_and_without_a_format() {
        let is_grpc = |value: &'static str| {
            is_grpc(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]))
        };

        assert!(is_grpc("application/grpc"));
        assert!(is_grpc("Application/gRPC+proto; charset=utf-8"));
        assert!(!is_grpc("application/grpc-web"), "it has its trailers in its body");
        assert!(!is_grpc("application/json"));
    }
}
