//! The probes of an orchestrator that an application answers.
//!
//! Without the feature `probes` there are none, and all of this does nothing.

#[cfg(all(feature = "probes", unix))]
pub(super) use with::{Opened, Probing};

#[cfg(not(all(feature = "probes", unix)))]
pub(super) use without::{Opened, Probing};

#[cfg(all(feature = "probes", unix))]
mod with {
    use rootward_core::Tree;

    use crate::app::{Application, RunError};
    use crate::probes::{Probes, ProbesGuard, WaitingForTree};

    /// Where probes are to be answered.
    #[derive(Debug, Default)]
    pub(crate) struct Probing(Option<String>);

    /// The thread that is going to answer them.
    pub(crate) struct Opened(Option<WaitingForTree>);

    impl Probing {
        pub(crate) fn open(self) -> Result<Opened, RunError> {
            let Some(address) = self.0 else { return Ok(Opened(None)) };
            let opened = Probes::bind(&address).and_then(Probes::wait_for_tree);
            match opened {
                Ok(waits) => Ok(Opened(Some(waits))),
                Err(source) => Err(RunError::Probes { address, source }),
            }
        }
    }

    impl Opened {
        pub(crate) fn attach(self, tree: &Tree) -> Option<ProbesGuard> {
            self.0.map(|waits| waits.attach(tree))
        }
    }

    impl Application {
        /// Answers the probes of an orchestrator at this address, such as `0.0.0.0:8086` or
        /// `unix:/run/app/probes.sock`: `/livez`, `/readyz` and `/startupz`, as
        /// [`probes`](crate::probes) says. From before the start of the tree on, and until the program has its report.
        ///
        /// If the program cannot listen there, it does not begin: [`RunError::Probes`].
        pub fn probes(mut self, address: impl Into<String>) -> Self {
            self.probing = Probing(Some(address.into()));
            self
        }
    }
}

#[cfg(not(all(feature = "probes", unix)))]
mod without {
    use rootward_core::Tree;

    use crate::app::RunError;

    /// None.
    #[derive(Debug, Default)]
    pub(crate) struct Probing;

    /// None.
    pub(crate) struct Opened;

    impl Probing {
        #[expect(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
        pub(crate) fn open(self) -> Result<Opened, RunError> {
            Ok(Opened)
        }
    }

    impl Opened {
        pub(crate) fn attach(self, _tree: &Tree) {}
    }
}
