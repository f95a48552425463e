//! Bodies of responses, of which those without an end of their own end when the task is asked to stop.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use hyper::Response;
use hyper::header::CONTENT_TYPE;
use pin_project_lite::pin_project;
use rootward_core::TaskContext;

pin_project! {
    /// The body of a response.
    pub(super) struct ResponseBody<B> {
        #[pin]
        body: B,
        // What a stream without an end waits for beside the next frame.
        stopping: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    }
}

/// Has the body of a response end with the stop, if it is a stream of server-sent events.
pub(super) fn end_with<B>(cx: &TaskContext, response: Response<B>) -> Response<ResponseBody<B>> {
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_endless = content_type.is_some_and(|value| value.starts_with("text/event-stream"));
    let stopping = is_endless.then(|| {
        let cx = cx.clone();
        Box::pin(async move { cx.stopping().await }) as _
    });
    response.map(|body| ResponseBody { body, stopping })
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
