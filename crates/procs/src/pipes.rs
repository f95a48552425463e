//! The ends of a process's pipes for the code of this program: bytes, and no lines.
//!
//! Nothing in this crate reads or writes them. What is not taken fills its pipe, and the process waits in its own
//! write; its end waits for nothing.

mod stream;

use std::collections::VecDeque;
use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rootward_core::sibling;
use tokio::sync::Notify;

pub use stream::{ProcessOutput, ProcessStdin};

/// Hands out the ends of the pipes of a process: see [`Process::pipes`](crate::Process::pipes).
///
/// All clones are one. Each incarnation of the process has pipes of its own, so that bytes of two are never mixed.
///
/// # Examples
///
/// A task beside a process that speaks some protocol over its standard streams:
///
/// ```
/// use rootward_procs::{Output, Pipes, Process, Stdin};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let pipes = Pipes::new();
/// let child = Process::new("cat").stdin(Stdin::Piped).stdout(Output::Piped).pipes(&pipes).into_child("cat");
/// # let tree = rootward_core::Supervisor::new("root").child(child).into_tree().unwrap().launch();
///
/// let mut ends = pipes.next().await.unwrap();
/// let (mut stdin, mut stdout) = (ends.stdin.take().unwrap(), ends.stdout.take().unwrap());
/// stdin.write_all(b"hello\n").await?;
/// let mut answer = [0; 6];
/// stdout.read_exact(&mut answer).await?;
/// assert_eq!(&answer, b"hello\n");
/// # let _ = tree.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use = "it hands out nothing until a process has it"]
pub struct Pipes {
    queue: Arc<EndsQueue>,
}

/// This program's ends of the pipes of one incarnation of a process, as far as its description says that they are
/// piped.
#[derive(Debug)]
#[non_exhaustive]
pub struct PipeEnds {
    /// The incarnation's process id.
    pub pid: u32,
    /// What it reads. [`Stdin::Piped`](crate::Stdin::Piped).
    pub stdin: Option<ProcessStdin>,
    /// What it writes to standard output. [`Output::Piped`](crate::Output::Piped).
    pub stdout: Option<ProcessOutput>,
    /// What it writes to standard error. [`Output::Piped`](crate::Output::Piped).
    pub stderr: Option<ProcessOutput>,
}

impl PipeEnds {
    pub(crate) fn new(ends: RawEnds) -> Self {
        let RawEnds { pid, stdin, stdout, stderr } = ends;
        Self {
            pid,
            stdin: stdin.map(ProcessStdin::new),
            stdout: stdout.map(ProcessOutput::new),
            stderr: stderr.map(ProcessOutput::new),
        }
    }
}

/// A process's end of a [`Pipes`], which all clones of its description share. When the last of them is gone, nothing
/// more comes.
pub(crate) struct Feed(Arc<EndsQueue>);

#[derive(Default)]
struct EndsQueue {
    state: Mutex<PipesState>,
    changed: Notify,
}

#[derive(Default)]
struct PipesState {
    ends: VecDeque<RawEnds>,
    feeds: usize,
    /// Whether there were feeds, and there are none now.
    over: bool,
}

/// Our ends of the pipes of one incarnation.
#[derive(Default)]
pub(crate) struct RawEnds {
    pub(crate) pid: u32,
    pub(crate) stdin: Option<OwnedFd>,
    pub(crate) stdout: Option<OwnedFd>,
    pub(crate) stderr: Option<OwnedFd>,
}

/// For how many incarnations ends are kept that are not taken.
const KEPT: usize = 8;

impl Pipes {
    /// For one process, or for several, whose ends come in the order in which they have started.
    pub fn new() -> Self {
        Self::default()
    }

    /// The ends of the next incarnation that has started, or `None` when none can start any more: the child has left
    /// its tree, or the tree is gone.
    ///
    /// They are those of the oldest incarnation whose ends were not taken. Those of eight are kept; of more than that,
    /// the oldest are closed. It waits for ever if no process has this.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, no ends are lost.
    pub async fn next(&self) -> Option<PipeEnds> {
        loop {
            let changed = self.queue.changed.notified();
            let next = {
                let mut state = self.queue.lock();
                let over = state.over;
                state.ends.pop_front().ok_or(over)
            };
            match next {
                Ok(ends) => return Some(PipeEnds::new(ends)),
                Err(true) => return None,
                Err(false) => sibling::woken_elsewhere(changed).await,
            }
        }
    }

    /// The ends of an incarnation that has started, if there is one.
    pub(crate) fn take(&self) -> Option<PipeEnds> {
        let ends = self.queue.lock().ends.pop_front();
        ends.map(PipeEnds::new)
    }

    /// The end for a process.
    pub(crate) fn feed(&self) -> Arc<Feed> {
        let mut state = self.queue.lock();
        (state.feeds, state.over) = (state.feeds + 1, false);
        drop(state);
        Arc::new(Feed(Arc::clone(&self.queue)))
    }
}

impl Feed {
    /// Hands out these.
    pub(crate) fn give(&self, ends: RawEnds) {
        let oldest = {
            let mut state = self.0.lock();
            state.ends.push_back(ends);
            if state.ends.len() > KEPT { state.ends.pop_front() } else { None }
        };
        drop(oldest);
        self.0.changed.notify_waiters();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.feeds -= 1;
        state.over = state.feeds == 0;
        drop(state);
        self.0.changed.notify_waiters();
    }
}

impl EndsQueue {
    fn lock(&self) -> MutexGuard<'_, PipesState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pipes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipes").field("waiting", &self.queue.lock().ends.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}
