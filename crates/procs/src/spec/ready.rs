//! How a process says that it is ready.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use rootward_core::{Exit, IntoExit};

use super::{HttpGet, LinePattern};

/// Says when a process child counts as started.
///
/// Without one it does when its program runs. The next sibling starts after that. How long a process may take to get
/// ready is its [`ready_timeout`](super::Process::ready_timeout).
///
/// What was there before the start counts for nothing: a path must have come into being or changed, and a listener must
/// be a process of the child's set. A process that ends before it is ready has failed to start, at once. What was there
/// when it ended counts, however the end and the look at it have raced. The error of a failed start
/// ([`ReadyError`](crate::ReadyError)) says what was waited for, why the last look found nothing, and what the process
/// wrote last.
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
pub struct Ready {
    pub(crate) condition: ReadyCondition,
    /// Whether a listener that is no process of the set will do.
    pub(crate) any_owner: bool,
}

/// What a user's own readiness check gets to know.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ReadyContext {
    /// The process id.
    pub pid: u32,
}

#[derive(Clone)]
pub(crate) enum ReadyCondition {
    /// What is wrong with a bad expression is kept until the spec is checked.
    Line(Result<LinePattern, String>),
    Tcp(String),
    Unix(PathBuf),
    Http(HttpGet),
    Path(PathBuf),
    /// The program and its arguments.
    Command(Vec<OsString>),
    /// It says so through systemd's notify protocol.
    Notify,
    /// It has ended with success.
    Completion,
    /// It writes a newline to the descriptor with this number.
    Descriptor(u32),
    Check(Arc<dyn Fn(ReadyContext) -> Checking + Send + Sync>),
}

/// A check under way. It ends as a task does: anything but a normal end says that the process will never be ready.
pub(crate) type Checking = Pin<Box<dyn Future<Output = Exit> + Send>>;

impl Ready {
    /// Ready when it has written a line, to standard output or error, that contains this text.
    ///
    /// A stream counts only if it is captured. The line is looked at as a person sees it
    /// ([`visible_text`](crate::visible_text)): without colours and titles, and as what is left after a carriage
    /// return. The beginning of a line counts when the process has not gone on with it for a tenth of a second, as
    /// after a prompt.
    pub fn line_containing(text: impl Into<String>) -> Self {
        Self::of(ReadyCondition::Line(Ok(LinePattern::Text(text.into().into()))))
    }

    /// Ready when it has written a line, to standard output or error, that this regular expression matches anywhere.
    ///
    /// A stream counts only if it is captured. The line is looked at as a person sees it, as
    /// [`line_containing`](Self::line_containing) says. An expression that does not parse is a mistake in the
    /// description of the tree, which is found before anything is started.
    #[cfg(feature = "regex")]
    pub fn line(regex: impl AsRef<str>) -> Self {
        let pattern = regex::Regex::new(regex.as_ref()).map(LinePattern::Regex);
        Self::of(ReadyCondition::Line(pattern.map_err(|error| reason(&error))))
    }

    /// Ready when a TCP connection to this address (`host:port`) succeeds, and a process of the child's set listens.
    ///
    /// A connection that leads to itself, because no process listens at a port from which the system takes connecting
    /// ends, does not count. Where the address is one of this system, the listening process is looked for: if it is
    /// found and is not of the child's set, the child is not ready, and the error names that process. If it is not
    /// found because it belongs to another user, it is enough that all processes of the set show what they have and
    /// none has the socket: the child is not ready either. If one of them does not show it (it has become another
    /// user), or if the listener is elsewhere, the connection counts. [`any_owner`](Self::any_owner) leaves this out.
    pub fn tcp(address: impl Into<String>) -> Self {
        Self::of(ReadyCondition::Tcp(address.into()))
    }

