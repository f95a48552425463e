//! Doors through which the tree can be watched while it runs.
//!
//! They have a thread and a runtime of their own: the tree's runtimes end with the tree, and tasks of a tree file may
//! take all the threads there are.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use clap::Args;
use rootward::event::Events;
use rootward::{Tree, TreeRef};
use rootward_observer::{BoundDoor, Door, OpenDoor, OpenError, random_token};
use tokio::runtime::Builder;

use crate::room::{self, Needs};
use crate::safe::Safe;

/// Where the tree can be watched.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ObserveOptions {
    /// Open a door for watchers at this Unix socket
    #[arg(long, value_name = "SOCKET")]
    observe: Option<PathBuf>,
    /// Open a door for watchers at this port of 127.0.0.1 (0 is any), with a page for a browser
    #[arg(long, value_name = "PORT")]
    observe_port: Option<u16>,
    /// Let watchers stop and force the tree, stop, start and restart children, and send signals to processes
    #[arg(long)]
    allow_control: bool,
}

/// What doors need beside their runtime: the sockets, a lock at each, and a watcher; and their thread.
const NEEDS: Needs = Needs { descriptors: 6, threads: 1 };

/// Says why a door could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObserveError {
    #[error("cannot open a door for watchers: {0}")]
    Open(#[from] OpenError),
    #[error("cannot make a token for watchers: {0}")]
    Token(#[source] std::io::Error),
    #[error("cannot open a door for watchers: {0}")]
    Io(#[from] std::io::Error),
}

/// Doors that have their places, and wait for the tree. Dropping this gives the places up.
#[derive(Debug)]
pub(crate) struct WaitingDoors {
    tree: Option<mpsc::Sender<TreeRef>>,
    /// Where they are, a line each.
    places: mpsc::Receiver<String>,
    thread: Option<thread::JoinHandle<()>>,
}

/// The doors of a run.
pub(crate) struct Doors {
    thread: thread::JoinHandle<()>,
}

impl ObserveOptions {
    /// Whether there will be an address that a watcher cannot know before.
    pub(crate) fn tells_an_address(&self) -> bool {
        self.observe_port.is_some()
    }

    /// How many doors there are to open.
    pub(crate) fn count(&self) -> usize {
        usize::from(self.observe.is_some()) + usize::from(self.observe_port.is_some())
    }

    /// Has the sockets and ports before there is a tree. Each door tells what has happened from these events on. `None`
    /// if there is no door to open.
    ///
    /// # Errors
    ///
    /// [`ObserveError`] for the first place that cannot be had. The demo has none of them then.
    pub(crate) fn bind(&self, events: Vec<Events>) -> Result<Option<WaitingDoors>, ObserveError> {
        if events.is_empty() {
            return Ok(None);
        }
        let (told, bound) = mpsc::channel();
        let (tree, launched) = mpsc::channel::<TreeRef>();
        let (opened, places) = mpsc::channel();
        let options = self.clone();
        let runtime = room::build(&mut Builder::new_current_thread(), NEEDS)?;
        let serve = move || {
            runtime.block_on(async {
                let doors = match options.doors() {
                    Ok(doors) => doors,
                    // The other end waits for it.
                    Err(error) => return drop(told.send(Err(error))),
                };
                let _ = told.send(Ok(()));
                // Nothing else runs here until there is a tree. Without one the places are given up.
                let Ok(tree) = launched.recv() else { return };
                let open = |(door, events): (PlacedDoor, Events)| door.open_from(&tree, events);
                // A tree that is gone already needs no doors.
                let Ok(open) = doors.into_iter().zip(events).map(open).collect::<Result<Vec<_>, _>>() else {
                    return;
                };
                let _ = opened.send(open.iter().map(|(_, place)| place.as_str()).collect());
                for (door, _) in open {
                    door.closed().await;
                }
            });
        };
        let thread = thread::Builder::new().name("demo-doors".to_owned()).spawn(serve)?;
        let doors = WaitingDoors { tree: Some(tree), places, thread: Some(thread) };
        bound.recv().expect("the thread says how it went")?;
        Ok(Some(doors))
    }

    fn doors(&self) -> Result<Vec<PlacedDoor>, ObserveError> {
        let bind = |door: Door| (if self.allow_control { door.allow_control() } else { door }).bind();
        let mut doors = Vec::new();
        if let Some(path) = &self.observe {
            doors.push(PlacedDoor { door: bind(Door::unix(path))?, token: None });
        }
        if let Some(port) = self.observe_port {
            let token = random_token().map_err(ObserveError::Token)?;
            doors.push(PlacedDoor { door: bind(Door::loopback(port, &*token))?, token: Some(token) });
        }
        Ok(doors)
    }
}

/// A door that has its place, and the token of one at a port.
struct PlacedDoor {
    door: BoundDoor,
    token: Option<String>,
}

impl PlacedDoor {
    /// Opens it, and says where it is, in a line.
    fn open_from(self, tree: &TreeRef, events: Events) -> Result<(OpenDoor, String), OpenError> {
        let door = self.door.open_from(tree.clone(), events)?;
        let place = match (door.path(), door.address(), self.token) {
            (Some(path), _, _) => format!("watch at {}\n", Safe(path.display())),
            (None, Some(address), Some(token)) => format!("watch at http://{address}/#token={token}\n"),
            (None, ..) => String::new(),
        };
        Ok((door, place))
    }
}

impl WaitingDoors {
    /// Opens the doors to a tree, and says where they are, a line each.
    pub(crate) fn open(mut self, tree: &Tree) -> Option<(Doors, String)> {
        self.tree.take()?.send(tree.downgrade()).ok()?;
        let places = self.places.recv().ok()?;
        Some((Doors { thread: self.thread.take()? }, places))
    }
}

impl Drop for WaitingDoors {
    fn drop(&mut self) {
        drop(self.tree.take());
        // The sockets are removed before the demo ends.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl ObserveError {
    /// Whether the place makes no sense. One that another program has may be free the next time.
    pub(crate) fn is_of_the_place(&self) -> bool {
        match self {
            Self::Open(OpenError::System { source, .. }) => source.kind() != ErrorKind::AddrInUse,
            Self::Open(OpenError::NotOurs(_) | OpenError::Exposed(_)) => true,
            Self::Open(OpenError::InUse(_) | OpenError::Gone | OpenError::WeakToken(_) | _)
            | Self::Token(_)
            | Self::Io(_) => false,
        }
    }
}

impl Doors {
    /// Waits until watchers have taken the last events, two seconds at most after the tree is gone.
    pub(crate) fn finish(self) {
        // A door that has panicked is closed as well.
        let _ = self.thread.join();
    }
}
