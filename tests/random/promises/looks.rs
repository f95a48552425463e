//! What a tree looks like when nothing happens is what its record says.

use rootward::TreeSnapshot;
use rootward::snapshot::{ChildState, NodeSnapshot};

use super::{Verdict, keep};
use crate::ledger::{Ledger, Stage};

pub(super) fn agrees(ledger: &Ledger<'_>, look: &TreeSnapshot) -> Verdict {
    for seen in look.root.walk() {
        is_as_told(ledger, seen)?;
    }
    for node in ledger.nodes().filter(|node| node.is_live()) {
        keep(look.find(node.path).is_some(), "a child that is there can be seen")?;
    }
    Ok(())
}

fn is_as_told(ledger: &Ledger<'_>, seen: &NodeSnapshot) -> Verdict {
    let told = ledger.get(seen.path.as_str());
    let stage = told.map_or(Stage::Down, |node| node.stage);
    let is_same = match seen.state {
        ChildState::Starting => stage == Stage::Starting,
        ChildState::Running => stage == Stage::Up,
        ChildState::Stopping => stage == Stage::Stopping,
        ChildState::Restarting | ChildState::Down => stage == Stage::Down,
        _ => false,
    };
    keep(is_same, "a child is seen as what the record says it is")?;
    let Some(told) = told else { return Ok(()) };
    // The root is down when it is gone, and then nothing of it is counted any more.
    let is_gone = told.is_root() && !told.is_live();
    keep(seen.incarnation == told.incarnation, "a snapshot shows the present incarnation")?;
    let restarts = u32::try_from(told.restarts.len()).unwrap_or(u32::MAX);
    keep(seen.restarts == restarts, "a snapshot counts restarts as the record does")?;
    let is_forced = told.is_live() && told.escalated_at.is_some();
    keep(is_gone || seen.forced == is_forced, "a snapshot shows which children have been forced")
}
