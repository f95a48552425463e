//! What a service manager is told about a tree: systemd's `sd_notify` protocol, for units with `Type=notify`.

// `policy` decides what is told and when, `socket` is where it goes, `run` is the thread between,
// `reloads` what the application says to it.

mod policy;
mod reloads;
mod run;
mod socket;
mod started;
#[cfg(test)]
mod tests;

use std::env;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rootward_core::Tree;

use policy::{ManagerMessage, Notifier};
use reloads::{Reload, Reloads};
use run::TreeFollower;
use socket::NotifySocket;

pub(crate) use run::AllTold;

/// The service manager that has started this program, as `NOTIFY_SOCKET` and `WATCHDOG_USEC` say (`sd_notify(3)`).
///
/// A thread follows the tree and tells the service manager:
///
/// | when | what |
/// | --- | --- |
/// | a child starts, before the root has started | `STATUS=`, `EXTEND_TIMEOUT_USEC=` 30 s |
/// | the root has started | `READY=1` |
/// | the tree's supervisors have answered, in every half of `WATCHDOG_USEC` | `WATCHDOG=1` |
/// | the configuration is read again | `RELOADING=1` with `MONOTONIC_USEC=`, then `READY=1` |
/// | the stop begins | `STOPPING=1` |
/// | every second of the stop in which the supervisors have answered | `EXTEND_TIMEOUT_USEC=`: 5 s, never beyond the tree's deadline |
/// | what it waits for has changed | `STATUS=`, at most ten times a second |
/// | the tree is gone | `STATUS=` with how it ended and what brought it down, `ERRNO=` if a start failed with one |
/// | an [`Application`](crate::Application) ends by `run` or `run_async` | `EXIT_STATUS=` with the status that it returns |
///
/// The watchdog speaks of the supervisors' runtime alone. If its threads are blocked, or the program is suspended,
/// there is no answer, and systemd ends the unit. The health of the children is not its business.
///
/// A start in which no child starts within 30 s is not extended: `TimeoutStartSec=` ends it.
///
/// # Examples
///
/// ```no_run
/// use rootward::{Supervisor, Tree};
/// use rootward::systemd::ServiceManager;
///
/// # async fn start(root: Supervisor) -> Result<Tree, Box<dyn std::error::Error>> {
/// let tree = root.into_tree()?.launch();
/// if let Some(manager) = ServiceManager::from_env()? {
///     manager.attach(&tree)?;
/// }
/// tree.started().await?;
/// # Ok(tree)
/// # }
/// ```
///
/// [`Application::notify_systemd`](crate::Application::notify_systemd) does this for a program that is a tree.
#[derive(Debug)]
pub struct ServiceManager {
    socket: NotifySocket,
    watchdog: Option<Duration>,
}

/// Tells the service manager with which status the program ends.
#[derive(Clone, Debug)]
pub(crate) struct ExitNotifier(Arc<NotifySocket>);

impl ExitNotifier {
    #[cfg(test)]
    pub(crate) fn at(address: &std::path::Path) -> Self {
        Self(Arc::new(NotifySocket::at(address.as_os_str()).expect("it is an address")))
    }

    pub(crate) fn tell(&self, status: u8) {
        self.0.tell(&[ManagerMessage::ExitStatus(status)]);
    }
}

/// Tells the service manager of reloads. Cloning is cheap.
#[derive(Clone)]
pub struct ReloadNotifier(Reloads);

impl ServiceManager {
    /// The service manager of this program. `None` if it has none: `NOTIFY_SOCKET` is not set.
    ///
    /// # Errors
    ///
    /// If `NOTIFY_SOCKET` is no address of a Unix socket.
    pub fn from_env() -> io::Result<Option<Self>> {
        let Some(address) = env::var_os("NOTIFY_SOCKET") else { return Ok(None) };
        let number = |name| env::var(name).ok()?.parse::<u64>().ok();
        // The watchdog may be meant for another process, from which this one has the environment.
        let is_ours = number("WATCHDOG_PID").is_none_or(started::is_this_program);
        let watchdog = number("WATCHDOG_USEC").filter(|&micros| is_ours && micros > 0);
        Ok(Some(Self { socket: NotifySocket::at(&address)?, watchdog: watchdog.map(Duration::from_micros) }))
    }

    /// Follows a tree to its end, on a thread of its own. What cannot be sent is lost: the program goes on.
    ///
    /// # Errors
    ///
    /// If the system has no thread or no runtime for it.
    pub fn attach(self, tree: &Tree) -> io::Result<ReloadNotifier> {
        Ok(self.wait_for_tree()?.attach(tree).0)
    }

    /// Has the thread run before there is a tree.
    pub(crate) fn wait_for_tree(self) -> io::Result<UnattachedManager> {
        let Self { socket, watchdog } = self;
        Ok(UnattachedManager { follower: TreeFollower::spawn(socket)?, watchdog })
    }
}

/// The thread that follows a tree, before there is one.
#[derive(Debug)]
pub(crate) struct UnattachedManager {
    follower: TreeFollower,
    watchdog: Option<Duration>,
}

impl UnattachedManager {
    pub(crate) fn exit_notifier(&self) -> ExitNotifier {
        ExitNotifier(self.follower.socket())
    }

    pub(crate) fn attach(self, tree: &Tree) -> (ReloadNotifier, AllTold) {
        let notifier = Notifier::new(tree.path().as_str(), tree.deadline(), self.watchdog);
        self.follower.follow(notifier, tree)
    }
}

impl ReloadNotifier {
    /// Says that the configuration is read again, for as long as the function runs.
    ///
    /// # Panics
    ///
    /// If the function panics. The service manager is told that the reload is over all the same.
    pub fn reload<T>(&self, read: impl FnOnce() -> T) -> T {
        struct GuardDropped<'a>(&'a ReloadNotifier);
        impl Drop for GuardDropped<'_> {
            fn drop(&mut self) {
                self.0.0.add(Reload::Done);
            }
        }
        self.0.add(Reload::Begun);
        let _over = GuardDropped(self);
        read()
    }
}

impl fmt::Debug for ReloadNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReloadNotifier").finish_non_exhaustive()
    }
}
