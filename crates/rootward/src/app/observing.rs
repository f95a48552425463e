//! The door at which an application is observed.
//!
//! Without the feature `observer` there is none, and all of this does nothing.

#[cfg(all(feature = "observer", target_os = "linux"))]
pub(super) use with::{Observing, PreparedDoor};

#[cfg(not(all(feature = "observer", target_os = "linux")))]
pub(super) use without::{Observing, PreparedDoor};

#[cfg(all(feature = "observer", target_os = "linux"))]
mod with {
    use std::sync::mpsc;
    use std::thread;

    use rootward_core::{Events, Tree, TreeBuilder, TreeRef};
    use rootward_observer::{Door, OpenError};
    use tokio::runtime::{Builder, Runtime};
    use tokio::sync::oneshot;

    use crate::app::RunError;

    /// The door that is to be opened.
    #[derive(Debug, Default)]
    pub(crate) struct Observing(Option<Door>);

    /// A door that waits for its tree, on a thread of its own.
    pub(crate) struct PreparedDoor(Option<WaitsForTree>);

    struct WaitsForTree {
        tree: oneshot::Sender<TreeRef>,
        /// Closed when the door is.
        closed: oneshot::Receiver<()>,
    }

    impl Observing {
        pub(crate) fn at(door: Door) -> Self {
            Self(Some(door))
        }

        /// Has the socket or the port before anything is started.
        pub(crate) fn open(self, tree: &mut TreeBuilder) -> Result<PreparedDoor, RunError> {
            let Some(door) = self.0 else { return Ok(PreparedDoor(None)) };
            let events = tree.subscribe();
            let runtime = Builder::new_current_thread().enable_all().build().map_err(RunError::of_runtime)?;
            let (told, opened) = mpsc::channel();
            let (tree, launched) = oneshot::channel();
            let (open, closed) = oneshot::channel();
            // The doors of programs whose threads are all blocked answer as well.
            let serve = move || {
                serve(&runtime, door, events, told, launched);
                drop::<oneshot::Sender<()>>(open);
            };
            thread::Builder::new()
                .name("rootward-door".to_owned())
                .spawn(serve)
                .map_err(RunError::of_runtime)?;
            // A thread that has panicked has opened no door.
            opened.recv().unwrap_or(Err(OpenError::Gone)).map_err(RunError::of_door)?;
            Ok(PreparedDoor(Some(WaitsForTree { tree, closed })))
        }
    }

    /// Says whether the door can be had, waits for the tree, and then until it is gone.
    fn serve(
        runtime: &Runtime,
        door: Door,
        events: Events,
        told: mpsc::Sender<Result<(), OpenError>>,
        launched: oneshot::Receiver<TreeRef>,
    ) {
        runtime.block_on(async {
            let bound = match door.bind() {
                Ok(bound) => bound,
                // The other end waits for it.
                Err(error) => return drop(told.send(Err(error))),
            };
            let _ = told.send(Ok(()));
            // Without a tree the application does not begin, and one that is gone already needs no door.
            let Ok(tree) = launched.await else { return };
            if let Ok(door) = bound.open_from(tree, events) {
                door.closed().await;
            }
        });
    }

    impl PreparedDoor {
        /// Opens the door to the tree. What is returned resolves when it is closed: two seconds at most after the
        /// tree is gone.
        pub(crate) fn attach(self, tree: &Tree) -> impl Future<Output = ()> + use<> {
            let closed = self.0.map(|WaitsForTree { tree: waits, closed }| {
                let _ = waits.send(tree.downgrade());
                closed
            });
            async {
                if let Some(closed) = closed {
                    // An error says that the thread has ended.
                    let _ = closed.await;
                }
            }
        }
    }
}

#[cfg(not(all(feature = "observer", target_os = "linux")))]
mod without {
    use rootward_core::{Tree, TreeBuilder};

    use crate::app::RunError;

    /// None.
    #[derive(Debug, Default)]
    pub(crate) struct Observing {}

    /// None.
    pub(crate) struct PreparedDoor;

    impl Observing {
        #[expect(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
        pub(crate) fn open(self, _tree: &mut TreeBuilder) -> Result<PreparedDoor, RunError> {
            Ok(PreparedDoor)
        }
    }

    impl PreparedDoor {
        pub(crate) fn attach(self, _tree: &Tree) -> impl Future<Output = ()> + use<> {
            async {}
        }
    }
}
