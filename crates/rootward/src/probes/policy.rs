//! Decides what a probe is answered. Without a clock, a socket and a tree.

use std::fmt::Write as _;

use rootward_core::{ChildState, NodeSnapshot, Restart};

use super::Probe;

/// After how many ticks without an answer the supervisors count as hung.
const HUNG: u32 = 4;

/// How many lines an answer has at most.
const LINES: usize = 1000;

/// Whether the supervisors have had their turn a moment ago. It counts its own ticks and no time: a program that was
/// suspended has not been hung.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    is_asked: bool,
    unanswered: u32,
}

impl Liveness {
    /// `true` says that the supervisors are to be asked now.
    pub(super) fn tick(&mut self) -> bool {
        if self.is_asked {
            self.unanswered = self.unanswered.saturating_add(1);
        }
        !std::mem::replace(&mut self.is_asked, true)
    }

    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    pub(super) fn is_live(&self) -> bool {
        self.unanswered < HUNG
    }
}

/// What is known of a tree.
#[derive(Clone, Debug, Default)]
pub(super) struct ProbeFacts {
    pub(super) is_live: bool,
    pub(super) has_started: bool,
    pub(super) stop_requested: bool,
    /// What has to be ready, and whether it is.
    pub(super) children: Vec<ProbeCheck>,
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProbeCheck {
    pub(super) of: String,
    /// What speaks against it.
    pub(super) problem: Option<String>,
}

impl ProbeCheck {
    fn of(what: &str, problem: Option<&str>) -> Self {
        Self { of: what.to_owned(), problem: problem.map(str::to_owned) }
    }
}

/// Everything that has to be ready, and whether it is: each child, unless it or a supervisor above it is temporary.
pub(super) fn children(root: &NodeSnapshot, restart: impl Fn(&str) -> Option<Restart>) -> Vec<ProbeCheck> {
    let is_below_temporary = |path: &str| {
        let ends = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]);
        // What has no spec is work that a task has begun.
        ends.into_iter().any(|end| restart(&path[..end]).is_none_or(|kind| kind == Restart::Temporary))
    };
    let mut checks = Vec::new();
    for node in root.walk().into_iter().skip(1) {
        let path = node.path.as_str();
        let is_up = matches!(node.state, ChildState::Running | ChildState::Down);
        if is_up || !is_below_temporary(path) {
            let problem = (!is_up).then(|| node.state.to_string());
            checks.push(ProbeCheck { of: path.to_owned(), problem });
        }
    }
    checks
}

/// What a probe looks at.
pub(super) fn checks(probe: Probe, facts: &ProbeFacts) -> Vec<ProbeCheck> {
    let started = ProbeCheck::of("started", (!facts.has_started).then_some("the tree has not started"));
    match probe {
        Probe::Live => {
            vec![ProbeCheck::of("supervisors", (!facts.is_live).then_some("they do not answer"))]
        }
        Probe::Startup => vec![started],
        Probe::Ready => {
            let asked = facts.stop_requested.then_some("a stop has been asked for");
            let own = [started, ProbeCheck::of("not stopping", asked)];
            own.into_iter().chain(facts.children.iter().cloned()).collect()
        }
    }
}

/// The text of an answer: what does not hold, and with `verbose` everything.
pub(super) fn text(probe: Probe, checks: &[ProbeCheck], is_verbose: bool) -> String {
    let passes = passes(checks);
    if passes && !is_verbose {
        return "ok\n".to_owned();
    }
    let mut text = String::new();
    let (failed, held): (Vec<&ProbeCheck>, Vec<&ProbeCheck>) =
        checks.iter().partition(|check| check.problem.is_some());
    let held = if is_verbose { held } else { Vec::new() };
    let all = failed.len() + held.len();
    for check in failed.into_iter().chain(held).take(LINES) {
        let _ = match &check.problem {
            Some(problem) => writeln!(text, "[-]{} {problem}", check.of),
            None => writeln!(text, "[+]{} ok", check.of),
        };
    }
    if all > LINES {
        let _ = writeln!(text, "and {} more", all - LINES);
    }
    let _ = writeln!(
        text,
        "{} {}",
        probe.path().trim_start_matches('/'),
        if passes { "passes" } else { "fails" }
    );
    text
}

/// Whether everything holds.
pub(super) fn passes(checks: &[ProbeCheck]) -> bool {
    checks.iter().all(|check| check.problem.is_none())
}

#[cfg(test)]
mod tests;
