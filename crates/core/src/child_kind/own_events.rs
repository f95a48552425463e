//! Events that a child writes into the tree's record itself, beside those that follow from its reports.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::StartContext;
use crate::child::{ChildKind, ChildPath};
use crate::context::{StopScope, TreeContext};
use crate::event::{EventKind, Notice, OutputStream};

/// Writes into the tree's record what happens to a process between its start and its end, and what it writes.
#[derive(Clone, Debug)]
pub struct ProcessEvents {
    tree: TreeContext,
    path: ChildPath,
    incarnation: u32,
}

/// A line that a process wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine {
    /// Where it wrote the line.
    pub stream: OutputStream,
    /// The line without its end.
    pub line: String,
    /// Whether the line was cut because it is too long. What follows is the next line of this stream.
    pub truncated: bool,
    /// Whether bytes that are not UTF-8 were replaced.
    pub lossy: bool,
    /// Whether this goes on where the line before it of this stream ended.
    pub continued: bool,
}

impl StartContext {
    /// Where a process child writes its own events, such as `output`.
    pub fn process_events(&self) -> ProcessEvents {
        ProcessEvents { tree: self.tree.clone(), path: self.path.clone(), incarnation: self.incarnation }
    }
}

impl ProcessEvents {
    /// Writes whole lines, each of which has its end (`\n` or `\r\n`), into the tree's record. They were written at
    /// once and get one time. What follows the last end is left out. Never waits.
    pub fn write_lines(&self, stream: OutputStream, lines: &str) {
        self.tree.record().emit_lines(&self.path, self.incarnation, stream, lines);
    }

    /// Waits if a reader of the events that has lost none is so far behind that it could soon lose some: until that
    /// reader has taken enough events, or its [patience](crate::Events::hold_up_output) is over, 10 ms by default. A
    /// writer of many events calls this between one batch and the next.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn room(&self) {
        self.tree.record().room().await;
    }

    /// Writes into the tree's record what the process said of itself. Never waits.
    pub fn notified(&self, notice: Notice) {
        self.emit(EventKind::Notified(notice));
    }

    /// Writes into the tree's record that a health check has failed: what was found, how many in a row have failed by
    /// now, and how many of them are too many. Never waits.
    pub fn unhealthy(&self, error: String, failures: u32, threshold: u32) {
        self.emit(EventKind::Unhealthy { error, failures, threshold });
    }

    /// Writes into the tree's record that a health check has succeeded again. Never waits.
    pub fn healthy(&self) {
        self.emit(EventKind::Healthy);
    }

    /// Writes into the tree's record that the process, which ends without its supervisor's request, gets this signal
    /// now. Never waits.
    pub fn escalated(&self, to: impl Into<Cow<'static, str>>) {
        self.emit(EventKind::Escalated { to: to.into() });
    }

    /// Writes into the tree's record that the process is asked to stop with this, so long after it was asked first, and
    /// why a command that was to ask it has failed. Never waits.
    pub fn asked(&self, with: String, elapsed: Duration, error: Option<String>) {
        self.emit(EventKind::Asked { with, elapsed, error });
    }

    /// Writes into the tree's record that something weaker than what was asked for is in force for this process, for
    /// this reason, which is one line. Never waits.
    pub fn degraded(&self, what: &'static str, reason: String) {
        self.emit(EventKind::Degraded { what: what.into(), reason });
    }

    /// Writes one line into the tree's record. Never waits.
    pub fn write(&self, line: OutputLine) {
        let OutputLine { stream, line, truncated, lossy, continued } = line;
        self.emit(EventKind::Output { stream, line, truncated, lossy, continued });
    }

    fn emit(&self, what: EventKind) {
        self.tree.record().emit(&self.path, ChildKind::Process, self.incarnation, what);
    }
}

/// Turns the failed attempts of one start into events.
#[derive(Clone, Debug)]
pub struct Retries {
    tree: TreeContext,
    scope: Arc<StopScope>,
    path: ChildPath,
    incarnation: u32,
}

impl StartContext {
    /// Where a child says that an attempt to start it has failed and is to be tried again.
    pub fn retries(&self) -> Retries {
        Retries {
            tree: self.tree.clone(),
            scope: Arc::clone(&self.scope),
            path: self.path.clone(),
            incarnation: self.incarnation,
        }
    }
}

impl Retries {
    /// Writes a `retrying` event: attempt number `attempt`, counted from 1, has failed for this reason, which is one
    /// line, and the next follows after `delay`.
    ///
    /// `false` says that a stop has begun: the start has to be given up, and nothing was written.
    pub fn note(&self, kind: ChildKind, attempt: u32, error: String, delay: Duration) -> bool {
        let make = || (self.path.clone(), EventKind::Retrying { error, attempt, delay });
        self.tree.record().emit_if(|| !self.scope.is_stopping(), kind, self.incarnation, make)
    }
}

/// Notes for a whole tree how far its processes are followed, when the first of them starts.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct ContainmentNotes(ProcessEvents);

impl ContainmentNotes {
    pub(crate) fn of(cx: &StartContext) -> Self {
        Self(cx.process_events())
    }

    /// Notes the level for snapshots and reports. If it is weaker than usual, an event says so, with this reason, which
    /// is one line.
    pub fn note(&self, level: &'static str, degraded: Option<&str>) {
        self.0.tree.note_containment(level);
        if let Some(reason) = degraded {
            self.0.degraded("containment", reason.to_owned());
        }
    }

    /// Whether nothing is to start in this tree at a level that is weaker than usual.
    pub fn refuses_degraded(&self) -> bool {
        self.0.tree.refuses_degraded()
    }
}
