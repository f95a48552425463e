//! Restarts stay within intensity, and a supervisor gives up when one more would be too many, and at no other time.

use std::time::Duration;

use rootward::spec::Intensity;
use rootward::{Event, EventKind};

use super::{Verdict, keep};
use crate::ledger::{Ledger, Node};

pub(super) fn event(ledger: &Ledger<'_>, event: &Event) -> Verdict {
    let path = event.path.as_str();
    match event.what {
        EventKind::Restarting { .. } => {
            let Some((child, supervisor)) = ledger.get(path).zip(ledger.parent(path)) else { return Ok(()) };
            let spent = limit_of(supervisor)
                .is_some_and(|limit| is_spent(&supervisor.supervision.restarts, limit, event.at));
            keep(!spent, "restarts stay within the intensity of the supervisor")?;
            keep(!has_spent_its_own(child, event.at), "restarts stay within the intensity of the child")
        }
        EventKind::GaveUp { restarts, within } => {
            let Some(supervisor) = ledger.get(path) else { return Ok(()) };
            keep(!supervisor.supervision.stops, "a supervisor that stops does not give up")?;
            keep(!ledger.is_held(supervisor), "a supervisor whose ancestor stops does not give up")?;
            let said = Intensity { max_restarts: restarts, within };
            let is_spent = limit_of(supervisor) == Some(said)
                && is_spent(&supervisor.supervision.restarts, said, event.at);
            let mut of_children = ledger.children(supervisor).filter(|child| !child.is_live());
            let spent_by_child = of_children
                .any(|child| child.member.intensity == Some(said) && has_spent_its_own(child, event.at));
            keep(is_spent || spent_by_child, "a supervisor gives up when its intensity is used up")
        }
        _ => Ok(()),
    }
}

fn limit_of(supervisor: &Node<'_>) -> Option<Intensity> {
    supervisor.member.group().map(|group| group.intensity)
}

fn has_spent_its_own(child: &Node<'_>, now: Duration) -> bool {
    child.member.intensity.is_some_and(|limit| is_spent(&child.restarts, limit, now))
}

/// Whether there have been as many restarts as there may be. One that lies a whole window in the past still counts.
fn is_spent(restarts: &[Duration], limit: Intensity, now: Duration) -> bool {
    let counts = restarts.iter().rev().take_while(|restart| now - **restart <= limit.within).count();
    counts >= usize::try_from(limit.max_restarts).unwrap_or(usize::MAX)
}
