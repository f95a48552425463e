//! Documents as responses.

use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::body::DoorBody;
use super::refusal::Refusal;

const NO_SNIFFING: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));

/// A document.
pub(super) fn document(document: &impl Serialize) -> Response<DoorBody> {
    json(StatusCode::OK, document)
}

/// A document that says why not.
pub(super) fn refused(refusal: &Refusal) -> Response<DoorBody> {
    let mut response = json(refusal.status, &refusal.document());
    let headers = response.headers_mut();
    if *refusal == Refusal::TOKEN {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    // What the watcher may still be sending is not waited for.
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A stream of server-sent events.
pub(super) fn stream(body: DoorBody) -> Response<DoorBody> {
    with_type(StatusCode::OK, "text/event-stream", body)
}

fn json(status: StatusCode, document: &impl Serialize) -> Response<DoorBody> {
    // Plain data with texts for keys can always be written.
    let text = serde_json::to_vec(document).unwrap_or_default();
    with_type(status, "application/json", DoorBody::whole(text))
}

pub(super) fn with_type(
    status: StatusCode,
    content_type: &'static str,
    body: DoorBody,
) -> Response<DoorBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(NO_SNIFFING.0, NO_SNIFFING.1);
    response
}
