//! One contained program, without a tree of its own: started, awaited, and gone with all that it has started.
//!
//! Underneath there is a tree with one child, so that every promise is a tree's promise: order, readiness, output, the
//! stop ladder, the set. [`spawn`] makes it, [`lines`] is its output, and [`end`] is how it ended.
//!
//! Absent on purpose: restarts. A program that is to be started again belongs into a tree.

mod end;
mod error;
mod lines;
mod spawn;

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rootward_core::{Tree, sibling};
use tokio::task::unconstrained;

use crate::set::KillSlot;
use crate::{Containment, PipeEnds, Pipes, ProcessOutput, ProcessStdin};

pub use end::ProgramEnd;
pub use error::ProgramStartError;
pub use lines::OutputLines;

use end::Course;

/// How long a drop waits for the set to be gone.
const PATIENCE: Duration = Duration::from_secs(1);

/// A program that was started by [`Process::spawn`](crate::Process::spawn), with everything that it has started.
///
/// The program and its descendants are one set, and no process of it outlives this:
///
/// - [`stop`](Self::stop) asks them to go, as the process's description says, and kills what is left after the grace.
/// - When this is **dropped**, also by a panic, the set is killed at once. The drop blocks its thread until no process
///   is left, for some milliseconds as a rule and a second at most. A program whose start is not over yet is killed as
///   soon as it is, in the background.
/// - When the program **ends by itself**, what it has left behind is asked to go and killed, before
///   [`wait`](Self::wait) returns.
/// - When **this process dies**, also by SIGKILL, its warden kills the set. For that the level of
///   [`containment`](Self::containment) has to be `tree` or `tree+cgroup`; at `group`, descendants may survive, and so
///   may those that have left the program's process group.
#[must_use = "the program is killed when this is dropped"]
pub struct Contained {
    tree: Tree,
    course: Mutex<Course>,
    lines: Option<OutputLines>,
    pipes: Pipes,
    /// What it has handed out, as far as that has not been taken.
    ends: Option<PipeEnds>,
    kill: Arc<KillSlot>,
    containment: Arc<Containment>,
}

impl Contained {
    /// The program's process id. `None` if it has not started yet.
    pub fn pid(&self) -> Option<u32> {
        let seen = self.course().pid();
        // A program that has written a lot may have pushed the event out before it was looked at.
        seen.or_else(|| self.tree.snapshot().root.children.first()?.pid)
    }

    /// Waits until the program has started, and is ready if its description says when it is.
    ///
    /// A program from [`spawn`](crate::Process::spawn) is; this is for one from [`launch`](crate::Process::launch).
    ///
    /// # Errors
    ///
    /// [`ProgramStartError`] if it could not be started, ended too early, or was stopped before. Nothing is left of it
    /// then.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a caller that gives up waiting changes nothing.
    pub async fn ready(&self) -> Result<(), ProgramStartError> {
        self.tree.started().await.map_err(ProgramStartError::from)?;
        // From now on its lines keep none of these events waiting.
        drop(self.course());
        Ok(())
    }

    /// The lines of its captured outputs, from the first one on. `None` if they have been taken already.
    ///
    /// Without a reader the last of them are kept, up to a mebibyte of text, and the program never waits for one.
    pub fn take_output(&mut self) -> Option<OutputLines> {
        self.lines.take()
    }

    /// What the program reads, to be written to, if its description says [`Stdin::Piped`](crate::Stdin::Piped). `None`
    /// before it has started, after it has been taken, and if [`pipes`](crate::Process::pipes) hand it out.
    pub fn take_stdin(&mut self) -> Option<ProcessStdin> {
        self.ends()?.stdin.take()
    }

    /// What the program writes to standard output, as bytes, if its description says
    /// [`Output::Piped`](crate::Output::Piped). `None` as for [`take_stdin`](Self::take_stdin).
    pub fn take_stdout(&mut self) -> Option<ProcessOutput> {
        self.ends()?.stdout.take()
    }

    /// What the program writes to standard error, likewise.
    pub fn take_stderr(&mut self) -> Option<ProcessOutput> {
        self.ends()?.stderr.take()
    }

    fn ends(&mut self) -> Option<&mut PipeEnds> {
        if self.ends.is_none() {
            self.ends = self.pipes.take();
        }
        self.ends.as_mut()
    }

    /// Waits until the program has ended and nothing is left of it, and says how it ended.
    ///
    /// It can be called again, and by several callers.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a caller that gives up waiting changes nothing.
    pub async fn wait(&self) -> ProgramEnd {
        let report = self.tree.wait().await;
        self.course().end_by(&report)
    }

    /// How it ended, if it has and nothing is left of it.
    pub fn try_wait(&self) -> Option<ProgramEnd> {
        let report = pin!(unconstrained(sibling::report_of(&self.tree)));
        match report.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(report)) => Some(self.course().end_by(&report)),
            Poll::Ready(None) | Poll::Pending => None,
        }
    }

    /// Asks the program to go, by its ladder, kills what is left when its grace is over, and waits until nothing is
    /// left of it. The grace is 5 seconds, or the sum of the waits of its [`ladder`](crate::Process::ladder).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the stop goes on.
    pub async fn stop(&self) -> ProgramEnd {
        self.tree.request_stop();
        self.wait().await
    }

    /// Kills the program with everything that it has started, and waits until nothing is left of it.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the set is killed all the same.
    pub async fn kill(&self) -> ProgramEnd {
        self.tree.force();
        self.wait().await
    }

    /// How far the program is followed: `group`, `tree` or `tree+cgroup`, as [`Containment`] has it.
    pub fn containment(&self) -> &'static str {
        self.containment.name()
    }

    /// Why the containment is weaker than usual, if it is.
    pub fn degraded(&self) -> Option<&str> {
        self.containment.degraded()
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
        course.catch_up();
        course
    }
}

/// See the type: the set is killed, and awaited for a second at most.
impl Drop for Contained {
    fn drop(&mut self) {
        self.kill.kill_and_await(PATIENCE);
    }
}

impl fmt::Debug for Contained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contained")
            .field("pid", &self.pid())
            .field("containment", &self.containment())
            .finish_non_exhaustive()
    }
}
