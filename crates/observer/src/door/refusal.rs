//! What a watcher is told when its request is refused.

use hyper::StatusCode;

use crate::wire::{self, Version};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    message: &'static str,
}

impl Refusal {
    pub(super) const OTHER_USER: Self =
        Self::new(StatusCode::FORBIDDEN, "other_user", "only the user of the program and root are let in");
    pub(super) const BUSY: Self =
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "there are too many connections");
    pub(super) const RANDOMNESS: Self = Self::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "randomness",
        "the system gives no randomness, without which the page is not sent",
    );
    pub(super) const HOST: Self =
        Self::new(StatusCode::FORBIDDEN, "host", "the header Host does not name this door");
    pub(super) const ORIGIN: Self =
        Self::new(StatusCode::FORBIDDEN, "origin", "the request comes from a page of another origin");
    pub(super) const TOKEN: Self =
        Self::new(StatusCode::UNAUTHORIZED, "token", "the header Authorization does not bring the token");
    pub(super) const SLOW: Self =
        Self::new(StatusCode::REQUEST_TIMEOUT, "slow", "the head of the request has not come in time");
    pub(super) const BODY: Self = Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body", "no request has a body");
    pub(super) const METHOD: Self =
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this is not done by that method");
    pub(super) const ROUTE: Self = Self::new(StatusCode::NOT_FOUND, "route", "there is nothing of that name");
    pub(super) const NUMBER: Self =
        Self::new(StatusCode::BAD_REQUEST, "number", "since is not the number of an event");
    pub(super) const USAGE: Self =
        Self::new(StatusCode::BAD_REQUEST, "usage", "usage is neither true nor false");
    pub(super) const AHEAD: Self =
        Self::new(StatusCode::CONFLICT, "ahead", "the tree has not had so many events: it is another run");
    pub(super) const CONTROL: Self =
        Self::new(StatusCode::FORBIDDEN, "control", "the program allows watchers to look and nothing else");
    pub(super) const CHILD: Self = Self::new(StatusCode::NOT_FOUND, "child", "there is no such child");
    pub(super) const ROOT: Self =
        Self::new(StatusCode::CONFLICT, "root", "the root has no supervisor: stop the tree");
    pub(super) const STOPPING: Self =
        Self::new(StatusCode::CONFLICT, "stopping", "the supervisor is stopping");
    pub(super) const RUNNING: Self = Self::new(StatusCode::CONFLICT, "running", "the child runs");
    pub(super) const RESTARTING: Self =
        Self::new(StatusCode::CONFLICT, "restarting", "the child is going to be restarted anyway");
    pub(super) const FORGOTTEN: Self = Self::new(
        StatusCode::CONFLICT,
        "forgotten",
        "the supervisor forgets a child of this kind when it is down",
    );
    pub(super) const SIGNAL: Self =
        Self::new(StatusCode::BAD_REQUEST, "signal", "the system has no signal of that name");
    pub(super) const PROCESS: Self = Self::new(StatusCode::CONFLICT, "process", "the child is no process");
    pub(super) const DOWN: Self = Self::new(StatusCode::CONFLICT, "down", "the child has no process now");
    pub(super) const SYSTEM: Self =
        Self::new(StatusCode::CONFLICT, "system", "the system does not let the program send the signal");
    pub(super) const START: Self =
        Self::new(StatusCode::CONFLICT, "start", "the child could not be started: see its events");

    const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message }
    }

    pub(super) fn document(&self) -> wire::Refused {
        let (code, message) = (self.code.to_owned(), self.message.to_owned());
        wire::Refused { schema: Version, refused: wire::Refusal { code, message } }
    }

    /// The whole answer, for a connection that is not served.
    pub(super) fn as_text(&self) -> String {
        let body = serde_json::to_string(&self.document()).unwrap_or_default();
        format!(
            "HTTP/1.1 {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.status,
            body.len()
        )
    }
}
