//! How a supervisor is described, and how its description is checked.

use std::collections::HashSet;

use super::SupervisorAddress;
use super::check::check_child;
use crate::child::{ChildId, SpecError, SpecProblem};
use crate::policy::{AutoShutdown, Closing, Intensity, Policy, StopOrder, Strategy};
use crate::spec::ChildSpec;

/// Describes a supervisor: its children, in start order, and the rules by which they live.
///
/// | property | default |
/// | --- | --- |
/// | [`strategy`](Self::strategy) | [`Strategy::OneForOne`] |
/// | [`intensity`](Self::intensity) | one restart within five seconds |
/// | [`auto_shutdown`](Self::auto_shutdown) | [`AutoShutdown::Never`] |
/// | [`stop_order`](Self::stop_order) | [`StopOrder::Reverse`] |
///
/// A supervisor becomes a child of another one with [`into_child`](Self::into_child), and the root of a tree with
/// [`start`](Self::start) or [`into_tree`](Self::into_tree).
///
/// # Examples
///
/// ```
/// use rootward_core::{ChildSpec, Strategy, Supervisor};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let workers = Supervisor::new("workers")
///     .strategy(Strategy::OneForAll)
///     .child(ChildSpec::task("a", |cx| async move { cx.stopping().await }))
///     .child(ChildSpec::task("b", |cx| async move { cx.stopping().await }));
/// let tree = Supervisor::new("root").child(workers.into_child()).start().await?;
///
/// let report = tree.stop().await;
///
/// assert!(report.clean);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a supervisor does nothing until it is started"]
pub struct Supervisor {
    id: String,
    policy: Policy,
    children: Vec<ChildSpec>,
    address: Option<SupervisorAddress>,
}

impl Supervisor {
    /// A supervisor without children.
    pub fn new(id: impl Into<String>) -> Self {
        Self::with_policy(id.into(), Policy::default())
    }

    pub(super) fn with_policy(id: String, policy: Policy) -> Self {
        Self { id, policy, children: Vec::new(), address: None }
    }

    /// The supervisor of a task's children: it begins without any, and its task says when no more will come.
    pub(crate) fn group(id: &str) -> Self {
        Self::with_policy(id.to_owned(), Policy { closing: Closing::WhenTold, ..Policy::default() })
    }

    /// Has this address lead to the supervisor, whichever incarnation of it is there.
    pub fn at(mut self, address: &SupervisorAddress) -> Self {
        self.address = Some(address.clone());
        self
    }

    /// Says which siblings are restarted together with a child that failed.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.policy.strategy = strategy;
        self
    }

    /// Says how many restarts are made within what time before the supervisor gives up. See also
    /// [`unlimited_restarts`](Self::unlimited_restarts).
    pub fn intensity(mut self, max_restarts: u32, within: std::time::Duration) -> Self {
        self.policy.intensity = Intensity { max_restarts, within };
        self
    }

    /// Sets no limit: the supervisor never gives up because of restarts. Give the children a
    /// [`backoff`](crate::ChildSpec::backoff), so that one that cannot run does not use up a processor.
    pub fn unlimited_restarts(mut self) -> Self {
        self.policy.intensity = Intensity::UNLIMITED;
        self
    }

    /// Says whether the end of significant children stops the supervisor.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.policy.auto_shutdown = auto_shutdown;
        self
    }

    /// Says in which order the children stop.
    pub fn stop_order(mut self, order: StopOrder) -> Self {
        self.policy.stop_order = order;
        self
    }

    /// Adds a child. Children start in the order in which they are added, and stop in reverse.
    pub fn child(mut self, child: impl Into<ChildSpec>) -> Self {
        self.children.push(child.into());
        self
    }

    /// Adds several children, in order.
    pub fn children(mut self, children: impl IntoIterator<Item = ChildSpec>) -> Self {
        self.children.extend(children);
        self
    }

    /// The id, as it was given.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Takes the children out, for a drop that goes level by level.
    pub(super) fn take_children(&mut self) -> Vec<ChildSpec> {
        std::mem::take(&mut self.children)
    }

    pub(super) fn address(&self) -> Option<&SupervisorAddress> {
        self.address.as_ref()
    }

    /// What the user chose, and the children.
    pub(super) fn parts(&self) -> (Policy, &[ChildSpec]) {
        (self.policy, &self.children)
    }
}

impl Supervisor {
    /// Checks this supervisor and everything below it.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for the first mistake, in start order, each supervisor before its children.
    pub fn check(&self) -> Result<(), SpecError> {
        check_supervisor(self, self.id())
    }
}

/// Checks a supervisor and everything below it, each supervisor before its children, and before anything is started:
/// OTP rule 5, OTP rule 6.
fn check_supervisor(supervisor: &Supervisor, path: &str) -> Result<(), SpecError> {
    let wrong = |path: &str, problem| Err(SpecError::new(path, problem));
    if let Err(invalid) = ChildId::new(supervisor.id()) {
        return wrong(path, invalid.into());
    }
    let (policy, children) = supervisor.parts();
    if policy.intensity.within.is_zero() {
        return wrong(path, SpecProblem::ZeroWindow);
    }
    let mut ids = HashSet::with_capacity(children.len());
    // One buffer for the paths of all children: nearly all of them are never read.
    let mut child_path = format!("{path}/");
    let parent = child_path.len();
    for child in children {
        child_path.truncate(parent);
        child_path.push_str(child.id());
        if !ids.insert(child.id()) {
            return wrong(&child_path, SpecProblem::DuplicateId);
        }
        check_child(child, &child_path, policy.auto_shutdown)?;
    }
    Ok(())
}
