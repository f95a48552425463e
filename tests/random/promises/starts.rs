//! Children start in order, each when the one before it has started, and never once the stop of an ancestor has begun.

use std::time::Duration;

use rootward::{Event, EventKind};

use super::{Verdict, keep};
use crate::describe::Form;
use crate::ledger::{Ledger, Node, Origin, Stage};

pub(super) fn event(ledger: &Ledger<'_>, event: &Event) -> Verdict {
    match event.what {
        EventKind::Starting => starting(ledger, event),
        EventKind::Started { .. } => started(ledger, event),
        _ => Ok(()),
    }
}

fn starting(ledger: &Ledger<'_>, event: &Event) -> Verdict {
    let path = event.path.as_str();
    if event.path.depth() == 0 {
        return Ok(());
    }
    let Some(supervisor) = ledger.parent(path).filter(|supervisor| supervisor.is_live()) else {
        return keep(false, "a child is started by a supervisor that is there");
    };
    keep(!supervisor.supervision.stops, "a supervisor that stops starts nothing")?;
    keep(!ledger.is_held(supervisor), "a supervisor whose ancestor stops starts nothing")?;
    let Some(group) = supervisor.member.group() else {
        return keep(false, "a child is started by a supervisor");
    };
    let origin = ledger.origin(event);
    let place = supervisor.supervision.initiated;
    if origin == Origin::Init {
        let next = group.children().get(place).map(|child| child.id(place));
        keep(next.as_deref() == Some(event.path.id()), "a supervisor's children are started in their order")?;
    }
    let is_waited_for = |sibling: &Node<'_>| {
        sibling.stage == Stage::Starting && matches!(sibling.origin, Origin::Init | Origin::Restart)
    };
    let waits = ledger.children(supervisor).any(is_waited_for);
    keep(!waits, "a child is started when the one before it has started")?;
    if origin == Origin::Call {
        keep(ledger.was_called(supervisor), "nothing is started without a reason")?;
    }
    if let Form::Dynamic { max_children } = group.form {
        // Of a child that has ended the record does not say whether a caller has terminated it before it was restarted.
        let is_there =
            |child: &Node<'_>| child.is_live() || child.due.is_some() || !ledger.was_called(supervisor);
        let others = supervisor.supervision.children.iter().filter(|child| **child != path);
        let others = others.filter(|child| ledger.get(child).is_some_and(is_there)).count();
        keep(others < max_children, "a dynamic supervisor has no more children than it may have")?;
    }
    Ok(())
}

fn started(ledger: &Ledger<'_>, event: &Event) -> Verdict {
    let Some(supervisor) = ledger.get(event.path.as_str()) else { return Ok(()) };
    let Some(group) = supervisor.member.group() else { return Ok(()) };
    keep(
        supervisor.supervision.initiated == group.children().len()
            && !is_starting_a_first_child(ledger, supervisor),
        "a supervisor has started when all its children have",
    )
}

/// A supervisor that starts is waiting for a child.
pub(super) fn rest(ledger: &Ledger<'_>, _until: Duration) -> Verdict {
    let starting = ledger.nodes().filter(|node| node.stage == Stage::Starting && node.is_group());
    for node in starting.filter(|node| !ledger.starts_nothing(node)) {
        keep(
            is_starting_a_first_child(ledger, node),
            "a supervisor that starts waits for nothing but a child",
        )?;
    }
    Ok(())
}

fn is_starting_a_first_child(ledger: &Ledger<'_>, supervisor: &Node<'_>) -> bool {
    let mut children = ledger.children(supervisor);
    children.any(|child| child.stage == Stage::Starting && child.origin == Origin::Init)
}
