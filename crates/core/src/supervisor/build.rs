//! How a supervisor is described.

use std::sync::Arc;

use super::SupervisorStart;
use super::check::{SpecError, check_supervisor};
use crate::child::{ChildId, ChildPath, ChildSpec};
use crate::policy::{AutoShutdown, Closing, Intensity, Policy, StopOrder, Strategy};
use crate::tree::{Tree, TreeBuilder, TreeStartError};

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
/// [`start`](Self::start) or [`tree`](Self::tree).
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
}

impl From<Supervisor> for ChildSpec {
    fn from(supervisor: Supervisor) -> Self {
        supervisor.into_child()
    }
}

impl Supervisor {
    /// A supervisor without children.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), policy: Policy::default(), children: Vec::new() }
    }

    pub(super) fn with_policy(id: String, policy: Policy) -> Self {
        Self { id, policy, children: Vec::new() }
    }

    /// The supervisor of a task's children: it begins without any, and its task says when nobody else will come.
    pub(crate) fn nest(id: &str) -> Self {
        Self::with_policy(id.to_owned(), Policy { closing: Closing::WhenTold, ..Policy::default() })
    }

    /// Says which siblings are restarted together with a child that failed.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.policy.strategy = strategy;
        self
    }

    /// Says how many restarts are made within what time before the supervisor gives up.
    pub fn intensity(mut self, max_restarts: u32, within: std::time::Duration) -> Self {
        self.policy.intensity = Intensity { max_restarts, within };
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

    /// Makes this supervisor a child of another one, with the supervisor's id.
    ///
    /// Like any child it can be given a restart type and a shutdown; its default shutdown is [`Shutdown::Infinity`](crate::Shutdown::Infinity).
    pub fn into_child(self) -> ChildSpec {
        ChildSpec::supervisor(self.id.clone(), SupervisorStart::new(self))
    }

    /// Makes this supervisor the root of a tree that is still to be started.
    ///
    /// # Errors
    ///
    /// [`SpecError`] if anything in the description of the tree makes no sense. Nothing has been started then.
    pub fn tree(self) -> Result<TreeBuilder, SpecError> {
        self.check()?;
        let id = ChildId::new(&self.id).map_err(|invalid| SpecError::new(&self.id, invalid.into()))?;
        Ok(TreeBuilder::new(ChildPath::root(&id), Arc::new(self)))
    }

    /// Starts a tree with this supervisor as its root, and waits until all of it has started.
    ///
    /// # Errors
    ///
    /// [`TreeStartError`] if the description makes no sense or a child could not be started. Whatever had been started
    /// before that is gone again.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime, or in one whose timers are not enabled.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the tree is stopped in the background.
    pub async fn start(self) -> Result<Tree, TreeStartError> {
        self.tree()?.start().await
    }

    /// The id, as it was given.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Checks this supervisor and everything below it.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for the first mistake, in start order, each supervisor before its children.
    pub fn check(&self) -> Result<(), SpecError> {
        check_supervisor(self, &self.id)
    }

    /// Takes the children out, for a drop that goes level by level.
    pub(super) fn take_children(&mut self) -> Vec<ChildSpec> {
        std::mem::take(&mut self.children)
    }

    /// What the user chose, and the children.
    pub(super) fn parts(&self) -> (Policy, &[ChildSpec]) {
        (self.policy, &self.children)
    }
}
