//! A file that a process's output is written to.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::log_writer::LogWriter;
use crate::policy::Rotation;

/// A file for what a process writes, with files before it: see [`Process::log_file`](crate::Process::log_file).
///
/// When it is full or old, `app.log` becomes `app.log.1`, what was that becomes `app.log.2`, and so on.
///
/// | property | default |
/// | --- | --- |
/// | [`max_size`](Self::max_size) | 10 MiB |
/// | [`max_age`](Self::max_age) | any |
/// | [`keep`](Self::keep) | 5 files beside it |
#[derive(Clone, Debug)]
#[must_use = "a log file does nothing until a process has it"]
pub struct LogFile {
    pub(crate) path: PathBuf,
    pub(crate) rotation: Rotation,
    /// Whether lines are events as well.
    pub(crate) events: bool,
    pub(crate) writer: Arc<LogWriter>,
}

impl LogFile {
    /// This file. A relative path counts from the process's directory.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let rotation = Rotation { max_size: 10 << 20, max_age: None, keep: 5 };
        Self { path: path.into(), rotation, events: true, writer: Arc::default() }
    }

    /// Begins another file before this one has more bytes.
    ///
    /// A line is not divided between files unless it is longer than a file may be. A file becomes larger by the rest of
    /// a line that has been begun in it, and by no more than its own size.
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.rotation.max_size = bytes;
        self
    }

    /// Begins another file with the next line when this one was begun so long ago, by the system's clock.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.rotation.max_age = Some(age);
        self
    }

    /// Keeps so many full files beside the one that is written to. The oldest is removed.
    pub fn keep(mut self, files: u32) -> Self {
        self.rotation.keep = files;
        self
    }

    /// Makes no events of the lines: they stand in the file alone. A [ready line](crate::Ready::line_containing) is
    /// found all the same.
    pub fn without_events(mut self) -> Self {
        self.events = false;
        self
    }

    pub(super) fn problem(&self) -> Option<String> {
        if self.rotation.max_size == 0 {
            return Some("the log file has no size".into());
        }
        if self.rotation.max_age.is_some_and(|age| age.is_zero()) {
            return Some("the log file's age is zero".into());
        }
        let problem = super::well_formed::problem_with_path(&self.path)?;
        Some(problem.replacen("the ready path", "the log file's path", 1))
    }
}
