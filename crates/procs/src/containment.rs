//! How far process children are followed, and how a tree is told.

use std::io;
use std::sync::Arc;

use rootward_core::{TreeBuilder, sibling};

use crate::launch::{Direct, Launcher, ThroughWarden};
use crate::shortage::note_former_refusals;
use crate::{Warden, WardenError};

/// Says how far process children are followed.
///
/// | level | what belongs to a process child | needs |
/// | --- | --- | --- |
/// | `group` | the process and its process group | nothing |
/// | `tree` | all its descendants, wherever they go; they also die with this program, however it dies | a [`Warden`] |
/// | `tree+cgroup` | the same, and those that change their user can be killed, too | a cgroup v2 that may be written to |
///
/// A tree follows at the level that was [applied](Self::apply) to its builder. If none was, the strongest is looked for
/// when the first process of the tree starts: with a warden that is the program [itself](Warden::itself), or that is
/// [found](Warden::find), and that all such trees of the program share. Only if there is neither the level is `group`,
/// and an event [`Degraded`](rootward_core::EventKind::Degraded) says why. [`group`](Self::group) asks for that level,
/// and nothing is degraded then.
#[derive(Clone, Debug)]
#[must_use = "a containment has no effect until it is applied to a tree"]
pub struct Containment {
    warden: Option<Warden>,
    cgroups: bool,
    /// Why it is weaker than usual.
    degraded: Option<Arc<str>>,
}

impl Containment {
    /// The process and its process group.
    pub fn group() -> Self {
        Self { warden: None, cgroups: false, degraded: None }
    }

    /// All descendants, with the help of this warden, and with cgroups where the warden can make some.
    pub fn tree(warden: &Warden) -> Self {
        Self { warden: Some(warden.clone()), cgroups: true, degraded: None }
    }

    /// The same without cgroups, also where there are some.
    pub fn without_cgroups(mut self) -> Self {
        self.cgroups = false;
        self
    }

    /// The strongest that is possible now: with a warden that is [forked](Warden::fork), that is the program
    /// [itself](Warden::itself), or that is [found](Warden::find), or `group` if none of these is possible. Then
    /// [`degraded`](Self::degraded) says why, and so does the first event of each tree to which this is applied.
    pub fn auto() -> Self {
        let fork = match Warden::fork() {
            Ok(warden) => return Self::tree(&warden),
            Err(error) => error,
        };
        Self::without_fork().unwrap_or_else(|errors| {
            // No other program could be the warden either.
            let is_known = errors.iter().any(|error| matches!(error, WardenError::ForeignProc));
            let fork = Some(fork).filter(|_| !is_known);
            Self::without_warden(&fork.into_iter().chain(errors).collect::<Vec<_>>())
        })
    }

    /// The strongest that is possible in a program that runs already, and may be large: it is not forked. An error is
    /// what the system lacks at the moment: nothing is known of what is possible.
    pub(crate) fn of_running_program() -> io::Result<Self> {
        Self::without_fork().or_else(Self::unless_passing)
    }

    /// The strongest that is possible without a fork, or why none is stronger than `group`.
    fn without_fork() -> Result<Self, Vec<WardenError>> {
        let itself = match Warden::itself() {
            Ok(warden) => return Ok(Self::tree(&warden)),
            // No other program could be the warden.
            Err(error @ WardenError::ForeignProc) => return Err(vec![error]),
            Err(error) => error,
        };
        Warden::find().map(|warden| Self::tree(&warden)).map_err(|find| vec![itself, find])
    }

    /// `group`, if none of what is in the way may be gone a moment later.
    fn unless_passing(errors: Vec<WardenError>) -> io::Result<Self> {
        let mut lasting = Vec::with_capacity(errors.len());
        for error in errors {
            match error.passing() {
                Ok(source) => return Err(source),
                Err(error) => lasting.push(error),
            }
        }
        Ok(Self::without_warden(&lasting))
    }

    fn without_warden(errors: &[WardenError]) -> Self {
        Self { degraded: Some(reason(errors).into()), ..Self::group() }
    }

    /// Whether programs can be started with it.
    pub(crate) fn is_alive(&self) -> bool {
        self.warden.as_ref().is_none_or(|warden| !warden.client().is_gone())
    }

    /// The level's name, as snapshots and reports have it.
    pub fn name(&self) -> &'static str {
        match &self.warden {
            None => "group",
            Some(warden) if self.cgroups && warden.has_cgroup() => "tree+cgroup",
            Some(_) => "tree",
        }
    }

    /// Why this is weaker than what is usual, if it is: [`auto`](Self::auto) has found no warden.
    pub fn degraded(&self) -> Option<&str> {
        self.degraded.as_deref()
    }

    /// The warden, if there is one.
    pub fn warden(&self) -> Option<&Warden> {
        self.warden.as_ref()
    }

    /// Has a tree follow its process children this far, and say so in its snapshots and its report.
    pub fn apply(&self, tree: TreeBuilder) -> TreeBuilder {
        let degraded = self.degraded().map(str::to_owned);
        let tree = sibling::note_containment(tree, self.name());
        sibling::note_degraded(tree, "containment", degraded).provide(Arc::new(self.clone()))
    }

    pub(crate) fn launcher(&self) -> Arc<dyn Launcher> {
        note_former_refusals();
        match &self.warden {
            Some(warden) => Arc::new(ThroughWarden {
                client: Arc::clone(warden.client()),
                cgroups: self.cgroups && warden.has_cgroup(),
            }),
            None => Arc::new(Direct),
        }
    }
}

/// Why there is no warden, on one line.
fn reason(errors: &[WardenError]) -> String {
    let errors: Vec<_> = errors.iter().map(|error| describe(error)).collect();
    format!("the level is `group` and not `tree`: {}", errors.join("; "))
}

/// An error and all that is behind it.
fn describe(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_is_no_level_and_what_lasts_is_one() {
        let short = || WardenError::Io(io::Error::from_raw_os_error(libc::EAGAIN)).with_limit();

        let all =
            [vec![short()], vec![WardenError::NotItself, short()], vec![short(), WardenError::NotFound]];
        for errors in all {
            let error = Containment::unless_passing(errors).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EAGAIN));
        }
        let group = Containment::unless_passing(vec![WardenError::NotItself, WardenError::NotFound]).unwrap();

        assert_eq!(group.name(), "group");
        assert_eq!(
            group.degraded(),
            Some(
                "the level is `group` and not `tree`: the program itself cannot be the warden: this library is \
                 not part of its file; the program `rootward-warden` was not found"
            )
        );
    }
}
