//! Every child has its grace, and no child has more than that, or more than is left to those above it.

use std::time::Duration;

use rootward::event::StopCause;
use rootward::{Event, EventKind, Shutdown};

use super::{Verdict, keep};
use crate::describe::Answer;
use crate::ledger::{Ledger, Node, Stage};

pub(super) fn event(ledger: &Ledger<'_>, event: &Event) -> Verdict {
    let EventKind::Escalated { .. } = event.what else { return Ok(()) };
    let Some(child) = ledger.get(event.path.as_str()) else { return Ok(()) };
    keep(child.escalated_at.is_none(), "a child is forced once")?;
    // Any caller may force the root, and a child that cannot even be asked has no use for a grace.
    let needs_no_reason = child.is_root() || has_answer(child, |answer| *answer == Answer::Throws);
    let by = ledger.may_be_due_by(event.at);
    keep(needs_no_reason || may_be_forced(ledger, child, by), "a child that is asked has its grace")
}

pub(super) fn rest(ledger: &Ledger<'_>, until: Duration) -> Verdict {
    for child in ledger.nodes().filter(|node| node.is_live() && !node.is_root()) {
        let parent_is_forced =
            ledger.parent(child.path).is_some_and(|parent| is_forced(ledger, parent, until));
        let is_due = limit(ledger, child).is_some_and(|limit| limit < until) || parent_is_forced;
        keep(!is_due || is_forced(ledger, child, until), "no child has more than its grace")?;
        let lingers = has_answer(child, |answer| matches!(answer, Answer::Lingers(_)));
        keep(
            child.is_group() || lingers || !is_forced(ledger, child, until),
            "a child that is forced is gone at once, if it can be",
        )?;
    }
    Ok(())
}

/// Whether this child, or one above it, has no grace left.
pub(super) fn may_be_forced(ledger: &Ledger<'_>, child: &Node<'_>, now: Duration) -> bool {
    let is_due = is_over(ledger, child, now) || is_abandoned(child, now);
    let above = || ledger.parent(child.path).is_some_and(|parent| may_be_forced(ledger, parent, now));
    is_due || child.escalated_at.is_some() || is_killed(ledger, child) || above()
}

/// Whether a child of this supervisor need not wait for its turn: whatever is left there is made to go. In real time
/// the record says so, and its clock does not.
pub(super) fn goes_all_at_once(
    ledger: &Ledger<'_>,
    supervisor: &Node<'_>,
    event: &Event,
    cause: StopCause,
) -> bool {
    if ledger.story().timing.is_exact() {
        return may_be_forced(ledger, supervisor, event.at);
    }
    let is_forced = |node: &Node<'_>| node.escalated_at.is_some();
    cause == StopCause::Deadline
        || ledger.way_up(supervisor).any(is_forced)
        || is_killed(ledger, supervisor)
        || is_abandoned(supervisor, Duration::MAX)
}

/// Whether the time that this child and those above it have is over.
pub(super) fn is_over(ledger: &Ledger<'_>, child: &Node<'_>, now: Duration) -> bool {
    limit(ledger, child).is_some_and(|limit| limit <= now)
}

/// Whether this start has taken too long.
pub(super) fn is_abandoned(child: &Node<'_>, now: Duration) -> bool {
    child.up_at.is_none()
        && timeout(child).is_some_and(|timeout| timeout <= child.asked.map_or(now, |asked| asked.at))
}

/// Whether it has been made to go so long ago that its siblings do not wait for it any more, or all that is left below
/// it has.
pub(super) fn is_stuck(ledger: &Ledger<'_>, child: &Node<'_>, now: Duration) -> bool {
    // In real time the supervisor counts from a moment before that in the record.
    let a_while = Duration::from_millis(if ledger.story().timing.is_exact() { 1000 } else { 500 });
    let killed_at = child.asked.filter(|_| is_killed(ledger, child)).map(|asked| asked.at);
    let since = child.escalated_at.or(killed_at);
    let is_overdue = child.stage == Stage::Stopping && since.is_some_and(|since| since + a_while <= now);
    let mut below = ledger.live_children(child).peekable();
    let is_left_alone = below.peek().is_some();
    is_overdue || (is_left_alone && below.all(|child| is_stuck(ledger, child, now)))
}

/// Whether it has been made to go.
fn is_forced(ledger: &Ledger<'_>, child: &Node<'_>, until: Duration) -> bool {
    let is_abandoned =
        child.stage == Stage::Starting && timeout(child).is_some_and(|timeout| timeout < until);
    child.escalated_at.is_some() || is_killed(ledger, child) || is_abandoned
}

/// Whether it is not asked but ended at once, because its own spec says so or that of a supervisor above it.
pub(super) fn is_killed(ledger: &Ledger<'_>, child: &Node<'_>) -> bool {
    let mut stopping = ledger.way_up(child).take_while(|node| node.stage == Stage::Stopping);
    stopping.any(is_killed_by_its_spec)
}

pub(super) fn is_killed_by_its_spec(child: &Node<'_>) -> bool {
    let is_killed = child.member.shutdown == Shutdown::Kill && child.escalated_at.is_none();
    is_killed && child.stage == Stage::Stopping
}

/// When it is made to go at the latest, by its own spec or because of those above it.
fn limit(ledger: &Ledger<'_>, child: &Node<'_>) -> Option<Duration> {
    let above = ledger.parent(child.path).and_then(|parent| limit(ledger, parent));
    let own = match (child.stage, child.asked.map(|asked| asked.at), child.member.shutdown) {
        (Stage::Starting, _, _) => timeout(child),
        (Stage::Stopping, Some(at), _) if child.is_root() => {
            let deadline = ledger.story().plan.deadline?;
            // Shortly before the deadline, so that what is forced can still be awaited.
            Some(at + deadline - (deadline / 10).min(Duration::from_secs(1)))
        }
        (Stage::Stopping, Some(at), Shutdown::Grace(grace)) => Some(at + grace),
        (Stage::Stopping, Some(at), Shutdown::Kill) => Some(at),
        (Stage::Stopping, _, _) | (Stage::Up | Stage::Down, _, _) => None,
    };
    match (own, above) {
        (Some(own), Some(above)) => Some(own.min(above)),
        (own, above) => own.or(above),
    }
}

fn has_answer(child: &Node<'_>, is_meant: impl Fn(&Answer) -> bool) -> bool {
    child.member.leaf().is_some_and(|leaf| is_meant(&leaf.answer))
}

fn timeout(child: &Node<'_>) -> Option<Duration> {
    child.member.start_timeout.map(|timeout| child.starting_at + timeout)
}
