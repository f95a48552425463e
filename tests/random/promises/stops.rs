//! Children are asked to stop for a reason, the last one first, each when the one after it is gone or stuck.

use std::time::Duration;

use rootward::event::StopCause;
use rootward::{Event, EventKind, StopOrder};

use super::graces::{goes_all_at_once, is_abandoned, is_over, is_stuck};
use super::{Verdict, groups, keep, shutdowns, signals};
use crate::ledger::{How, Ledger, Node, Origin, Stage};

pub(super) fn event(ledger: &Ledger<'_>, event: &Event) -> Verdict {
    let EventKind::Stopping { cause, .. } = event.what else { return Ok(()) };
    let Some(child) = ledger.get(event.path.as_str()) else { return Ok(()) };
    match ledger.parent(child.path) {
        None => keep(is_cause_of_root(ledger, child, cause), "the root stops for a reason"),
        Some(supervisor) => {
            keep(is_cause(ledger, supervisor, event, cause), "a child is asked to stop for a reason")?;
            keep(
                !is_out_of_turn(ledger, supervisor, cause),
                "a supervisor whose ancestor stops asks nothing of its children by itself",
            )?;
            in_order(ledger, supervisor, event, cause)
        }
    }
}

fn in_order(ledger: &Ledger<'_>, supervisor: &Node<'_>, event: &Event, cause: StopCause) -> Verdict {
    let order = supervisor.member.group().map(|group| group.stop_order());
    let is_free = match cause {
        StopCause::Api => true,
        // Siblings that come back together go one by one in any case.
        StopCause::Sibling => false,
        _ => order == Some(StopOrder::Concurrent) || goes_all_at_once(ledger, supervisor, event, cause),
    };
    let mut later =
        supervisor.supervision.after(event.path.as_str()).iter().filter_map(|path| ledger.get(path));
    let waits = later.any(|sibling| sibling.is_live() && !is_stuck(ledger, sibling, event.at));
    keep(is_free || !waits, "a child is asked to stop when the one after it has acknowledged or is stuck")
}

fn is_cause_of_root(ledger: &Ledger<'_>, root: &Node<'_>, cause: StopCause) -> bool {
    match cause {
        StopCause::Api | StopCause::Dropped => true,
        // It is acted upon before it is written, so that it may stand behind what it causes.
        StopCause::Signal(name) => signals::has_asked_for_stop(ledger.story(), name),
        StopCause::GaveUp => root.supervision.gave_up,
        StopCause::StartFailed => has_failed_to_start(ledger, root),
        StopCause::AutoShutdown => shutdowns::may_shut_down(ledger, root),
        StopCause::Idle => ledger.story().plan.stop_when_idle && may_have_been_idle(ledger),
        _ => false,
    }
}

fn may_have_been_idle(ledger: &Ledger<'_>) -> bool {
    // On two threads a call may come between the last end and the stop.
    let may_have_been_called = !ledger.story().timing.is_on_one_thread() && !ledger.story().called.is_empty();
    may_have_been_called || shutdowns::may_be_idle(ledger)
}

fn is_cause(ledger: &Ledger<'_>, supervisor: &Node<'_>, event: &Event, cause: StopCause) -> bool {
    let by = ledger.may_be_due_by(event.at);
    match cause {
        StopCause::Api => ledger.was_called(supervisor),
        StopCause::Parent => {
            supervisor.stage == Stage::Stopping || is_abandoned(supervisor, by) || supervisor.is_root()
        }
        StopCause::Sibling => groups::has_sibling_to_go_with(ledger, supervisor, event.path.as_str()),
        StopCause::GaveUp => supervisor.supervision.gave_up,
        StopCause::StartFailed => has_failed_to_start(ledger, supervisor),
        StopCause::AutoShutdown => shutdowns::may_shut_down(ledger, supervisor),
        StopCause::Deadline => is_over(ledger, supervisor, by),
        _ => false,
    }
}

/// Whether a supervisor begins to stop its children by itself, or for a group restart, although it is held.
fn is_out_of_turn(ledger: &Ledger<'_>, supervisor: &Node<'_>, cause: StopCause) -> bool {
    let is_by_itself = matches!(
        cause,
        StopCause::AutoShutdown | StopCause::GaveUp | StopCause::StartFailed | StopCause::Sibling
    );
    // On two threads an ancestor's stop may be written between the decision and the event.
    ledger.story().timing.is_on_one_thread()
        && is_by_itself
        && !supervisor.supervision.stops
        && ledger.is_held(supervisor)
}

fn has_failed_to_start(ledger: &Ledger<'_>, supervisor: &Node<'_>) -> bool {
    let has_failed = |child: &Node<'_>| {
        let failed = child.end.is_some_and(|end| matches!(end.how, How::StartFailed) && !end.held);
        failed && child.origin == Origin::Init
    };
    ledger.all_children(supervisor).any(has_failed)
}

/// A supervisor that stops is waiting for a child, and acknowledges when there is none.
pub(super) fn rest(ledger: &Ledger<'_>, until: Duration) -> Verdict {
    let before = until.saturating_sub(Duration::from_nanos(1));
    // A supervisor of which a child could not be started stops, unless it hears first that an ancestor does.
    let stops = |node: &&Node<'_>| {
        node.supervision.stop_is_written || (node.supervision.stops && !ledger.is_held(node))
    };
    for node in ledger.nodes().filter(|node| node.is_live()).filter(stops) {
        let Some(group) = node.member.group() else { continue };
        let live: Vec<_> = ledger.live_children(node).collect();
        keep(!live.is_empty(), "a supervisor that stops acknowledges when its last child is gone")?;
        let keeps_waiting = |child: &&&Node<'_>| child.is_group() || !is_stuck(ledger, child, before);
        if let Some(last) = live.iter().rev().find(keeps_waiting) {
            keep(
                last.stage == Stage::Stopping,
                "a supervisor that stops asks the last child that is not stuck",
            )?;
        }
        if group.stop_order() == StopOrder::Concurrent {
            let all = live.iter().all(|child| child.stage == Stage::Stopping);
            keep(all, "a supervisor whose children stop concurrently asks all of them")?;
        }
    }
    Ok(())
}
