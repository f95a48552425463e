//! The door: where watchers look into a running tree, and where they may change it if the program allows that.

mod admission;
mod answer;
mod body;
mod connection;
mod control;
mod error;
mod follower;
mod listener;
mod open;
mod page;
mod patient;
mod refusal;
mod remembered;
mod route;
mod socket_file;
mod token;

use std::path::PathBuf;
use std::time::Duration;

use rootward_core::{Events, Tree, TreeBuilder, TreeRef, sibling};

use self::listener::Listener;
use self::token::Token;

pub use self::error::OpenError;
pub use self::open::OpenDoor;
pub use self::token::random_token;

/// A door that is still to be opened: where it is, and what it lets in.
///
/// | property | default |
/// | --- | --- |
/// | [`allow_control`](Self::allow_control) | off: watchers look, and change nothing |
/// | [`connections`](Self::connections) | 64 at a time |
/// | [`request_timeout`](Self::request_timeout) | ten seconds for the head of a request |
/// | [`write_timeout`](Self::write_timeout) | 30 seconds without a byte taken |
/// | [`remember`](Self::remember) | 8192 events, while there are watchers |
///
/// # Examples
///
/// ```no_run
/// # use rootward::{ChildSpec, Supervisor};
/// use rootward_observer::Door;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let worker = ChildSpec::task("worker", |cx| async move { cx.stopping().await });
/// let tree = Supervisor::new("root").child(worker).start().await?;
/// Door::unix("/run/my-program/door.sock").open(&tree)?;
/// # tree.wait().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a door is closed until it is opened"]
pub struct Door {
    place: DoorAddress,
    limits: Limits,
}

/// Where a door is.
#[derive(Clone, Debug)]
enum DoorAddress {
    Unix(PathBuf),
    Loopback { port: u16, token: Token },
}

/// What a door lets in, and how much of it.
#[derive(Clone, Copy, Debug)]
struct Limits {
    allows_control: bool,
    connections: usize,
    request_timeout: Duration,
    write_timeout: Duration,
    remembered: usize,
}

