//! Which siblings are restarted together with a child: under one-for-all all of them, under rest-for-one those after
//! it.

use rootward::{Event, EventKind, Strategy};

use super::{Verdict, keep};
use crate::describe::Group;
use crate::ledger::{Ledger, Node, Origin, Round};

pub(super) fn event(ledger: &Ledger<'_>, event: &Event) -> Verdict {
    let path = event.path.as_str();
    let Some(supervisor) = ledger.parent(path) else { return Ok(()) };
    let Some(strategy) = supervisor.member.group().map(|group| group.strategy()) else { return Ok(()) };
    let round = supervisor.supervision.round.filter(|_| strategy != Strategy::OneForOne);
    match event.what {
        EventKind::Starting if ledger.origin(event) == Origin::Restart => match round {
            Some(round) => is_next(ledger, supervisor, round, event),
            None => keep(strategy == Strategy::OneForOne, "a child is restarted with its siblings"),
        },
        _ => Ok(()),
    }
}

/// The children of a round start in order, none is left out, and the first when all of them are down.
fn is_next(ledger: &Ledger<'_>, supervisor: &Node<'_>, round: Round<'_>, event: &Event) -> Verdict {
    let path = event.path.as_str();
    keep(
        shares(supervisor, round.trigger, path),
        "a child is restarted with a sibling that is restarted with it",
    )?;
    let mut to_come: Vec<_> = supervisor.supervision.children.clone();
    to_come.retain(|child| shares(supervisor, round.trigger, child));
    if let Some(started) = round.started {
        let done = supervisor.supervision.place(started);
        to_come.retain(|child| supervisor.supervision.place(child) > done);
    }
    let all_down = to_come.iter().filter_map(|child| ledger.get(child)).all(|child| !child.is_live());
    keep(all_down, "a group is started when all of it is down")?;
    // A child that a caller has deleted is not started, and the record does not say that it is gone.
    let is_first = to_come.first() == Some(&path) || ledger.was_called(supervisor);
    keep(is_first, "a group is started in order, and no child is left out")
}

/// Whether a sibling is being restarted together with which this child is restarted.
pub(super) fn has_sibling_to_go_with(ledger: &Ledger<'_>, supervisor: &Node<'_>, path: &str) -> bool {
    let mut triggers = ledger.children(supervisor).filter(|sibling| sibling.due.is_some());
    triggers.any(|sibling| sibling.path != path && shares(supervisor, sibling.path, path))
}

fn shares(supervisor: &Node<'_>, trigger: &str, path: &str) -> bool {
    match supervisor.member.group().map(Group::strategy) {
        None | Some(Strategy::OneForOne) => path == trigger,
        Some(Strategy::OneForAll) => true,
        Some(Strategy::RestForOne) => {
            supervisor.supervision.place(path) >= supervisor.supervision.place(trigger)
        }
    }
}
