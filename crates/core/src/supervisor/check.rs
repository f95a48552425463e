//! Checks the description of a tree.

use std::collections::HashSet;

use super::Supervisor;
use crate::child::{ChildId, Restart, SpecError, SpecProblem};
use crate::policy::AutoShutdown;
use crate::spec::ChildSpec;

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
    match (child.is_significant(), child.restart_type(), auto_shutdown) {
        (true, Restart::Permanent, _) => Some(SpecProblem::SignificantPermanent),
        (true, Restart::Transient | Restart::Temporary, AutoShutdown::Never) => {
            Some(SpecProblem::SignificantWithoutAutoShutdown)
        }
        (true, _, AutoShutdown::AnySignificant | AutoShutdown::AllSignificant) | (false, _, _) => None,
    }
}
