//! What can be wrong with the description of a tree.

use std::collections::HashSet;

use super::Supervisor;
use crate::child::{ChildId, ChildSpec, InvalidId, Restart};
use crate::policy::AutoShutdown;

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
    /// The window of a restart intensity is zero (OTP's `invalid_period`).
    #[error("the window of the restart intensity is zero")]
    ZeroWindow,
    /// A significant child that is always restarted can never end for good (OTP's `bad_combination`).
    #[error("a significant child may not be permanent")]
    SignificantPermanent,
    /// A significant child has no meaning under a supervisor without auto-shutdown (OTP's `bad_combination`).
    #[error("a significant child needs a supervisor with auto_shutdown")]
    SignificantWithoutAutoShutdown,
    /// The numbers of a backoff make no sense.
    #[error("the backoff makes no sense: {0}")]
    Backoff(&'static str),
    /// The child's own description makes no sense.
    #[error("{0}")]
    Child(String),
}

impl SpecError {
    /// This is wrong with the child at this path.
    pub fn new(path: impl Into<String>, problem: SpecProblem) -> Self {
        Self { path: path.into(), problem }
    }

    /// The same mistake, found in a supervisor with this id that now turns out to stand at this path.
    pub(super) fn below(&self, path: &str, id: &str) -> Self {
        let below = self.path.strip_prefix(id).unwrap_or_default();
        Self::new(format!("{path}{below}"), self.problem.clone())
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

/// Checks a supervisor and everything below it, each supervisor before its children.
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

/// Checks a child on its own, and everything below it.
pub(super) fn check_child(
    child: &ChildSpec,
    path: &str,
    auto_shutdown: AutoShutdown,
) -> Result<(), SpecError> {
    match problem_with(child, auto_shutdown) {
        Some(problem) => Err(SpecError::new(path, problem)),
        None => child.starter().check(path),
    }
}

fn problem_with(child: &ChildSpec, auto_shutdown: AutoShutdown) -> Option<SpecProblem> {
    if let Err(invalid) = child.child_id() {
        return Some(invalid.into());
    }
    if let Some(tuning) = child.tuning() {
        if let Some(problem) = tuning.backoff.and_then(|backoff| backoff.problem()) {
            return Some(SpecProblem::Backoff(problem));
        }
        if tuning.intensity.is_some_and(|intensity| intensity.within.is_zero()) {
            return Some(SpecProblem::ZeroWindow);
        }
    }
    match (child.is_significant(), child.get_restart(), auto_shutdown) {
        (true, Restart::Permanent, _) => Some(SpecProblem::SignificantPermanent),
        (true, Restart::Transient | Restart::Temporary, AutoShutdown::Never) => {
            Some(SpecProblem::SignificantWithoutAutoShutdown)
        }
        (true, _, AutoShutdown::AnySignificant | AutoShutdown::AllSignificant) | (false, _, _) => None,
    }
}
