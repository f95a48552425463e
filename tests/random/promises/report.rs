//! The report says what the record says.

use std::time::Duration;

use rootward::StopReport;
use rootward::event::StopCause;
use rootward::report::{Ending, NodeReport, Outcome};

use super::{Verdict, keep};
use crate::ledger::{How, Ledger, Node};

pub(super) fn agrees(ledger: &Ledger<'_>) -> Verdict {
    let Some(report) = &ledger.story().report else { return Ok(()) };
    let Some(root) = ledger.nodes().find(|node| node.is_root()) else {
        return keep(false, "the record tells of the root");
    };
    keep(root.asked.is_some_and(|asked| asked.cause == report.cause), "the report has the root's cause")?;
    keep(report.ending == ending_of(report), "the ending follows from how all nodes ended")?;
    keep(
        report.blame.is_none() || may_have_blame(report.cause),
        "a failure is blamed only if it ended the tree",
    )?;
    keep(report.clean == (report.ending == Ending::Clean), "only a clean ending is clean")?;
    keep(report.elapsed == report.root.elapsed, "a stop takes as long as the root's")?;
    node(ledger, root, &report.root)
}

fn may_have_blame(cause: StopCause) -> bool {
    matches!(cause, StopCause::GaveUp | StopCause::AutoShutdown | StopCause::Idle)
}

fn ending_of(report: &StopReport) -> Ending {
    let nodes = report.root.walk();
    if nodes.iter().any(|node| node.outcome == Outcome::Unreapable) {
        return Ending::Incomplete;
    }
    match report.cause {
        StopCause::GaveUp | StopCause::StartFailed => Ending::Failed,
        _ if report.blame.is_some() || !report.failed_while_stopping().is_empty() => Ending::Failed,
        _ if of_stop(report).iter().any(|node| node.forced) => Ending::Forced,
        _ => Ending::Clean,
    }
}

/// What the stop is about: not what a supervisor has brought down that had gone before by itself, unless its end is
/// what the tree stops for.
fn of_stop(report: &StopReport) -> Vec<&NodeReport> {
    let mut nodes = vec![&report.root];
    let mut next = 0;
    while let Some(node) = nodes.get(next).copied() {
        if node.outcome != Outcome::AlreadyGone || report.cause == StopCause::AutoShutdown {
            nodes.extend(&node.children);
        }
        next += 1;
    }
    nodes
}

fn node(ledger: &Ledger<'_>, told: &Node<'_>, report: &NodeReport) -> Verdict {
    let wrong = |what: &str| Err(format!("the report on {} has the {what} of the record", told.path));
    let Some(end) = told.end else { return wrong("end") };
    let (outcome, status, elapsed) = match end.how {
        How::Stopped { outcome, status, elapsed } => (outcome, status, elapsed),
        How::Exited { status } => (Outcome::AlreadyGone, status, Duration::ZERO),
        How::Ignored | How::StartFailed => (Outcome::AlreadyGone, None, Duration::ZERO),
    };
    if report.kind != told.member.kind() {
        return wrong("kind");
    }
    if report.outcome != outcome {
        return wrong("outcome");
    }
    // Of a start that failed the record says why in its own words.
    if report.status.as_ref() != status && !matches!(end.how, How::StartFailed) {
        return wrong("status");
    }
    if report.incarnation != told.incarnation {
        return wrong("incarnation");
    }
    if report.elapsed != elapsed {
        return wrong("time");
    }
    if report.forced != told.escalated_at.is_some() {
        return wrong("force");
    }
    if usize::try_from(report.restarts).ok() != Some(told.restarts.len()) {
        return wrong("number of restarts");
    }
    children(ledger, told, report)
}

/// All children are in it, in start order, but for those that have been forgotten.
fn children(ledger: &Ledger<'_>, told: &Node<'_>, report: &NodeReport) -> Verdict {
    let mut expected = told.supervision.children.iter();
    for reported in &report.children {
        let path = reported.path.as_str();
        let Some(child) = ledger.get(path) else {
            return keep(false, "every child in the report is in the record");
        };
        let is_left = told.supervision.left.contains(&path);
        let is_there = is_left || expected.any(|expected| *expected == path);
        keep(is_there, "children stand in the report in start order")?;
        node(ledger, child, reported)?;
    }
    let mut missing = told.supervision.children.iter();
    let reported = |path: &str| report.children.iter().any(|child| child.path == *path);
    keep(
        missing.all(|path| reported(path) || may_be_missing(ledger, told, path)),
        "every child that was not forgotten is in the report",
    )
}

/// Whether a caller may have deleted it, which the record does not say.
fn may_be_missing(ledger: &Ledger<'_>, supervisor: &Node<'_>, path: &str) -> bool {
    let cause = ledger.get(path).and_then(|child| child.asked).map(|asked| asked.cause);
    let was_down = matches!(cause, None | Some(StopCause::Api | StopCause::Sibling));
    was_down && ledger.was_called(supervisor)
}
