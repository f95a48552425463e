//! How a process that runs is checked.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rootward_core::IntoExit;

use super::ready::ReadyCondition;
use super::{HttpGet, Ready, ReadyContext};
use crate::policy::HealthRules;

/// Says how it is found out, again and again, whether a process child that runs is healthy.
///
/// A check that fails is an event [`unhealthy`](rootward_core::EventKind::Unhealthy), and the first one that succeeds
/// after it an event [`healthy`](rootward_core::EventKind::Healthy). When as many checks in a row have failed as the
/// [`threshold`](Self::threshold) says, the process is stopped as its supervisor would stop it: with its ladder, for as
/// long as its [`straggler_grace`](super::Process::straggler_grace), and then with SIGKILL. It has ended abnormally
/// then, with `unhealthy: …`, so that its supervisor restarts it unless it is temporary. A process that has ended by
/// itself in the meantime, or that its supervisor stops, has ended as it did.
///
/// | property | default |
/// | --- | --- |
/// | [`interval`](Self::interval) | 10 seconds |
/// | [`timeout`](Self::timeout) | 5 seconds |
/// | [`threshold`](Self::threshold) | 3 |
/// | [`start_period`](Self::start_period) | none |
///
/// Checks begin one interval after the process has started, which is when it is ready. They never overlap: one that
/// takes longer than the interval puts the next one off. Time in which this program was suspended counts to none of the
/// times.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use rootward_procs::{Health, Process, Ready};
///
/// let web = Process::new("web")
///     .ready(Ready::http("http://127.0.0.1:8080/health"))
///     .health(Health::http("http://127.0.0.1:8080/health").interval(Duration::from_secs(2)));
/// let worker = Process::new("worker").health(Health::watchdog(Duration::from_secs(30)));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a health check does nothing until a process has it"]
pub struct Health {
    pub(crate) how: HealthCheck,
    pub(crate) rules: HealthRules,
}

/// How it is found out.
#[derive(Clone, Debug)]
pub(crate) enum HealthCheck {
    /// By looking whether this holds.
    Look(Ready),
    /// It says so by itself, at least this often.
    Watchdog(Duration),
}

impl Health {
    /// Healthy if a TCP connection to this address (`host:port`) succeeds.
    ///
    /// The first check, and one after a check that failed, look which process listens, as
    /// [`Ready::tcp`] says.
    pub fn tcp(address: impl Into<String>) -> Self {
        Self::look(Ready::tcp(address))
    }

