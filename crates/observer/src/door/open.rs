//! An open door: a task beside the tree that accepts connections, and what the program holds of it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rootward_core::Events;
use rootward_core::sibling::TreeWatch;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::Limits;
use super::connection::{SharedDoor, serve, told_to_close};
use super::follower::Follower;
use super::listener::Listener;
use super::refusal::Refusal;

/// How long watchers have to take the last events when the door closes.
const CLOSING: Duration = Duration::from_secs(2);

/// How long to wait when the system has no descriptor or no memory left for a connection.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// An open door. Dropping this leaves it open.
pub struct OpenDoor {
    address: Option<SocketAddr>,
    path: Option<PathBuf>,
    closing: Arc<watch::Sender<bool>>,
    /// Closed when the door's task has ended.
    closed: watch::Receiver<()>,
}

impl OpenDoor {
    pub(super) fn spawn(listener: Listener, tree: TreeWatch, limits: Limits, events: Option<Events>) -> Self {
        let (address, path) = (listener.address(), listener.path().map(Path::to_owned));
        let closing = Arc::new(watch::Sender::new(false));
        let (open, closed) = watch::channel(());
        let follower = Follower::new(tree, limits.remembered);
        let follows_always = events.is_some();
        if let Some(events) = events {
            follower.listen_to(events);
        }
        let shared = Arc::new(SharedDoor {
            follower,
            admission: listener.admission(),
            limits,
            usage_turn: Arc::new(Semaphore::new(1)),
        });
        let told = Arc::clone(&closing);
        let run = async move {
            run(listener, shared, told, follows_always).await;
            drop(open);
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the door is beside the tree, which does not wait for it"
        )]
        tokio::spawn(run);
        Self { address, path, closing, closed }
    }

    /// The address at which a [loopback](crate::Door::loopback) door is.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The socket at which a [Unix](crate::Door::unix) door is.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Closes the door: no more watchers are let in, and those that are there get two seconds to take what there is.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Waits until the door is closed: two seconds at most after the tree is gone or [`close`](Self::close) is called.
    /// A program that ends after its tree waits for this if watchers are to get the last events.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn closed(&self) {
        let mut closed = self.closed.clone();
        // An error says that the task has ended.
        while closed.changed().await.is_ok() {}
    }
}

/// Lets watchers in until the tree is gone or the door closes.
async fn run(
    listener: Listener,
    shared: Arc<SharedDoor>,
    closing: Arc<watch::Sender<bool>>,
    follows_always: bool,
) {
    let mut connections = JoinSet::new();
    let mut told = closing.subscribe();
    let follower = Arc::clone(&shared.follower);
    let _always = follows_always.then(|| follower.stay());
    let mut following = JoinSet::new();
    following.spawn(async move { follower.run().await });
    loop {
        tokio::select! {
            biased;
            () = told_to_close(&mut told) => break,
            _ = following.join_next() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok(socket) => {
                    let is_full = connections.len() >= shared.limits.connections;
                    let busy = if is_full { Err(Refusal::BUSY) } else { Ok(()) };
                    match socket.check_peer().and(busy) {
                        Ok(()) => {
                            connections.spawn(serve(socket, Arc::clone(&shared), closing.subscribe()));
                        }
                        Err(refusal) => socket.refuse(refusal),
                    }
                }
                Err(error) => pause_after(&error).await,
            },
        }
    }
    // The socket is removed first, so that no watcher finds a door that is closed.
    drop(listener);
    // Connections without a request close; the streams of a tree that is gone come to their end.
    closing.send_replace(true);
    let all_gone = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(CLOSING, all_gone).await;
}

/// Waits a little if the system has run out of something, and not if a client has given up.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if ![ConnectionAborted, ConnectionReset, Interrupted].contains(&error.kind()) {
        sleep_until(Instant::now() + EXHAUSTED).await;
    }
}

impl fmt::Debug for OpenDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenDoor")
            .field("address", &self.address)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
