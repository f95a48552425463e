//! How a process says that it is ready.

use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use rootward_core::{Exit, IntoExit};

use super::LinePattern;

/// Says when a process child counts as started.
///
/// Without one it does when its program runs. The next sibling starts after that.
///
/// # Examples
///
/// ```
/// use rootward_procs::{Process, Ready};
///
/// let web = Process::new("web").ready(Ready::line_containing("listening on "));
/// let db = Process::new("db").ready(Ready::tcp("127.0.0.1:5432"));
/// ```
#[derive(Clone)]
#[must_use = "a readiness rule does nothing until a process has it"]
pub struct Ready(pub(crate) Condition);

/// What a user's own readiness check gets to know.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ReadyContext {
    /// The process id.
    pub pid: u32,
}

#[derive(Clone)]
pub(crate) enum Condition {
    /// What is wrong with a bad expression is kept until the spec is checked.
    Line(Result<LinePattern, String>),
    Tcp(String),
    Path(PathBuf),
    Check(Arc<dyn Fn(ReadyContext) -> Checking + Send + Sync>),
}

/// A check under way. It ends as a task does: anything but a normal end says that the process will never be ready.
pub(crate) type Checking = Pin<Box<dyn Future<Output = Exit> + Send>>;

impl Ready {
    /// Ready when it has written a line, to standard output or error, that contains this text.
    ///
    /// A stream counts only if it is captured.
    pub fn line_containing(text: impl Into<String>) -> Self {
        Self(Condition::Line(Ok(LinePattern::Text(text.into().into()))))
    }

    /// Ready when it has written a line, to standard output or error, that this regular expression matches anywhere.
    ///
    /// A stream counts only if it is captured. An expression that does not parse is a mistake in the description of the
    /// tree, which is found before anything is started.
    #[cfg(feature = "regex")]
    pub fn line(regex: impl AsRef<str>) -> Self {
        let pattern = regex::Regex::new(regex.as_ref()).map(LinePattern::Regex);
        Self(Condition::Line(pattern.map_err(|error| reason(&error))))
    }

    /// Ready when a TCP connection to this address (`host:port`) succeeds.
    ///
    /// That the address answers is all this can tell: another process may listen there.
    pub fn tcp(address: impl Into<String>) -> Self {
        Self(Condition::Tcp(address.into()))
    }

    /// Ready when this path exists.
    ///
    /// It is looked up from this program's working directory, not from the process's.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self(Condition::Path(path.into()))
    }

    /// Ready when this function's future has ended, with `()` or `Ok`.
    ///
    /// It is called once for every incarnation and may take as long as the process's ready timeout allows. If it
    /// returns an error or panics, the process will never be ready. It runs as a task on the tree's task runtime, and
    /// is dropped when its answer does not matter any more: when the process is asked to stop, is killed, or has ended.
    ///
    /// A check that blocks its thread cannot be ended. When its process is gone, the stop waits for it for a second at
    /// most (50 milliseconds after SIGKILL), and then names it among the
    /// [stragglers](rootward_core::NodeReport::stragglers) as [`Unreapable`](rootward_core::Outcome::Unreapable), with
    /// the process id of this program.
    pub fn check<F, Fut>(check: F) -> Self
    where
        F: Fn(ReadyContext) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        let check = Arc::new(check);
        Self(Condition::Check(Arc::new(move |cx| {
            let check = Arc::clone(&check);
            // The user's function is called inside the task, where a panic in it is caught.
            Box::pin(async move { check(cx).await.into_exit() })
        })))
    }
}

impl Ready {
    /// The line, if a line says it.
    pub(crate) fn line_to_match(&self) -> Option<&LinePattern> {
        match &self.0 {
            // One that does not parse was refused when the tree was built.
            Condition::Line(pattern) => pattern.as_ref().ok(),
            Condition::Tcp(_) | Condition::Path(_) | Condition::Check(_) => None,
        }
    }

    /// Whether a task finds out. Lines are looked at where they are read.
    pub(crate) fn has_check(&self) -> bool {
        match &self.0 {
            Condition::Line(_) => false,
            Condition::Tcp(_) | Condition::Path(_) | Condition::Check(_) => true,
        }
    }
}

/// The sentence at the end of what may be a drawing of several lines.
#[cfg(feature = "regex")]
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Condition::Line(pattern) => f.debug_tuple("Line").field(pattern).finish(),
            Condition::Tcp(address) => f.debug_tuple("Tcp").field(address).finish(),
            Condition::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Condition::Check(_) => f.write_str("Check"),
        }
    }
}