    /// Healthy if a connection to this Unix stream socket succeeds. The listener is looked at as by [`tcp`](Self::tcp).
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::look(Ready::unix(path))
    }

    /// Healthy if this HTTP request gets the answer that it expects. The listener is looked at as by
    /// [`tcp`](Self::tcp).
    pub fn http(get: impl Into<HttpGet>) -> Self {
        Self::look(Ready::http(get))
    }

    /// Healthy if this path has been changed since the last check: a file that the process touches while it gets on
    /// with its work. The first check compares with what stood there before the start: a file that an earlier
    /// incarnation left counts when this one has changed it. A relative path counts from the process's directory.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::look(Ready::path(path))
    }

    /// Healthy if this command, the program and its arguments, ends with exit code 0.
    ///
    /// It has the process's environment and directory, and is contained like the process: a run that is not over in
    /// time is killed with all it has started. The last lines that it writes are in the event of one that fails.
    pub fn command<A: Into<OsString>>(argv: impl IntoIterator<Item = A>) -> Self {
        Self::look(Ready::command(argv))
    }

    /// Healthy if this function's future ends, in time, with `()` or `Ok`.
    ///
    /// It is called for every check, with the process id, and runs as a task on the tree's task runtime. One that is
    /// not over in time is dropped; while one blocks its thread, so that it cannot be dropped, each interval counts as
    /// a check that failed, and the function is not called again.
    pub fn check<F, Fut>(check: F) -> Self
    where
        F: Fn(ReadyContext) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        Self::look(Ready::check(check))
    }

    /// Healthy as long as the process says so by itself, through systemd's notify protocol (`WatchdogSec=`).
    ///
    /// The variable `WATCHDOG_USEC` of its environment says how often it has to send `WATCHDOG=1` to the socket that
    /// `NOTIFY_SOCKET` names; `sd_watchdog_enabled` finds it, and most programs then send twice as often. One silence
    /// of this length is enough; [`interval`](Self::interval), [`timeout`](Self::timeout) and
    /// [`threshold`](Self::threshold) have no meaning. The [`start_period`](Self::start_period) is how long the first
    /// sign may take, if it is longer. `WATCHDOG=trigger` fails at once, and `WATCHDOG_USEC=` changes the time. Which
    /// messages count is said at [`Ready::notify`].
    #[doc(alias = "WatchdogSec")]
    pub fn watchdog(timeout: Duration) -> Self {
        Self::of(HealthCheck::Watchdog(timeout))
    }

    /// Says how long it takes from the beginning of one check to the beginning of the next. The default is 10 seconds.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.rules.interval = interval;
        self
    }

    /// Says how long one check may take. The default is 5 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.rules.timeout = timeout;
        self
    }

    /// Says how many checks in a row have to fail before the process is stopped. The default is 3.
    pub fn threshold(mut self, failures: u32) -> Self {
        self.rules.threshold = failures;
        self
    }

    /// Says for how long after the start a check that fails is not counted. A check that succeeds ends this time. The
    /// default is none.
    pub fn start_period(mut self, period: Duration) -> Self {
        self.rules.start_period = period;
        self
    }

    /// Has [`tcp`](Self::tcp), [`unix`](Self::unix) and [`http`](Self::http) take any listener.
    pub fn any_owner(mut self) -> Self {
        self.how = match self.how {
            HealthCheck::Look(ready) => HealthCheck::Look(ready.any_owner()),
            watchdog @ HealthCheck::Watchdog(_) => watchdog,
        };
        self
    }

    fn look(ready: Ready) -> Self {
        Self::of(HealthCheck::Look(ready))
    }

    fn of(how: HealthCheck) -> Self {
        let rules = HealthRules {
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            threshold: 3,
            start_period: Duration::ZERO,
        };
        Self { how, rules }
    }

    /// How many failures in a row are enough.
    pub(crate) fn threshold_in_force(&self) -> u32 {
        match self.how {
            HealthCheck::Look(_) => self.rules.threshold,
            HealthCheck::Watchdog(_) => 1,
        }
    }

    /// What is checked, in words.
    pub(crate) fn describe(&self) -> String {
        match &self.how {
            HealthCheck::Look(ready) => match &ready.condition {
                ReadyCondition::Path(path) => format!("a change of {}", path.display()),
                ReadyCondition::Check(_) => "its health check".to_owned(),
                ReadyCondition::Tcp(_)
                | ReadyCondition::Unix(_)
                | ReadyCondition::Http(_)
                | ReadyCondition::Command(_)
                | ReadyCondition::Line(_)
                | ReadyCondition::Notify
                | ReadyCondition::Completion
                | ReadyCondition::Descriptor(_) => ready.describe(),
            },
            HealthCheck::Watchdog(_) => "WATCHDOG=1 at its NOTIFY_SOCKET".to_owned(),
        }
    }

    /// What is looked at again and again, if it is not the process that says that it is well.
    pub(crate) fn looks_at(&self) -> Option<&Ready> {
        match &self.how {
            HealthCheck::Look(ready) => Some(ready),
            HealthCheck::Watchdog(_) => None,
        }
    }

    /// The user's own function, if one decides.
    pub(crate) fn users(&self) -> Option<UsersCheck> {
        match &self.how {
            HealthCheck::Look(Ready { condition: ReadyCondition::Check(check), .. }) => {
                Some(Arc::clone(check))
            }
            HealthCheck::Look(_) | HealthCheck::Watchdog(_) => None,
        }
    }
}

/// A user's own function.
pub(crate) type UsersCheck = Arc<dyn Fn(ReadyContext) -> super::Checking + Send + Sync>;
