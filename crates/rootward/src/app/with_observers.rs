//! What an application shows to others: the door of an observer, the probes of an orchestrator, a service manager.

use super::Application;
#[cfg(all(feature = "observer", target_os = "linux"))]
use super::observing::Observing;
#[cfg(all(feature = "probes", unix))]
use super::probes_setup::ProbesSetup;

impl Application {
    /// Opens this door to the tree, with everything from its first event on, on a thread of its own. When the tree
    /// has stopped, the program waits up to two seconds for watchers to take the last events.
    ///
    /// If the socket or the port cannot be had, the program does not begin:
    /// [`RunError::Door`](crate::error::RunError::Door).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use rootward::observer::Door;
    /// use rootward::{Application, Supervisor};
    ///
    /// fn main() -> std::process::ExitCode {
    ///     Application::new(Supervisor::new("root")).observe(Door::unix("/run/my-program/door.sock")).run()
    /// }
    /// ```
    #[cfg(all(feature = "observer", target_os = "linux"))]
    pub fn observe(mut self, door: rootward_observer::Door) -> Self {
        self.observing = Observing::at(door);
        self
    }

    /// Answers the probes of an orchestrator at this address, such as `0.0.0.0:8086` or
    /// `unix:/run/app/probes.sock`: `/livez`, `/readyz` and `/startupz`, as
    /// [`probes`](crate::probes) says. From before the start of the tree on, and until the program has its report.
    ///
    /// If the program cannot listen there, it does not begin: [`RunError::Probes`](crate::error::RunError::Probes).
    #[cfg(all(feature = "probes", unix))]
    pub fn probes(mut self, address: impl Into<String>) -> Self {
        self.probing = ProbesSetup::at(address.into());
        self
    }

    /// Has the service manager that has started the program told how the tree is: `Type=notify` of systemd. The default
    /// is `false`. Where `NOTIFY_SOCKET` is not set this does nothing.
    ///
    /// With an init above the program (`adopt_orphans`), systemd's main process is the init. The program speaks in its
    /// name if it has `CAP_SYS_ADMIN`; otherwise systemd hears it only with `NotifyAccess=all`.
    ///
    /// [`ServiceManager`](crate::systemd::ServiceManager) says what it is told. If it cannot be told, because
    /// `NOTIFY_SOCKET` makes no sense, the first event of the tree and a warning say so.
    #[cfg(all(feature = "systemd", target_os = "linux"))]
    pub fn notify_systemd(mut self, notify: bool) -> Self {
        self.notify_systemd = notify;
        self
    }
}
