//! What an application has of its processes' containment, from its preparation to its end.
//!
//! Without processes there is nothing to hold, and all of this does nothing.

#[cfg(all(feature = "procs", target_os = "linux"))]
pub(super) use processes::ProcessContainment;

#[cfg(not(all(feature = "procs", target_os = "linux")))]
pub(super) use nothing::ProcessContainment;

#[cfg(all(feature = "procs", target_os = "linux"))]
mod processes {
    use std::error::Error as _;
    use std::time::Duration;

    use rootward_core::{Ending, TreeBuilder, sibling};
    use rootward_procs::{Containment, Init, InitError, Warden};

    use crate::Finished;

    /// How long the warden is awaited when all that it has started is gone. It takes a millisecond, and longer only on
    /// a machine that stands still. A caller that looks for the warden afterwards must not find it.
    const FAREWELL: Duration = Duration::from_secs(10);

    /// The containment of an application's processes, and what orphans come to.
    #[derive(Debug)]
    pub(crate) struct ProcessContainment {
        containment: Containment,
        /// An init above this program.
        init: Option<Init>,
        /// Why there is none although one is needed or was asked for.
        no_init: Option<String>,
    }

    impl ProcessContainment {
        /// The init comes first: the warden is to belong to the program.
        pub(crate) fn new(
            containment: Option<Containment>,
            init: Option<Result<Init, InitError>>,
            adopt_orphans: bool,
        ) -> Self {
            let needed = Init::is_needed();
            let (init, no_init) = match init.or_else(|| (adopt_orphans || needed).then(Init::fork)) {
                None => (None, None),
                Some(Ok(init)) => (Some(init), None),
                Some(Err(error)) => (None, Some(reason(needed, &error))),
            };
            Self { containment: containment.unwrap_or_else(Containment::auto), init, no_init }
        }

        pub(crate) fn apply(&self, tree: TreeBuilder) -> TreeBuilder {
            sibling::note_degraded(self.containment.apply(tree), "orphans", self.no_init.clone())
        }

        /// Whether this program is process 1, or has an init above it that is.
        pub(crate) fn is_of_process_1(&self) -> bool {
            Init::is_needed() || self.init.is_some_and(|init| init.pid() == 1)
        }

        pub(crate) fn begin(&self) {
            if let (Some(warden), Some(init)) = (self.containment.warden(), self.init) {
                warden.adopt_orphans(init);
            }
        }

        /// Waits until what holds the processes is lost.
        pub(crate) async fn lost(&self) {
            match self.containment.warden() {
                Some(warden) => warden.died().await,
                None => std::future::pending().await,
            }
        }

        /// Lets go before anything was started. Nothing of it is left afterwards.
        pub(crate) fn let_go(&self) {
            self.containment.warden().map(|warden| Warden::close(warden, FAREWELL));
        }

        /// Lets go. If everything has come down, nothing of it is left afterwards.
        pub(crate) fn end(&self, finished: &Finished) {
            let all_gone = finished.ending().is_some_and(|ending| ending != Ending::Incomplete);
            let within = if all_gone { FAREWELL } else { Duration::ZERO };
            self.containment.warden().map(|warden| Warden::close(warden, within));
        }
    }

    /// Why there is no init, on one line.
    fn reason(needed: bool, error: &InitError) -> String {
        let outcome = if needed { "orphans stay as zombies of process 1" } else { "orphans are not adopted" };
        match error.source() {
            Some(source) => format!("{outcome}: {error}: {source}"),
            None => format!("{outcome}: {error}"),
        }
    }
}

#[cfg(not(all(feature = "procs", target_os = "linux")))]
mod nothing {
    use rootward_core::TreeBuilder;

    use crate::Finished;

    /// Nothing.
    #[derive(Debug)]
    pub(crate) struct ProcessContainment;

    impl ProcessContainment {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn apply(&self, tree: TreeBuilder) -> TreeBuilder {
            tree
        }

        pub(crate) fn is_of_process_1(&self) -> bool {
            std::process::id() == 1
        }

        pub(crate) fn begin(&self) {}

        pub(crate) async fn lost(&self) {
            std::future::pending().await
        }

        pub(crate) fn let_go(&self) {}

        pub(crate) fn end(&self, _finished: &Finished) {}
    }
}
