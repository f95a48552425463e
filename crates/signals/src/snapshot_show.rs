//! Shows snapshots, by a function of the program's.

use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError, Weak, mpsc};
use std::thread;

use rootward_core::{Tree, TreeSnapshot, sibling};
use tokio::runtime::Handle;

use crate::catch_panics::catch_panics;

pub(crate) type ShowSnapshot = Box<dyn FnMut(&TreeSnapshot) + Send>;

/// The function that shows snapshots, and its thread. One that hangs keeps neither a handler from being called nor a
/// stop from beginning, and no tree from ending.
#[derive(Clone)]
pub(crate) struct SnapshotShow {
    /// The lock is the function's own: it is held while the function runs, and nothing waits for it but its thread.
    show: Arc<Mutex<ShowSnapshot>>,
    thread: Arc<OnceLock<mpsc::SyncSender<Weak<Tree>>>>,
}

impl SnapshotShow {
    pub(crate) fn new(show: ShowSnapshot) -> Self {
        Self { show: Arc::new(Mutex::new(show)), thread: Arc::default() }
    }

    /// Starts the thread, unless it is there. It ends when nothing is left that could ask it.
    pub(crate) fn start(&self, runtime: &Handle) -> io::Result<()> {
        if self.thread.get().is_some() {
            return Ok(());
        }
        // What is asked for while one waits already is one with it.
        let (sender, asked) = mpsc::sync_channel::<Weak<Tree>>(1);
        let (show, runtime) = (Arc::clone(&self.show), runtime.clone());
        thread::Builder::new().name("rootward-showing".to_owned()).spawn(move || {
            let _entered = runtime.enter();
            for tree in asked {
                show_to(&mut show.lock().unwrap_or_else(PoisonError::into_inner), &tree);
            }
        })?;
        let _ = self.thread.set(sender);
        Ok(())
    }

    /// Has a snapshot shown, and does not wait for it.
    pub(crate) fn soon(&self, tree: Weak<Tree>) {
        match self.thread.get() {
            Some(thread) => drop(thread.try_send(tree)),
            // In a story of the seeded scheduler, which has no such thread.
            None => self.now(&tree),
        }
    }

    /// Shows a snapshot, unless one is being shown.
    pub(crate) fn now(&self, tree: &Weak<Tree>) {
        let mut show = match self.show.try_lock() {
            Ok(show) => show,
            Err(TryLockError::Poisoned(show)) => show.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        show_to(&mut show, tree);
    }
}

fn show_to(show: &mut ShowSnapshot, tree: &Weak<Tree>) {
    // The function may take long, and the tree is not to be kept by that.
    let Some(snapshot) = tree.upgrade().map(|tree| tree.snapshot()) else { return };
    if let (Err(panic), Some(tree)) = (catch_panics(|| show(&snapshot)), tree.upgrade()) {
        sibling::note_handler_failure(&tree, "snapshot", format!("panic: {panic}"));
    }
}
