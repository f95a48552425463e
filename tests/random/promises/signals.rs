//! The first request stops the tree, the second forces it, the third tells the program to leave, and every signal is
//! written down once, in the order in which they were sent.

use std::time::Duration;

use rootward::event::SignalAction;
use rootward::signal::Hangup;
use rootward::{EventKind, Signal};

use super::{Verdict, keep};
use crate::ledger::Ledger;
use crate::signal_input::{Hearing, SentSignals};
use crate::story::Story;

/// Two requests of programs, and two keys, are one if they are no further apart than this.
const SAME_REQUEST: Duration = Duration::from_secs(1);
const SAME_KEY: Duration = Duration::from_millis(100);

/// What has been asked for by signals has been done.
pub(super) fn rest(ledger: &Ledger<'_>, _until: Duration) -> Verdict {
    let Some(root) = ledger.nodes().find(|node| node.is_root() && node.is_live()) else { return Ok(()) };
    let asked_for = |action| ledger.signals().iter().any(|(_, asked)| *asked == action);
    let is_stopped = !asked_for(SignalAction::Stop) || root.asked.is_some();
    keep(is_stopped, "the first request has the tree stop")?;
    keep(
        !asked_for(SignalAction::Force) || root.escalated_at.is_some(),
        "the second request ends every grace",
    )
}

/// What is written of signals, and what the program was told, follows from what was sent.
pub(super) fn agrees(story: &Story) -> Verdict {
    let Some(signals) = &story.signals else {
        return keep(written(story).is_empty(), "no signal is written that was not sent");
    };
    in_order(story, signals)?;
    as_a_ladder(story)?;
    leaves(story, signals)?;
    let shows = written(story).iter().any(|written| written.action == SignalAction::Snapshot);
    let is_shown = signals.shown > 0 || signals.hung_up.is_some_and(|at| at <= last(story));
    keep(!shows || is_shown, "SIGUSR1 shows the snapshot")
}

/// Whether a signal of this name has asked for a stop, as the record says somewhere.
pub(super) fn has_asked_for_stop(story: &Story, name: &str) -> bool {
    written(story).iter().any(|written| written.action == SignalAction::Stop && written.signal == name)
}

/// A signal in the record.
#[derive(Clone, Copy)]
struct Written<'a> {
    at: Duration,
    signal: &'a str,
    action: SignalAction,
}

fn written(story: &Story) -> Vec<Written<'_>> {
    let mut all = Vec::new();
    for event in &story.events {
        if let EventKind::Signal { signal, action } = &event.what {
            all.push(Written { at: event.at, signal, action: *action });
        }
    }
    all
}

/// When the record was over.
fn last(story: &Story) -> Duration {
    story.events.last().map_or(Duration::MAX, |event| event.at)
}

/// Each signal that was sent is written, but for those that came when the record was over or the operator hung up.
fn in_order(story: &Story, signals: &SentSignals) -> Verdict {
    let is_exact = story.timing.is_exact();
    let mut meanings = Requests::new(signals.hearing);
    let all = written(story);
    let mut rest = all.iter().peekable();
    for (at, signal) in &signals.sent {
        let meaning = meanings.hear(*at, *signal);
        let is_this = |written: &&Written<'_>| {
            let is_meant = written.action == meaning && written.at == *at;
            written.signal == signal.name() && written.at >= *at && (is_meant || !is_exact)
        };
        if rest.next_if(|written| is_this(written)).is_some() {
            continue;
        }
        // One that waits with a stop for its handlers is one with an equal one.
        let is_equal =
            |written: &Written<'_>| written.signal == signal.name() && (written.at == *at || !is_exact);
        let is_one_with_another = signals.hearing.has_handlers && all.iter().any(is_equal);
        let ends_at = signals.hung_up.map_or(last(story), |at| at.min(last(story)));
        let is_too_late = !is_exact || *at >= ends_at;
        keep(
            is_one_with_another || (is_too_late && rest.peek().is_none()),
            &format!("{signal}, sent after {at:?}, is written in its turn: {meaning:?}"),
        )?;
    }
    keep(rest.next().is_none(), "no signal is written that was not sent, and none twice")
}

/// The first request that counts is a stop, the second a force, and the third a leave.
fn as_a_ladder(story: &Story) -> Verdict {
    const LADDER: [SignalAction; 3] = [SignalAction::Stop, SignalAction::Force, SignalAction::Leave];
    let counted: Vec<_> =
        written(story).iter().map(|it| it.action).filter(|action| LADDER.contains(action)).collect();
    keep(LADDER.starts_with(&counted), &format!("requests are a stop, a force, a leave: {counted:?}"))
}

fn leaves(story: &Story, signals: &SentSignals) -> Verdict {
    if !story.timing.is_exact() {
        let leave = written(story).into_iter().find(|written| written.action == SignalAction::Leave);
        let of_written = |written: Written<'_>| {
            let signal = signals.sent.iter().find(|(_, signal)| signal.name() == written.signal);
            signal.map(|(_, signal)| signal.exit_status())
        };
        let is_told = match (leave, signals.told_to_leave) {
            (Some(leave), Some((_, told))) => of_written(leave) == Some(told),
            // The program has let go before it could be told.
            (Some(_), None) => signals.hung_up.is_some_and(|at| at <= last(story)),
            // The record was over.
            (None, Some(_)) => signals.sent.len() > 2,
            (None, None) => true,
        };
        return keep(is_told, "the third request tells the program to leave");
    }
    let mut meanings = Requests::new(signals.hearing);
    let mut meant = signals.sent.iter().map(|(at, signal)| (*at, *signal, meanings.hear(*at, *signal)));
    let leave = meant.find(|(_, _, action)| *action == SignalAction::Leave);
    let expected = leave.map(|(at, signal, _)| (at, signal.exit_status()));
    // At the moment at which the operator hangs up it may be heard or not.
    let is_lost = expected.is_some_and(|(at, _)| signals.hung_up == Some(at));
    let is_told = signals.told_to_leave == expected || (is_lost && signals.told_to_leave.is_none());
    keep(is_told, &format!("the third request tells the program to leave, at once: {expected:?}"))
}

/// What signals mean, as the documentation of `Signals` has it in a table.
struct Requests {
    hearing: Hearing,
    counted: u8,
    counted_at: Duration,
    last_key: Option<Duration>,
}

impl Requests {
    fn new(hearing: Hearing) -> Self {
        Self { hearing, counted: 0, counted_at: Duration::ZERO, last_key: None }
    }

    fn hear(&mut self, at: Duration, signal: Signal) -> SignalAction {
        let is_key = signal == Signal::INT;
        match signal {
            Signal::USR1 => return SignalAction::Snapshot,
            Signal::TSTP if self.hearing.suspends => return SignalAction::Suspend,
            Signal::CONT if self.hearing.suspends => return SignalAction::Resume,
            Signal::HUP if self.hearing.hangup == Hangup::Stop => {}
            Signal::INT | Signal::TERM => {}
            _ => return SignalAction::Ignore,
        }
        let last_key = if is_key { self.last_key.replace(at) } else { None };
        let is_one_key = last_key.is_some_and(|last| at - last <= SAME_KEY);
        let is_same = at - self.counted_at <= SAME_REQUEST && (!is_key || is_one_key);
        if self.counted == 3 || (self.counted > 0 && is_same) {
            return SignalAction::Ignore;
        }
        (self.counted, self.counted_at) = (self.counted + 1, at);
        [SignalAction::Stop, SignalAction::Force, SignalAction::Leave][usize::from(self.counted - 1)]
    }
}
