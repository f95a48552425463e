//! What an application tells the service manager that has started it.
//!
//! Without the feature `systemd` there is nothing to tell, and all of this does nothing.

use rootward_signals::{Hangup, Signal, SignalReceived};

use super::Application;

#[cfg(all(feature = "systemd", target_os = "linux"))]
pub(super) use systemd::{ManagerLink, ReloadTeller};

#[cfg(not(all(feature = "systemd", target_os = "linux")))]
pub(super) use nothing::{ManagerLink, ReloadTeller};

impl Application {
    /// Registers a handler for a signal that has something to await. See [`Signals::on_async`].
    ///
    /// [`Signals::on_async`]: rootward_signals::Signals::on_async
    pub fn on_signal_async<F>(
        self,
        signal: Signal,
        handler: impl FnMut(SignalReceived) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.change_signals(|signals| signals.on_async(signal, handler))
    }

    /// Has SIGHUP read the configuration again, in place of stopping the tree: [`Hangup::Reload`] and a
    /// [handler](Self::on_signal) in one. With the feature `systemd` a service manager that is
    /// notified is told when it begins and when it is over.
    ///
    /// If the function panics, the other handlers and the program go on.
    pub fn on_reload(self, mut reload: impl FnMut(&SignalReceived) + Send + 'static) -> Self {
        let teller = self.reload_teller.clone();
        self.hangup(Hangup::Reload).on_signal(Signal::HUP, move |received| teller.tell(|| reload(received)))
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

#[cfg(all(feature = "systemd", target_os = "linux"))]
mod systemd {
    use std::sync::{Arc, OnceLock};

    use rootward_core::{Tree, TreeBuilder, sibling};

    use crate::systemd::{ReloadNotifier, ServiceManager, UnattachedManager};

    /// The service manager, or why there is none although there is a socket of one.
    #[derive(Debug, Default)]
    pub(crate) struct ManagerLink {
        waits: Option<UnattachedManager>,
        problem: Option<String>,
        teller: ReloadTeller,
    }

    impl ManagerLink {
        pub(crate) fn new(notify: bool, teller: ReloadTeller) -> Self {
            let manager = if notify { ServiceManager::from_env() } else { Ok(None) };
            let waits = manager.and_then(|manager| manager.map(ServiceManager::wait_for_tree).transpose());
            match waits {
                Ok(waits) => Self { waits, problem: None, teller },
                Err(error) => {
                    let problem = format!("it is not told anything: NOTIFY_SOCKET: {error}");
                    Self { waits: None, problem: Some(problem), teller }
                }
            }
        }

        pub(crate) fn apply(&self, tree: TreeBuilder) -> TreeBuilder {
            sibling::note_degraded(tree, "service manager", self.problem.clone())
        }

        pub(crate) fn attach(self, tree: &Tree) {
            if let Some(waits) = self.waits {
                let _ = self.teller.0.set(waits.attach(tree));
            }
        }
    }

    /// Tells the service manager of reloads, as soon as there is a tree.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct ReloadTeller(Arc<OnceLock<ReloadNotifier>>);

    impl ReloadTeller {
        pub(crate) fn tell(&self, reload: impl FnOnce()) {
            match self.0.get() {
                Some(notifier) => notifier.reload(reload),
                None => reload(),
            }
        }
    }
}

#[cfg(not(all(feature = "systemd", target_os = "linux")))]
mod nothing {
    use rootward_core::{Tree, TreeBuilder};

    /// Nothing.
    #[derive(Debug, Default)]
    pub(crate) struct ManagerLink;

    impl ManagerLink {
        pub(crate) fn new(_notify: bool, _teller: ReloadTeller) -> Self {
            Self
        }

        pub(crate) fn apply(&self, tree: TreeBuilder) -> TreeBuilder {
            tree
        }

        pub(crate) fn attach(self, _tree: &Tree) {}
    }

    /// Nothing.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct ReloadTeller {}

    impl ReloadTeller {
        pub(crate) fn tell(&self, reload: impl FnOnce()) {
            reload();
        }
    }
}
