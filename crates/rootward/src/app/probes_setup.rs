//! The probes of an orchestrator that an application answers.
//!
//! Without the feature `probes` there are none, and all of this does nothing.

#[cfg(all(feature = "probes", unix))]
pub(super) use with::{BoundProbes, ProbesSetup};

#[cfg(not(all(feature = "probes", unix)))]
pub(super) use without::{BoundProbes, ProbesSetup};

#[cfg(all(feature = "probes", unix))]
mod with {
    use rootward_core::Tree;

    use crate::app::{RunError, system_limits};
    use crate::probes::{Probes, ProbesGuard, UnattachedProbes};

    /// Where probes are to be answered.
    #[derive(Debug, Default)]
    pub(crate) struct ProbesSetup(Option<String>);

    /// The thread that is going to answer them.
    pub(crate) struct BoundProbes(Option<UnattachedProbes>);

    impl ProbesSetup {
        pub(crate) fn at(address: String) -> Self {
            Self(Some(address))
        }

        pub(crate) fn open(self) -> Result<BoundProbes, RunError> {
            let Some(address) = self.0 else { return Ok(BoundProbes(None)) };
            let opened = Probes::bind(&address).and_then(Probes::wait_for_tree);
            match opened {
                Ok(waits) => Ok(BoundProbes(Some(waits))),
                Err(source) => Err(RunError::Probes { address, source: system_limits::named(source) }),
            }
        }
    }

    impl BoundProbes {
        pub(crate) fn attach(self, tree: &Tree) -> Option<ProbesGuard> {
            self.0.map(|waits| waits.attach(tree))
        }
    }
}

#[cfg(not(all(feature = "probes", unix)))]
mod without {
    use rootward_core::Tree;

    use crate::app::RunError;

    /// None.
    #[derive(Debug, Default)]
    pub(crate) struct ProbesSetup {}

    /// None.
    pub(crate) struct BoundProbes {}

    impl ProbesSetup {
        #[expect(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
        pub(crate) fn open(self) -> Result<BoundProbes, RunError> {
            Ok(BoundProbes {})
        }
    }

    impl BoundProbes {
        pub(crate) fn attach(self, _tree: &Tree) -> Self {
            self
        }
    }
}
