//! One connection, from its first request to its last.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1::{Builder, Parts};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use rootward_core::TreeSnapshot;
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::Limits;
use super::admission::Admission;
use super::answer::{document, refused, stream};
use super::body::DoorBody;
use super::follower::{Follower, FollowerGuard};
use super::listener::AcceptedSocket;
use super::page;
use super::patient::Patient;
use super::refusal::Refusal;
use super::route::Route;
use crate::convert::seconds;
use crate::wire::{Child, Done, DoorFacts, UsageAnswer, Version, Why};

/// How long the machine of a supervisor may take to answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often it is asked, if something happens to the child meanwhile.
const TRIES: usize = 3;

/// How large the head of a request may be.
const HEAD: usize = 16 * 1024;

/// How many headers a request may have.
const HEADERS: usize = 64;

/// What all connections of a door have in common.
#[derive(Debug)]
pub(super) struct SharedDoor {
    pub(super) follower: Arc<Follower>,
    pub(super) admission: Admission,
    pub(super) limits: Limits,
    /// The turn to have it looked up what all processes use.
    pub(super) usage_turn: Arc<Semaphore>,
}

/// Serves one connection until the other end leaves, does not keep to the limits, or the door closes.
pub(super) async fn serve(
    socket: AcceptedSocket,
    shared: Arc<SharedDoor>,
    mut closing: watch::Receiver<bool>,
) {
    let limits = shared.limits;
    let answer = service_fn(move |request: Request<Incoming>| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(shared.answer(&request).await.unwrap_or_else(|no| refused(&no))) }
    });
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.request_timeout);
    builder.max_buf_size(HEAD).max_headers(HEADERS);
    let io = TokioIo::new(Patient::new(socket, limits.write_timeout));
    let mut connection = builder.serve_connection(io, answer);
    let served = tokio::select! {
        biased;
        served = &mut connection => served,
        () = told_to_close(&mut closing) => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let Parts { io, read_buf, .. } = connection.into_parts();
    // One that has said nothing hears nothing.
    if served.is_err_and(|error| error.is_timeout()) && !read_buf.is_empty() {
        tell(io.into_inner(), &Refusal::SLOW).await;
    }
}

/// Waits until the door is to close.
pub(super) async fn told_to_close(closing: &mut watch::Receiver<bool>) {
    // An error says that the door is gone.
    let _ = closing.wait_for(|closing| *closing).await;
}

/// Tells the other end why it is not waited for any longer.
async fn tell(mut socket: Patient<AcceptedSocket>, refusal: &Refusal) {
    // One that has gone is told nothing.
    if socket.write_all(refusal.as_text().as_bytes()).await.is_ok() {
        let _ = socket.shutdown().await;
    }
}

impl SharedDoor {
    /// Why a child is in its state: the chain of events, and what the machine of its supervisor is going to do. One
    /// that does not answer is not waited for.
    async fn why(&self, path: &str, following: &FollowerGuard) -> Option<Why> {
        let mut decided = None;
        for _ in 0..TRIES {
            let asked = timeout(PATIENCE, self.follower.tree.outlook(path)).await;
            decided = asked.ok().flatten();
            let Some(outlook) = &decided else {
                // Such as the one that was above a child that is gone.
                following.catch_up().await;
                break;
            };
            following.reach(outlook.as_of).await;
            if following.with(|model| model.changed_as_of(path)) <= outlook.as_of {
                break;
            }
            // Something has happened to the child since.
        }
        let details = self.follower.tree.details(path);
        let now = following.now();
        let why = following.with(|model| {
            let mut why = model.why(path)?;
            why.child.add_details(details.as_ref(), now);
            Some(why)
        })?;
        Some(match &decided {
            Some(outlook) => why.with_decided(outlook.into()),
            None => why,
        })
    }

    /// What the tree looks like with what its processes use. One watcher after the other has it looked up.
    async fn usage(&self) -> Option<TreeSnapshot> {
        // It is never closed.
        let turn = Arc::clone(&self.usage_turn).acquire_owned().await.ok()?;
        let tree = self.follower.tree.clone();
        // It reads files of the system, which may be slow. The turn is over when it has been read, also if
        // the watcher leaves meanwhile.
        let looked = Handle::current().spawn_blocking(move || {
            let _turn = turn;
            tree.snapshot_with_usage()
        });
        looked.await.ok()
    }

    async fn answer(&self, request: &Request<Incoming>) -> Result<Response<DoorBody>, Refusal> {
        self.admission.check_place(request.headers())?;
        let route = Route::of(request.method(), request.uri(), request.headers());
        // The page has nothing of the tree in it: what it shows it asks for with the token.
        if route != Ok(Route::Page) {
            self.admission.check_token(request.headers())?;
        }
        if !request.body().is_end_stream() {
            return Err(Refusal::BODY);
        }
        match route? {
            Route::Page => page::response(),
            Route::Snapshot { usage } => {
                let following = self.follower.attend().await;
                let used = if usage { self.usage().await } else { None };
                // Before the look, so that no detail is older than what is known beside it.
                following.catch_up().await;
                let details: Vec<Child> = self.follower.tree.sighting().iter().map(Into::into).collect();
                // Not written while the follower waits for it.
                let mut snapshot = following.with(|model| model.snapshot_with(&details));
                let (control, now) = (self.limits.allows_control, seconds(following.now()));
                let left_out = used.as_ref().map_or(0, |used| used.usage_left_out);
                let usage_left_out = u32::try_from(left_out).unwrap_or(u32::MAX);
                snapshot.door = Some(DoorFacts { control, now, usage_left_out });
                used.iter().for_each(|used| snapshot.add_usage(used));
                Ok(document(&snapshot))
            }
            Route::Why(path) => {
                let following = self.follower.attend().await;
                let mut why = self.why(&path, &following).await.ok_or(Refusal::CHILD)?;
                why.now = Some(seconds(following.now()));
                Ok(document(&why))
            }
            Route::Usage(path) => {
                let tree = self.follower.tree.clone();
                let place = path.clone();
                // It reads files of the system, which may be slow.
                let usage = Handle::current().spawn_blocking(move || tree.usage(&place)).await;
                let usage = usage.ok().flatten().as_ref().map(Into::into).ok_or(Refusal::CHILD)?;
                Ok(document(&UsageAnswer { schema: Version, path, usage }))
            }
            Route::Events { since } => {
                let following = self.follower.attend().await;
                let newest = following.newest();
                let since = since.unwrap_or(newest);
                if since > newest {
                    return Err(Refusal::AHEAD);
                }
                Ok(stream(DoorBody::events(following, since)))
            }
            Route::Control(_) if !self.limits.allows_control => Err(Refusal::CONTROL),
            Route::Control(control) => {
                let tree = self.follower.tree.clone();
                // The connection is dropped with its watcher, in the middle of a restart as well. What has begun is
                // done to its end all the same, by a task that no connection owns.
                let doing = Handle::current().spawn(async move { control.perform(&tree).await });
                // Without an answer the runtime is going.
                let done = doing.await.unwrap_or(Err(Refusal::STOPPING))?.to_owned();
                Ok(document(&Done { schema: Version, done }))
            }
        }
    }
}