impl Door {
    /// A door at a Unix socket, for processes of this program's user and of root.
    ///
    /// The socket is made when the door is opened, readable and writable by its owner alone, and is removed with the
    /// tree. One that an earlier run of the program has left behind is replaced.
    ///
    /// The directory has to be root's or this user's, and other users may not write to it unless it is sticky. Else
    /// [`open`](Self::open) fails with [`OpenError::Exposed`].
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::at(DoorAddress::Unix(path.into()))
    }

    /// A door at a port of 127.0.0.1, for requests that bring this token: `Authorization: Bearer …`. Port 0 means any
    /// that is free: see [`OpenDoor::address`].
    ///
    /// Every user of the machine can connect to a port, so that the token has to be a secret that cannot be guessed:
    /// [`random_token`] makes one. Where a Unix socket will do, it is the better choice.
    pub fn loopback(port: u16, token: impl Into<String>) -> Self {
        Self::at(DoorAddress::Loopback { port, token: Token::new(token.into()) })
    }

    fn at(place: DoorAddress) -> Self {
        let limits = Limits {
            allows_control: false,
            connections: 64,
            request_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            remembered: 8192,
        };
        Self { place, limits }
    }

    /// Lets watchers stop and force the tree, terminate, start and restart children, and send signals to processes.
    pub fn allow_control(mut self) -> Self {
        self.limits.allows_control = true;
        self
    }

    /// Says how many connections there may be at a time: at least one. Others are told that there are too many.
    pub fn connections(mut self, most: usize) -> Self {
        self.limits.connections = most.max(1);
        self
    }

    /// Says how long a watcher may take for the head of a request, and be silent between two requests.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.limits.request_timeout = timeout;
        self
    }

    /// Says how long a watcher may take nothing of what is sent before its connection is closed.
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.limits.write_timeout = timeout;
        self
    }

    /// Says how many events the door remembers for watchers that are behind or come back, at least one. It remembers
    /// events only while there are watchers, and for half a minute after the last one.
    pub fn remember(mut self, events: usize) -> Self {
        self.limits.remembered = events.max(1);
        self
    }

    /// Opens the door to this tree: a `&Tree`, or a `TreeRef` as
    /// [`TaskContext::tree`](rootward_core::TaskContext::tree) makes one. To watch a tree start as well, open it
    /// right after `launch`.
    ///
    /// It stays open until the tree is gone, also when what this returns is dropped. It runs as a task of its own
    /// beside the tree: the tree does not wait for it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the tree is gone, or the socket or the port cannot be had.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime, or in one whose I/O is not enabled. A runtime without timers makes the
    /// door's task panic, and nothing else.
    pub fn open(self, tree: impl Into<TreeRef>) -> Result<OpenDoor, OpenError> {
        self.open_with(tree.into(), None)
    }

    /// Opens the door as [`open`](Self::open) does, and has it follow the tree also while there are no watchers, from
    /// these events on. So a watcher is told what was before it came: why a child is down, the newest events and the
    /// newest lines of processes. This costs what one watcher costs, and the memory of the events that are
    /// [remembered](Self::remember).
    ///
    /// With [`Tree::events`] it knows what happens from now on; with a reader that was subscribed before the tree was
    /// started ([`TreeBuilder::subscribe`], or that of a prepared application) it knows everything that has happened,
    /// however late it is opened. [`launch`](Self::launch) does the latter for a tree that is still to be started.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    ///
    /// # Panics
    ///
    /// As [`open`](Self::open).
    pub fn open_from(self, tree: impl Into<TreeRef>, events: Events) -> Result<OpenDoor, OpenError> {
        self.open_with(tree.into(), Some(events))
    }

    /// Launches a tree with this door, which follows it from its first event on, also while there are no watchers. If
    /// the socket or the port cannot be had, nothing is started.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the socket or the port cannot be had.
    ///
    /// # Panics
    ///
    /// As [`open`](Self::open).
    pub fn launch(self, mut builder: TreeBuilder) -> Result<(Tree, OpenDoor), OpenError> {
        let bound = self.bind()?;
        let events = builder.subscribe();
        let tree = builder.launch();
        let door = bound.open_from(&tree, events)?;
        Ok((tree, door))
    }

    /// Has the socket or the port for a tree that is still to be started elsewhere. Watchers that come wait until the
    /// door is opened.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the socket or the port cannot be had.
    ///
    /// # Panics
    ///
    /// As [`open`](Self::open).
    pub fn bind(self) -> Result<BoundDoor, OpenError> {
        Ok(BoundDoor { listener: Listener::bind(&self.place)?, limits: self.limits })
    }

    fn open_with(self, tree: TreeRef, events: Option<Events>) -> Result<OpenDoor, OpenError> {
        let watch = sibling::watch(&tree).ok_or(OpenError::Gone)?;
        let BoundDoor { listener, limits } = self.bind()?;
        Ok(OpenDoor::spawn(listener, watch, limits, events))
    }
}

/// A door that has its socket or its port, and is not open yet. Dropping it gives up what it has.
#[derive(Debug)]
#[must_use = "a door is closed until it is opened"]
pub struct BoundDoor {
    listener: Listener,
    limits: Limits,
}

impl BoundDoor {
    /// Opens the door to a tree, as [`Door::open_from`] does.
    ///
    /// # Errors
    ///
    /// [`OpenError::Gone`] if the tree is gone.
    ///
    /// # Panics
    ///
    /// If it is called outside the runtime in which it was [bound](Door::bind).
    pub fn open_from(self, tree: impl Into<TreeRef>, events: Events) -> Result<OpenDoor, OpenError> {
        let watch = sibling::watch(&tree.into()).ok_or(OpenError::Gone)?;
        Ok(OpenDoor::spawn(self.listener, watch, self.limits, Some(events)))
    }
}
