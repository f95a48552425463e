//! Supervisors stop by themselves when significant children have ended, and a tree may when it is idle.

use std::time::Duration;

use rootward::AutoShutdown;

use super::{Verdict, keep};
use crate::ledger::{Ledger, Node, Stage};

pub(super) fn rest(ledger: &Ledger<'_>, _until: Duration) -> Verdict {
    let up = ledger.nodes().filter(|node| node.stage == Stage::Up);
    for supervisor in up.filter(|node| !ledger.starts_nothing(node)) {
        let is_busy = ledger.live_children(supervisor).any(Node::is_in_motion);
        if !is_busy && !ledger.was_called(supervisor) {
            keep(
                !has_to_shut_down(ledger, supervisor),
                "the end of significant children stops their supervisor",
            )?;
        }
        let waits = supervisor.is_root() && ledger.story().plan.stop_when_idle && is_idle(ledger);
        keep(!waits, "a tree that is to stop when it is idle does")?;
    }
    Ok(())
}

/// Whether a significant child has ended for good while its supervisor was not held.
pub(super) fn may_shut_down(ledger: &Ledger<'_>, supervisor: &Node<'_>) -> bool {
    let Some(group) = supervisor.member.group() else { return false };
    let mut significant = significant(ledger, supervisor);
    let counts = |child: &Node<'_>| child.has_ended_for_good() && child.end.is_some_and(|end| !end.held);
    group.auto_shutdown != AutoShutdown::Never && significant.any(counts)
}

/// Whether the last end of a significant child was one that stops the supervisor.
fn has_to_shut_down(ledger: &Ledger<'_>, supervisor: &Node<'_>) -> bool {
    let Some(group) = supervisor.member.group() else { return false };
    match group.auto_shutdown {
        AutoShutdown::Never => false,
        AutoShutdown::AnySignificant => significant(ledger, supervisor).any(stops_its_supervisor),
        AutoShutdown::AllSignificant => {
            let last = significant(ledger, supervisor).max_by_key(|child| child.end.map(|end| end.seq));
            let all_down =
                significant(ledger, supervisor).all(|child| !child.is_live() && child.due.is_none());
            all_down && last.is_some_and(stops_its_supervisor)
        }
    }
}

fn stops_its_supervisor(child: &Node<'_>) -> bool {
    child.has_ended_for_good() && !child.absorbed
}

/// The significant children, those included that have been forgotten.
fn significant<'a, 'b>(
    ledger: &'b Ledger<'a>,
    supervisor: &'b Node<'a>,
) -> impl Iterator<Item = &'b Node<'a>> {
    ledger.all_children(supervisor).filter(|child| child.member.significant)
}

/// Whether nothing runs but supervisors, and nothing is going to be restarted.
fn is_idle(ledger: &Ledger<'_>) -> bool {
    let is_waited_for = |child: &Node<'_>| is_put_off(ledger, child).is_some();
    !ledger.nodes().any(|node| is_at_work(node) || is_waited_for(node))
}

/// Whether nothing runs, and nothing is going to be restarted, as far as the record tells: a restart that is put off
/// may have been cancelled by a call.
pub(super) fn may_be_idle(ledger: &Ledger<'_>) -> bool {
    let is_waited_for =
        |child: &Node<'_>| is_put_off(ledger, child).is_some_and(|supervisor| !ledger.was_called(supervisor));
    !ledger.nodes().any(|node| is_at_work(node) || is_waited_for(node))
}

fn is_at_work(node: &Node<'_>) -> bool {
    node.stage == Stage::Starting || (node.is_live() && !node.is_group())
}

/// The supervisor that is going to start this child again.
fn is_put_off<'a, 'b>(ledger: &'b Ledger<'a>, child: &Node<'a>) -> Option<&'b Node<'a>> {
    let supervisor = ledger.parent(child.path).filter(|_| child.due.is_some())?;
    (supervisor.is_live() && !ledger.starts_nothing(supervisor)).then_some(supervisor)
}