    /// Ready when a connection to this Unix stream socket succeeds, and a process of the child's set listens.
    ///
    /// A socket file that was left behind refuses connections, so that it does not count. The kernel says which process
    /// began to listen; if that lives and is neither of the child's set nor this program, the child is not ready, and
    /// the error names it. A relative path counts from the process's directory.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::of(ReadyCondition::Unix(path.into()))
    }

    /// Ready when this HTTP request gets the answer that it expects. The listener is looked at as by
    /// [`tcp`](Self::tcp).
    ///
    /// # Examples
    ///
    /// ```
    /// use rootward_procs::Ready;
    ///
    /// let ready = Ready::http("http://127.0.0.1:8080/health");
    /// ```
    pub fn http(get: impl Into<HttpGet>) -> Self {
        Self::of(ReadyCondition::Http(get.into()))
    }

    /// Ready when this path exists and has come into being, or has changed, since the start.
    ///
    /// What stands there before the program is started does not count until it is changed: a socket or a pid file of
    /// an earlier run. A relative path counts from the process's directory.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::of(ReadyCondition::Path(path.into()))
    }

    /// Ready when this command, the program and its arguments, has ended with exit code 0.
    ///
    /// It is run again and again, with a pause of a quarter of a second. It has the process's environment and
    /// directory, and is contained like the process: a run that is not over after 5 seconds, or when the answer does
    /// not matter any more, is killed with all it has started. What it writes is no event; the last lines of one that
    /// fails are in the error of the start. When the process has ended it is run once more, for a second at most.
    pub fn command<A: Into<OsString>>(argv: impl IntoIterator<Item = A>) -> Self {
        Self::of(ReadyCondition::Command(argv.into_iter().map(Into::into).collect()))
    }

    /// Ready when the process says so through systemd's notify protocol (`Type=notify`): it sends `READY=1` to the
    /// socket that the variable `NOTIFY_SOCKET` of its environment names.
    ///
    /// Messages count that come from a process of the child's set. One whose sender has gone before it is heard counts
    /// only from the program itself; `systemd-notify` waits until it is heard (`BARRIER=1`). `EXTEND_TIMEOUT_USEC=`
    /// prolongs the ready timeout; unlike systemd's it does not prolong a stop, because a grace is a part of the
    /// deadline that supervisors hand down. `STATUS=`, `STOPPING=1`, `MAINPID=`, `ERRNO=` and `EXIT_STATUS=` become
    /// [`notified`](rootward_core::EventKind::Notified) events, as long as the process runs; the last status of a start
    /// that failed is in its error. What else is sent is passed over, and descriptors are closed. The socket has a name
    /// without a file, which a process in another network namespace cannot reach.
    #[doc(alias = "sd_notify")]
    pub fn notify() -> Self {
        Self::of(ReadyCondition::Notify)
    }

    /// Ready when the process has ended with exit code 0: a job, such as a migration, after which the next sibling
    /// starts.
    ///
    /// It has started and ended then, in this order. Another end is a failed start. Such a child is
    /// [transient](rootward_core::Restart::Transient) or [temporary](rootward_core::Restart::Temporary): a permanent
    /// one would be started again. The ready timeout is the time that the job may take.
    pub fn completion() -> Self {
        Self::of(ReadyCondition::Completion)
    }

    /// Ready when the process has written a newline to the descriptor with this number, from 3 to 255 (s6's
    /// `notification-fd`).
    ///
    /// The descriptor is the end of a pipe that exists for this start alone. What comes before the newline, and after
    /// it, does not matter. A process that closes it without a newline is waited for until its time is over.
    #[doc(alias = "notification-fd")]
    pub fn descriptor(number: u32) -> Self {
        Self::of(ReadyCondition::Descriptor(number))
    }

    /// Has [`tcp`](Self::tcp), [`unix`](Self::unix) and [`http`](Self::http) take any listener.
    ///
    /// For a process that has another one listen in its place, such as `docker run`, whose ports are the daemon's.
    pub fn any_owner(mut self) -> Self {
        self.any_owner = true;
        self
    }

    fn of(condition: ReadyCondition) -> Self {
        Self { condition, any_owner: false }
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
        Self::of(ReadyCondition::Check(Arc::new(move |cx| {
            let check = Arc::clone(&check);
            // The user's function is called inside the task, where a panic in it is caught.
            Box::pin(async move { check(cx).await.into_exit() })
        })))
    }
}

impl Ready {
    /// The line, if a line says it.
    pub(crate) fn line_to_match(&self) -> Option<&LinePattern> {
        let ReadyCondition::Line(pattern) = &self.condition else { return None };
        // One that does not parse was refused when the tree was built.
        pattern.as_ref().ok()
    }

    /// The path, if one says it.
    pub(crate) fn path_to_look_at(&self) -> Option<&Path> {
        let ReadyCondition::Path(path) = &self.condition else { return None };
        Some(path)
    }

    /// Whether a task finds out. Lines are looked at where they are read.
    pub(crate) fn has_check(&self) -> bool {
        !matches!(
            self.condition,
            ReadyCondition::Line(_)
                | ReadyCondition::Notify
                | ReadyCondition::Completion
                | ReadyCondition::Descriptor(_)
        )
    }

    /// Whether that task looks once more when the process has ended.
    pub(crate) fn looks_last(&self) -> bool {
        match self.condition {
            ReadyCondition::Tcp(_)
            | ReadyCondition::Unix(_)
            | ReadyCondition::Http(_)
            | ReadyCondition::Path(_)
            | ReadyCondition::Command(_) => true,
            ReadyCondition::Line(_)
            | ReadyCondition::Notify
            | ReadyCondition::Completion
            | ReadyCondition::Descriptor(_)
            | ReadyCondition::Check(_) => false,
        }
    }

    /// What is waited for, in words.
    pub(crate) fn describe(&self) -> String {
        match &self.condition {
            ReadyCondition::Line(Ok(pattern)) => pattern.describe(),
            ReadyCondition::Line(Err(_)) => "a line".to_owned(),
            ReadyCondition::Tcp(address) => format!("a listener at {address}"),
            ReadyCondition::Unix(path) => format!("a listener at {}", path.display()),
            ReadyCondition::Http(get) => get.describe(),
            ReadyCondition::Path(path) => format!("a new {}", path.display()),
            ReadyCondition::Command(argv) => {
                let words: Vec<_> = argv.iter().map(|word| word.to_string_lossy()).collect();
                format!("`{}` to succeed", words.join(" "))
            }
            ReadyCondition::Notify => "READY=1 at its NOTIFY_SOCKET".to_owned(),
            ReadyCondition::Completion => "its end with success".to_owned(),
            ReadyCondition::Descriptor(number) => format!("a newline at its descriptor {number}"),
            ReadyCondition::Check(_) => "its readiness check".to_owned(),
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
        match &self.condition {
            ReadyCondition::Line(pattern) => f.debug_tuple("Line").field(pattern).finish(),
            ReadyCondition::Tcp(address) => f.debug_tuple("Tcp").field(address).finish(),
            ReadyCondition::Unix(path) => f.debug_tuple("Unix").field(path).finish(),
            ReadyCondition::Http(get) => f.debug_tuple("Http").field(get).finish(),
            ReadyCondition::Path(path) => f.debug_tuple("Path").field(path).finish(),
            ReadyCondition::Command(argv) => f.debug_tuple("Command").field(argv).finish(),
            ReadyCondition::Notify => f.write_str("Notify"),
            ReadyCondition::Completion => f.write_str("Completion"),
            ReadyCondition::Descriptor(number) => f.debug_tuple("Descriptor").field(number).finish(),
            ReadyCondition::Check(_) => f.write_str("Check"),
        }
    }
}
