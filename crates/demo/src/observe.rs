//! Doors through which the tree can be watched while it runs.
//!
//! They have a thread and a runtime of their own: the tree's runtimes end with the tree, and tasks of a tree file may
//! take all the threads there are.

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use clap::Args;
use rootward::Tree;
use rootward::event::Events;
use rootward_observer::{Door, OpenDoor, OpenError, random_token};
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

/// The doors of a run.
pub(crate) struct Doors {
    thread: thread::JoinHandle<()>,
}

impl ObserveOptions {
    /// Whether there is anything to open.
    pub(crate) fn is_wanted(&self) -> bool {
        self.count() > 0
    }

    /// Whether there will be an address that a watcher cannot know before.
    pub(crate) fn tells_an_address(&self) -> bool {
        self.observe_port.is_some()
    }

    /// How many doors there are to open.
    pub(crate) fn count(&self) -> usize {
        usize::from(self.observe.is_some()) + usize::from(self.observe_port.is_some())
    }

    /// Opens the doors to a tree, each with what has happened so far. Says where they are, a line each.
    ///
    /// # Errors
    ///
    /// [`ObserveError`] for the first that cannot be opened. None is open then.
    pub(crate) fn open(&self, tree: &Tree, events: Vec<Events>) -> Result<(Doors, String), ObserveError> {
        let (told, opened) = mpsc::channel();
        let (options, tree) = (self.clone(), tree.downgrade());
        let runtime = room::build(&mut Builder::new_current_thread(), NEEDS)?;
        let serve = move || {
            runtime.block_on(async {
                let mut events = events.into_iter();
                let open = |door: Door| match events.next().or_else(|| tree.events()) {
                    Some(events) => door.open_from(tree.clone(), events),
                    None => door.open(tree.clone()),
                };
                match options.doors(open) {
                    Ok((doors, places)) => {
                        // The other end waits for it.
                        let _ = told.send(Ok(places));
                        for door in doors {
                            door.closed().await;
                        }
                    }
                    Err(error) => drop(told.send(Err(error))),
                }
            });
        };
        let thread = thread::Builder::new().name("demo-doors".to_owned()).spawn(serve)?;
        let places = opened.recv().expect("the thread says how it went")?;
        Ok((Doors { thread }, places))
    }

    fn doors(
        &self,
        mut open: impl FnMut(Door) -> Result<OpenDoor, OpenError>,
    ) -> Result<(Vec<OpenDoor>, String), ObserveError> {
        let mut open = |door: Door| open(if self.allow_control { door.allow_control() } else { door });
        let (mut doors, mut places) = (Vec::new(), String::new());
        if let Some(path) = &self.observe {
            doors.push(open(Door::unix(path))?);
            places.push_str(&format!("watch at {}\n", Safe(path.display())));
        }
        if let Some(port) = self.observe_port {
            let token = random_token().map_err(ObserveError::Token)?;
            let door = open(Door::loopback(port, &*token))?;
            let address = door.address().expect("it is at a port");
            places.push_str(&format!("watch at http://{address}/#token={token}\n"));
            doors.push(door);
        }
        Ok((doors, places))
    }
}

impl Doors {
    /// Waits until watchers have taken the last events, two seconds at most after the tree is gone.
    pub(crate) fn finish(self) {
        // A door that has panicked is closed as well.
        let _ = self.thread.join();
    }
}
