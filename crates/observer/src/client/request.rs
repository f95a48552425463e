//! One request, and its answer.

use std::future::poll_fn;
use std::pin::Pin;

use http_body::Body as _;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};

use super::ClientError;
use crate::wire::Refused;

/// How long a document may be. A tree of a hundred thousand children takes less.
const LONGEST: usize = 64 * 1024 * 1024;

/// An answer whose body is still to come.
#[derive(Debug)]
pub(super) struct DoorResponse {
    status: StatusCode,
    body: Incoming,
    _connection: Connection,
}

/// Ends the connection when the answer is dropped.
#[derive(Debug)]
struct Connection(tokio::task::AbortHandle);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(super) fn head(
    method: Method,
    uri: &str,
    host: &str,
    token: Option<&str>,
) -> Result<Request<String>, ClientError> {
    let mut request = Request::builder().method(method).uri(uri).header(HOST, host);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(String::new()).map_err(|error| ClientError::Format(error.to_string()))
}

/// Sends the request, and waits for the head of the answer.
#[expect(
    clippy::disallowed_methods,
    reason = "a watcher is no child of a tree; the task ends with the answer"
)]
pub(super) async fn send<S>(socket: S, request: Request<String>) -> Result<DoorResponse, ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(socket)).await.map_err(ClientError::Broken)?;
    // Errors come to the one who waits for the answer as well.
    let task = tokio::spawn(async move { drop(connection.await) });
    let connection = Connection(task.abort_handle());
    let response = sender.send_request(request).await.map_err(ClientError::Broken)?;
    let answer =
        DoorResponse { status: response.status(), body: response.into_body(), _connection: connection };
    if answer.status.is_success() { Ok(answer) } else { Err(answer.refusal().await) }
}

impl DoorResponse {
    /// The next piece of the body.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        loop {
            let frame = poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await;
            match frame.transpose().map_err(ClientError::Broken)?.map(hyper::body::Frame::into_data) {
                Some(Ok(data)) => return Ok(Some(data)),
                // Trailers say nothing here.
                Some(Err(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// The whole body as a document.
    pub(super) async fn document<T: DeserializeOwned>(mut self) -> Result<T, ClientError> {
        let text = self.whole().await?;
        serde_json::from_slice(&text).map_err(|error| ClientError::Format(error.to_string()))
    }

    async fn whole(&mut self) -> Result<Vec<u8>, ClientError> {
        let mut text = Vec::new();
        while let Some(data) = self.next().await? {
            if text.len() + data.len() > LONGEST {
                return Err(ClientError::Format(format!("it is longer than {LONGEST} bytes")));
            }
            text.extend_from_slice(&data);
        }
        Ok(text)
    }

    async fn refusal(mut self) -> ClientError {
        let status = self.status;
        match self.whole().await.map(|text| serde_json::from_slice::<Refused>(&text)) {
            Ok(Ok(refused)) => ClientError::Refused(refused.refused),
            Ok(Err(_)) => ClientError::Format(format!("it has the status {status}")),
            Err(error) => error,
        }
    }
}
