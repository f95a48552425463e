//! What a supervisor is going to do, in the form in which it is sent.

use std::time::Duration;

use rootward_core::{Awaited, ChildOutlook, Consequence, InHand, NextStep, PatienceLimit};

use super::{millis, seconds};
use crate::wire;

/// From so many restarts on there is no limit.
const NO_LIMIT: u32 = 1_000_000;

impl From<&ChildOutlook> for wire::Decided {
    fn from(outlook: &ChildOutlook) -> Self {
        let (next, attempt) = match outlook.next {
            None => (None, None),
            Some(NextStep::Start) => (Some("start"), None),
            Some(NextStep::Restart { attempt }) => (Some("restart"), Some(attempt)),
            Some(NextStep::Stop) => (Some("stop"), None),
            Some(NextStep::GiveUp) => (Some("give_up"), None),
            Some(_) => (Some("unknown"), None),
        };
        Self {
            as_of: outlook.as_of,
            waits_for: outlook.waits_for.as_ref().map(Into::into),
            before: u64::try_from(outlook.before).unwrap_or(u64::MAX),
            next: next.map(str::to_owned),
            attempt,
            due: outlook.due.map(seconds),
            limit: outlook.limit.map(limit),
            on_failure: outlook.on_failure.as_ref().map(Into::into),
            on_success: outlook.on_success.as_ref().map(Into::into),
            restarts: outlook.above.as_ref().map(Into::into),
            own: outlook.own.as_ref().and_then(|own| own.waits_for.as_ref()).map(Into::into),
        }
    }
}

fn limit((limit, at): (PatienceLimit, Duration)) -> wire::PatienceLimit {
    let what = match limit {
        PatienceLimit::Force => "force",
        PatienceLimit::GiveUpStart => "give_up_start",
        PatienceLimit::PassOver => "pass_over",
        _ => "unknown",
    };
    wire::PatienceLimit { what: what.to_owned(), at: seconds(at) }
}

impl From<&Awaited> for wire::Awaited {
    fn from(awaited: &Awaited) -> Self {
        let (what, path) = match awaited {
            Awaited::Start(path) => ("start", path.as_str()),
            Awaited::End(path) => ("end", path.as_str()),
            _ => ("unknown", ""),
        };
        Self { what: what.to_owned(), path: path.to_owned() }
    }
}

impl From<&Consequence> for wire::Consequence {
    fn from(consequence: &Consequence) -> Self {
        let of = |what: &str| Self { what: what.to_owned(), attempt: None, delay_ms: None, siblings: None };
        match consequence {
            Consequence::Restart { attempt, delay, siblings } => Self {
                attempt: Some(*attempt),
                delay_ms: Some(millis(*delay)),
                siblings: u64::try_from(*siblings).ok(),
                ..of("restart")
            },
            Consequence::StaysDown => of("stays_down"),
            Consequence::IsForgotten => of("is_forgotten"),
            Consequence::GivesUp => of("gives_up"),
            Consequence::StopsSupervisor => of("stops_supervisor"),
            _ => of("unknown"),
        }
    }
}

impl From<&InHand> for wire::Restarts {
    fn from(in_hand: &InHand) -> Self {
        let allowed = in_hand.intensity.max_restarts;
        Self {
            counted: in_hand.restarts,
            allowed: (allowed < NO_LIMIT).then_some(allowed),
            within_ms: millis(in_hand.intensity.within),
            until: in_hand.counts_until.map(seconds),
        }
    }
}
