//! Which children are restarted and when, and that none of them is forgotten.

use std::time::Duration;

use rootward::{Backoff, Event, EventKind};

use super::{Verdict, keep};
use crate::ledger::{How, Ledger, Node, Origin, Stage};

pub(super) fn event(ledger: &Ledger<'_>, event: &Event) -> Verdict {
    let EventKind::Restarting { attempt, delay } = event.what else { return Ok(()) };
    let Some(child) = ledger.get(event.path.as_str()) else { return Ok(()) };
    let Some(supervisor) = ledger.parent(child.path) else {
        return keep(false, "the root is not restarted");
    };
    keep(supervisor.is_live(), "a child is restarted by a supervisor that is there")?;
    keep(!supervisor.supervision.stops, "a supervisor that stops restarts nothing")?;
    keep(!ledger.is_held(supervisor), "a supervisor whose ancestor stops restarts nothing")?;
    keep(is_to_be_restarted(child), "a child is restarted after an end after which its spec wants it to be")?;
    keep(child.due.is_none(), "a restart is announced once")?;
    keep(attempt == child.attempts + 1, "attempts are counted since the child last ran well")?;
    let expected = child.member.backoff.map_or(Duration::ZERO, |backoff| delay_of(backoff, attempt));
    keep(delay == expected, "a restart is put off for as long as the spec says")
}

fn is_to_be_restarted(child: &Node<'_>) -> bool {
    let failed = child.end.is_some_and(|end| matches!(end.how, How::StartFailed));
    // A first start that fails is the end of the supervisor or of the call, and is not tried again.
    let is_tried_again = failed && matches!(child.origin, Origin::Restart | Origin::Unclear);
    child.is_to_be_restarted() || is_tried_again
}

fn delay_of(backoff: Backoff, attempt: u32) -> Duration {
    let doubles = backoff.factor > 1.0;
    let mut delay = backoff.initial.min(backoff.max);
    for _ in 1..attempt {
        delay = if doubles { (delay * 2).min(backoff.max) } else { delay };
    }
    delay
}

/// At rest a child that is to be restarted has been restarted, or its restart has a delay.
pub(super) fn rest(ledger: &Ledger<'_>, until: Duration) -> Verdict {
    let up = ledger.nodes().filter(|node| node.stage == Stage::Up);
    for supervisor in up.filter(|node| !ledger.starts_nothing(node)) {
        // What a caller has terminated or deleted stays down, and the record does not say so.
        let is_busy = ledger.live_children(supervisor).any(Node::is_in_motion);
        if is_busy || ledger.was_called(supervisor) {
            continue;
        }
        let round = supervisor.supervision.round;
        keep(round.is_none_or(|round| round.due >= until), "a group restart is carried through to its end")?;
        for child in ledger.children(supervisor).filter(|child| !child.is_live()) {
            let is_put_off = child.due.is_some_and(|due| due >= until);
            keep(child.due.is_none() || is_put_off || round.is_some(), "a restart that is due is made")?;
            let is_looked_after = child.due.is_some() || round.is_some();
            keep(
                is_looked_after || !is_to_be_restarted(child),
                "a child that is to be restarted is restarted",
            )?;
        }
    }
    Ok(())
}
