//! Whether a child can be started as it is described, looked at before anything is.

use crate::child::{Restart, SpecError, SpecProblem};
use crate::policy::AutoShutdown;
use crate::spec::ChildSpec;

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
