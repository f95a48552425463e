//! Every event names a child that was described, and the incarnation that it is about.

use rootward::{Event, EventKind};

use super::{Verdict, keep};
use crate::ledger::Ledger;

pub(super) fn event(ledger: &Ledger<'_>, event: &Event) -> Verdict {
    let path = event.path.as_str();
    let Some(member) = ledger.story().member(path) else {
        return keep(false, "an event is about a child that was described");
    };
    keep(event.child_kind == member.kind(), "an event says what kind of child it is about")?;
    let before = ledger.get(path);
    if event.what != EventKind::Starting {
        let present = before.map(|node| node.incarnation);
        return keep(present == Some(event.incarnation), "an event says which incarnation it is about");
    }
    let next = before.map_or(1, |node| node.incarnation + 1);
    // A child that was forgotten, or deleted, may be added again, and is a new one then.
    let may_be_new = ledger.parent(path).is_some_and(|supervisor| ledger.was_called(supervisor));
    keep(
        event.incarnation == next || (event.incarnation == 1 && may_be_new),
        "incarnations are counted from 1 without gaps",
    )
}
