//! What can be wrong with the description of a tree.

use super::InvalidId;

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
    pub(crate) fn below(&self, path: &str, id: &str) -> Self {
        let below = self.path.strip_prefix(id).unwrap_or_default();
        Self::new(format!("{path}{below}"), self.problem.clone())
    }
}
