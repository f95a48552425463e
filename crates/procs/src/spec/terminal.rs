//! A terminal of its own for a process.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use nix::unistd::{Uid, fchown};

use crate::sys::{self, Size};

/// A size of terminals, for processes that are to have one of their own: see [`Process::tty`](crate::Process::tty).
///
/// All clones are one, and it may be given to several processes.
#[derive(Clone, Debug)]
#[must_use = "it does nothing until a process has it"]
pub struct Terminal {
    shared: Arc<Mutex<OpenTerminals>>,
}

#[derive(Debug)]
struct OpenTerminals {
    size: Size,
    /// Our ends of the terminals that have it.
    open: Vec<Weak<OwnedFd>>,
}

/// The size of a terminal that is on no screen.
const DEFAULT: Size = (80, 24);

impl Terminal {
    /// The size of this program's terminal, or 80 columns and 24 rows if it has none.
    pub fn new() -> Self {
        Self::of(size_of_ours().unwrap_or(DEFAULT))
    }

    /// This size, in characters. Zero is taken for one.
    pub fn sized(columns: u16, rows: u16) -> Self {
        Self::of((columns.max(1), rows.max(1)))
    }

    fn of(size: Size) -> Self {
        Self { shared: Arc::new(Mutex::new(OpenTerminals { size, open: Vec::new() })) }
    }

    /// How many columns and rows terminals of this size have.
    pub fn size(&self) -> (u16, u16) {
        self.lock().size
    }

    /// Gives all terminals of this size another one, in characters, and those that processes get later. Zero is taken
    /// for one. The processes in their foreground get SIGWINCH.
    ///
    /// # Errors
    ///
    /// What the system said of the first terminal that could not be given it. The others have it.
    pub fn resize(&self, columns: u16, rows: u16) -> io::Result<()> {
        let size = (columns.max(1), rows.max(1));
        let mut shared = self.lock();
        shared.size = size;
        let open = shared.open.iter().filter_map(Weak::upgrade);
        // Each of them, whatever became of those before.
        let done: Vec<_> = open.map(|terminal| sys::set_terminal_size(&*terminal, size)).collect();
        done.into_iter().collect()
    }

    /// Gives them the size that this program's terminal has now, if it has one: to be called when this program gets
    /// SIGWINCH.
    ///
    /// # Errors
    ///
    /// As [`resize`](Self::resize).
    pub fn fit(&self) -> io::Result<()> {
        size_of_ours().map_or(Ok(()), |(columns, rows)| self.resize(columns, rows))
    }

    /// Opens a terminal of this size: our end, non-blocking, and the process's, which belongs to this user.
    pub(crate) fn open(&self, owner: Option<u32>) -> io::Result<(Arc<OwnedFd>, OwnedFd)> {
        let mut shared = self.lock();
        let (ours, theirs) = sys::open_terminal(shared.size)?;
        if let Some(owner) = owner {
            // It opens `/dev/stdout` again, for example.
            fchown(&theirs, Some(Uid::from_raw(owner)), None)?;
        }
        let ours = Arc::new(ours);
        shared.open.retain(|terminal| terminal.strong_count() > 0);
        shared.open.push(Arc::downgrade(&ours));
        Ok((ours, theirs))
    }

    fn lock(&self) -> MutexGuard<'_, OpenTerminals> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}

/// The size of this program's terminal.
fn size_of_ours() -> Option<Size> {
    let controlling = File::open("/dev/tty").ok().and_then(sys::terminal_size);
    controlling.or_else(|| sys::terminal_size(io::stderr())).or_else(|| sys::terminal_size(io::stdout()))
}
