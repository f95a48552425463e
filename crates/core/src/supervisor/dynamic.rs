//! Supervisors whose children come and go.

use std::time::Duration;

use super::{Supervisor, SupervisorAddress};
use crate::policy::{AutoShutdown, Intensity, Keeping, Policy, StopOrder};
use crate::spec::ChildSpec;

/// Describes a supervisor that begins without children and is given them while it runs (Elixir's `DynamicSupervisor`,
/// OTP's `simple_one_for_one`).
///
/// Children are started with [`SupervisorHandle::start_child`] and need no ids of their own: whatever id a spec has
/// gets a number, such as `job-17`. A child that is not restarted is forgotten. Each is restarted on its own, and all
/// stop at the same time.
///
/// | property | default |
/// | --- | --- |
/// | [`intensity`](Self::intensity) | one restart within five seconds, of all children together |
/// | [`auto_shutdown`](Self::auto_shutdown) | [`AutoShutdown::Never`] |
/// | [`max_children`](Self::max_children) | no limit |
///
/// The intensity is that of all children together: jobs that fail now and then and are started again need a larger one,
/// or the second failure within five seconds ends them all. A job that is to be given up alone after so many tries is a
/// temporary child that is a [`Supervisor`](crate::Supervisor) with a limit of its own.
///
/// # Examples
///
/// ```
/// use rootward_core::{ChildSpec, DynamicSupervisor, Restart, Supervisor};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tree = Supervisor::new("root").child(DynamicSupervisor::new("jobs").max_children(100)).start().await?;
/// let jobs = tree.supervisor("root/jobs").expect("it has just been started");
///
/// let job = ChildSpec::task("job", |cx| async move { cx.stopping().await }).restart(Restart::Temporary);
/// let started = jobs.start_child(job).await?;
/// assert_eq!(jobs.count_children().active, 1);
///
/// jobs.terminate_child(started.path.id()).await?;
/// assert_eq!(jobs.count_children().specs, 0);
/// # assert!(tree.stop().await.clean);
/// # Ok(())
/// # }
/// ```
///
/// [`SupervisorHandle::start_child`]: crate::SupervisorHandle::start_child
#[derive(Clone, Debug)]
#[must_use = "a supervisor does nothing until it is started"]
pub struct DynamicSupervisor {
    id: String,
    intensity: Intensity,
    auto_shutdown: AutoShutdown,
    max_children: usize,
    address: Option<SupervisorAddress>,
}

impl DynamicSupervisor {
    /// A supervisor without children.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            intensity: Intensity::default(),
            auto_shutdown: AutoShutdown::default(),
            max_children: usize::MAX,
            address: None,
        }
    }

    /// Has this address lead to the supervisor, whichever incarnation of it is there.
    pub fn at(mut self, address: &SupervisorAddress) -> Self {
        self.address = Some(address.clone());
        self
    }

    /// Says how many restarts are made within what time, of all children together, before the supervisor gives up.
    pub fn intensity(mut self, max_restarts: u32, within: Duration) -> Self {
        self.intensity = Intensity { max_restarts, within };
        self
    }

    /// Sets no limit: the supervisor never gives up because of restarts. Give the children a
    /// [`backoff`](crate::ChildSpec::backoff), so that one that cannot run does not use up a processor.
    pub fn unlimited_restarts(mut self) -> Self {
        self.intensity = Intensity::UNLIMITED;
        self
    }

    /// Says whether the end of significant children stops the supervisor: of any of them, or of the last one there is.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.auto_shutdown = auto_shutdown;
        self
    }

    /// Says how many children there may be, those included that are going to be restarted.
    ///
    /// By default there is no limit. What goes beyond it is refused, and
    /// [`TaskSupervisor::reserve`](crate::TaskSupervisor::reserve) waits for a place instead.
    pub fn max_children(mut self, children: usize) -> Self {
        self.max_children = children;
        self
    }

    /// Makes this supervisor a child of another one, with the supervisor's id.
    pub fn into_child(self) -> ChildSpec {
        let Self { id, intensity, auto_shutdown, max_children, address } = self;
        // OTP rule 47, OTP rule 57. The strategy is one for one.
        let policy = Policy {
            intensity,
            auto_shutdown,
            // OTP rule 50, OTP rule 63.
            stop_order: StopOrder::Concurrent,
            keeping: Keeping::Nothing { max_children },
            ..Policy::default()
        };
        let supervisor = Supervisor::with_policy(id, policy);
        match address {
            Some(address) => supervisor.at(&address).into_child(),
            None => supervisor.into_child(),
        }
    }
}

impl From<DynamicSupervisor> for ChildSpec {
    fn from(supervisor: DynamicSupervisor) -> Self {
        supervisor.into_child()
    }
}
