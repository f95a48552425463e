//! What an application tells the service manager that has started it.
//!
//! Without the feature `systemd` there is nothing to tell, and all of this does nothing.

#[cfg(all(feature = "systemd", target_os = "linux"))]
pub use systemd::ExitTeller;
#[cfg(all(feature = "systemd", target_os = "linux"))]
pub(super) use systemd::{ManagerLink, ReloadTeller};

#[cfg(not(all(feature = "systemd", target_os = "linux")))]
pub use nothing::ExitTeller;
#[cfg(not(all(feature = "systemd", target_os = "linux")))]
pub(super) use nothing::{ManagerLink, ReloadTeller};

#[cfg(all(feature = "systemd", target_os = "linux"))]
mod systemd {
    use std::sync::{Arc, OnceLock};

    use rootward_core::{Tree, TreeBuilder, sibling};

    use crate::systemd::{ExitNotifier, ReloadNotifier, ServiceManager, UnattachedManager};

    /// The service manager, or why there is none although there is a socket of one.
    #[derive(Debug, Default)]
    pub(crate) struct ManagerLink {
        waits: Option<UnattachedManager>,
        problem: Option<String>,
        teller: ReloadTeller,
    }

    impl ManagerLink {
        pub(crate) fn new(notify: bool, teller: ReloadTeller, exit_teller: &ExitTeller) -> Self {
            let manager = if notify { ServiceManager::from_env() } else { Ok(None) };
            let waits = manager.and_then(|manager| manager.map(ServiceManager::wait_for_tree).transpose());
            match waits {
                Ok(waits) => {
                    // An application is prepared once.
                    let _ = waits.as_ref().map(|waits| exit_teller.0.set(waits.exit_notifier()));
                    Self { waits, problem: None, teller }
                }
                Err(error) => {
                    let problem = format!("it is not told anything: NOTIFY_SOCKET: {error}");
                    Self { waits: None, problem: Some(problem), teller }
                }
            }
        }

        pub(crate) fn apply(&self, tree: TreeBuilder) -> TreeBuilder {
            sibling::note_degraded(tree, "service manager", self.problem.clone())
        }

        /// Has the tree followed. What this gives back is over when the service manager has been told all there is.
        pub(crate) fn attach(self, tree: &Tree) -> impl Future<Output = ()> + use<> {
            let all_told = self.waits.map(|waits| {
                let (notifier, all_told) = waits.attach(tree);
                let _ = self.teller.0.set(notifier);
                all_told
            });
            async {
                if let Some(all_told) = all_told {
                    drop(all_told.await);
                }
            }
        }
    }

    /// Tells the service manager with which status the program ends, if there is one. It is for the part of the program
    /// that decides the status, at the very end.
    #[derive(Clone, Debug, Default)]
    pub struct ExitTeller(Arc<OnceLock<ExitNotifier>>);

    impl ExitTeller {
        #[cfg(test)]
        pub(crate) fn of(notifier: ExitNotifier) -> Self {
            Self(Arc::new(OnceLock::from(notifier)))
        }

        /// Tells this status.
        pub fn tell(&self, status: u8) {
            if let Some(notifier) = self.0.get() {
                notifier.tell(status);
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
        pub(crate) fn new(_notify: bool, _teller: ReloadTeller, _exit_teller: &ExitTeller) -> Self {
            Self
        }

        pub(crate) fn apply(&self, tree: TreeBuilder) -> TreeBuilder {
            tree
        }

        pub(crate) fn attach(self, _tree: &Tree) -> impl Future<Output = ()> + use<> {
            std::future::ready(())
        }
    }

    /// Nothing.
    #[derive(Clone, Debug, Default)]
    pub struct ExitTeller {}

    impl ExitTeller {
        /// Tells nothing.
        pub fn tell(&self, _status: u8) {}
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
