//! How a supervisor is described, and what can be wrong with the description.

use std::collections::HashSet;
use std::sync::Arc;

use super::SupervisorStart;
use crate::child::{ChildId, ChildPath, ChildSpec, InvalidId, Restart};
use crate::policy::{AutoShutdown, Intensity, Strategy};
use crate::tree::{Tree, TreeBuilder, TreeStartError};

/// Describes a supervisor: its children, in start order, and the rules by which they live.
///
/// | property | default |
/// | --- | --- |
/// | [`strategy`](Self::strategy) | [`Strategy::OneForOne`] |
/// | [`intensity`](Self::intensity) | one restart within five seconds |
/// | [`auto_shutdown`](Self::auto_shutdown) | [`AutoShutdown::Never`] |
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
    strategy: Strategy,
    intensity: Intensity,
    auto_shutdown: AutoShutdown,
    children: Vec<ChildSpec>,
}

/// Says what is wrong with the description of a tree, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {problem}")]
#[non_exhaustive]
pub struct SpecError {
    /// The child that is wrong, as far as it can be named.
    pub path: String,
    /// What is wrong with it.
    #[source]
    pub problem: SpecProblem,
}

/// One mistake in the description of a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecProblem {
    /// The id is empty or holds a character that no id may hold.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// Two children of one supervisor have the same id (OTP's `duplicate_child_name`).
    #[error("another child of this supervisor has the same id")]
    DuplicateId,
    /// The intensity's window is zero (OTP's `invalid_period`).
    #[error("the window of the restart intensity is zero")]
    ZeroWindow,
    /// A significant child that is always restarted can never end for good (OTP's `bad_combination`).
    #[error("a significant child may not be permanent")]
    SignificantPermanent,
    /// A significant child has no meaning under a supervisor without auto-shutdown (OTP's `bad_combination`).
    #[error("a significant child needs a supervisor with auto_shutdown")]
    SignificantWithoutAutoShutdown,
    /// The child's own description makes no sense.
    #[error("{0}")]
    Child(String),
}

impl SpecError {
    /// This is wrong with the child at this path.
    pub fn new(path: impl Into<String>, problem: SpecProblem) -> Self {
        Self { path: path.into(), problem }
    }
}

impl From<Supervisor> for ChildSpec {
    fn from(supervisor: Supervisor) -> Self {
        supervisor.into_child()
    }
}

impl Supervisor {
    /// A supervisor without children.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            strategy: Strategy::default(),
            intensity: Intensity::default(),
            auto_shutdown: AutoShutdown::default(),
            children: Vec::new(),
        }
    }

    /// Says which siblings are restarted together with a child that failed.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Says how many restarts are made within what time before the supervisor gives up.
    pub fn intensity(mut self, max_restarts: u32, within: std::time::Duration) -> Self {
        self.intensity = Intensity { max_restarts, within };
        self
    }

    /// Says whether the end of significant children stops the supervisor.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.auto_shutdown = auto_shutdown;
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
        ChildSpec::new(self.id.clone(), SupervisorStart::new(self))
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
    /// If it is called outside a tokio runtime.
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
        self.check_at(&self.id)
    }

    pub(super) fn check_at(&self, path: &str) -> Result<(), SpecError> {
        let wrong = |path: &str, problem| Err(SpecError::new(path, problem));
        if let Err(invalid) = ChildId::new(&self.id) {
            return wrong(path, invalid.into());
        }
        if self.intensity.within.is_zero() {
            return wrong(path, SpecProblem::ZeroWindow);
        }
        let mut ids = HashSet::new();
        for child in &self.children {
            let child_path = format!("{path}/{}", child.id());
            if let Some(problem) = self.problem_with(child, &mut ids) {
                return wrong(&child_path, problem);
            }
            child.starter().check(&child_path)?;
        }
        Ok(())
    }

    pub(super) fn parts(&self) -> (Strategy, Intensity, AutoShutdown, &[ChildSpec]) {
        (self.strategy, self.intensity, self.auto_shutdown, &self.children)
    }

    fn problem_with<'a>(&self, child: &'a ChildSpec, ids: &mut HashSet<&'a str>) -> Option<SpecProblem> {
        if let Err(invalid) = ChildId::new(child.id()) {
            return Some(invalid.into());
        }
        if !ids.insert(child.id()) {
            return Some(SpecProblem::DuplicateId);
        }
        match (child.is_significant(), child.get_restart(), self.auto_shutdown) {
            (true, Restart::Permanent, _) => Some(SpecProblem::SignificantPermanent),
            (true, Restart::Transient | Restart::Temporary, AutoShutdown::Never) => {
                Some(SpecProblem::SignificantWithoutAutoShutdown)
            }
            (true, _, AutoShutdown::AnySignificant | AutoShutdown::AllSignificant) | (false, _, _) => None,
        }
    }
}
