//! An end says how it came about, and says no more than that.

use rootward::event::StopCause;
use rootward::report::Outcome;
use rootward::{Event, EventKind, Exit};

use super::{Verdict, graces, keep, shutdowns};
use crate::ledger::{Ledger, Node};

pub(super) fn event(ledger: &Ledger<'_>, event: &Event) -> Verdict {
    let Some(child) = ledger.get(event.path.as_str()) else { return Ok(()) };
    match &event.what {
        EventKind::Exited { status, .. } => {
            has_status(child, status.as_ref())?;
            let has_reason =
                !child.is_group() || child.supervision.gave_up || shutdowns::may_shut_down(ledger, child);
            keep(has_reason, "a supervisor ends by itself for a reason")
        }
        EventKind::Stopped { outcome: Outcome::Unreapable, status, .. } => {
            keep(status.is_none(), "what is not gone has no status")?;
            keep(is_at_the_deadline(ledger, event), "no child is given up before the deadline")
        }
        EventKind::Stopped { outcome, status, elapsed, .. } => {
            has_status(child, status.as_ref())?;
            let asked_at = child.asked.map(|asked| asked.at);
            let is_exact = ledger.story().timing.is_exact();
            keep(
                !is_exact || asked_at == event.at.checked_sub(*elapsed),
                "a stop takes from the request to the acknowledgement",
            )?;
            keep(
                has_outcome(ledger, child, *outcome),
                "a child that had to be made to go, and no other, was `killed`",
            )?;
            let is_aborted = matches!(status, Some(Exit::Aborted));
            keep(!is_aborted || *outcome == Outcome::Killed, "no child that went gracefully was aborted")
        }
        _ => Ok(()),
    }
}

fn has_outcome(ledger: &Ledger<'_>, child: &Node<'_>, outcome: Outcome) -> bool {
    let is_forced = child.escalated_at.is_some();
    match outcome {
        Outcome::Killed => is_forced || graces::is_killed(ledger, child),
        Outcome::Graceful => !is_forced && !is_killed_from_the_beginning(ledger, child),
        _ => false,
    }
}

/// Whether it was killed, and neither it nor its supervisor was asked for another reason before that. Otherwise it may
/// have gone before the kill reached it.
fn is_killed_from_the_beginning(ledger: &Ledger<'_>, child: &Node<'_>) -> bool {
    let was_asked_by_parent = child.asked.is_some_and(|asked| asked.cause == StopCause::Parent);
    let parent = || ledger.parent(child.path).filter(|_| was_asked_by_parent);
    graces::is_killed_by_its_spec(child)
        || parent().is_some_and(|parent| is_killed_from_the_beginning(ledger, parent))
}

/// Supervisors have no status, and a child that has never come to run need not have one.
fn has_status(child: &Node<'_>, status: Option<&Exit>) -> Verdict {
    let is_told = match status {
        Some(_) => !child.is_group(),
        None => child.is_group() || child.up_at.is_none(),
    };
    keep(is_told, "leaves have a status, supervisors have none")
}

/// At the deadline, or when the report was asked for before it.
fn is_at_the_deadline(ledger: &Ledger<'_>, event: &Event) -> bool {
    let root = ledger.nodes().find(|node| node.is_root());
    let asked_at = root.and_then(|root| root.asked).map(|asked| asked.at);
    let story = ledger.story();
    let deadline = asked_at.zip(story.plan.deadline).map(|(at, deadline)| at + deadline);
    deadline.into_iter().chain(story.given_up).any(|at| match story.timing.is_exact() {
        true => at == event.at,
        false => at <= event.at,
    })
}
