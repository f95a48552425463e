//! What a supervisor said that it was going to do is what it did, up to the first thing that was not named.

use std::time::Duration;

use rootward::event::StopCause;
use rootward::snapshot::{Awaited, ChildOutlook, Consequence, NextStep, PatienceLimit};
use rootward::{Event, EventKind, Exit};

use super::{Verdict, keep};
use crate::story::Story;

pub(super) fn agrees(story: &Story) -> Verdict {
    story.outlooks.iter().try_for_each(|outlook| {
        let wrong = |promise: String| format!("{promise}, but see what was said: {outlook:#?}");
        Foreseen::new(story, outlook).map_or(Ok(()), |foreseen| foreseen.came_true().map_err(wrong))
    })
}

/// What was said of a child, and what happened at the next moment in which something did.
struct Foreseen<'a> {
    outlook: &'a ChildOutlook,
    at: Duration,
    /// Whether something was asked of the tree since.
    is_called: bool,
    happened: Vec<&'a Event>,
}

impl<'a> Foreseen<'a> {
    /// `None` if nothing has happened since.
    fn new(story: &'a Story, outlook: &'a ChildOutlook) -> Option<Self> {
        let mut later = story.events.iter().skip_while(|event| event.seq <= outlook.as_of).peekable();
        let at = later.peek()?.at;
        let happened = later.take_while(|event| event.at == at).map(|event| &**event).collect();
        let is_called = story.calls.iter().any(|call| *call >= outlook.at && *call <= at);
        Some(Self { outlook, at, is_called, happened })
    }

    fn came_true(&self) -> Verdict {
        self.came_in_time()?;
        self.came_after_what_was_awaited()?;
        self.was_forced_in_time()?;
        self.followed_from_the_end()
    }

    /// What time alone brings.
    fn came_in_time(&self) -> Verdict {
        let ChildOutlook { waits_for: None, due: Some(due), next: Some(next), before, .. } = self.outlook
        else {
            return Ok(());
        };
        keep(self.at <= *due, &format!("{next:?} comes when it is due"))?;
        let is_for_other_reasons = self.at < *due || *before > 0;
        keep(is_for_other_reasons || self.has(*next) || self.has_surprise(), "what is due is done")
    }

    /// What is done when something else has happened.
    fn came_after_what_was_awaited(&self) -> Verdict {
        let ChildOutlook { waits_for: Some(awaited), due: None, next: Some(next), before: 0, .. } =
            self.outlook
        else {
            return Ok(());
        };
        let has_come = self.happened.first().is_some_and(|event| match (awaited, &event.what) {
            (Awaited::Start(path), EventKind::Started { .. }) => event.path == *path,
            (Awaited::End(path), EventKind::Stopped { .. }) => event.path == *path,
            _ => false,
        });
        keep(!has_come || self.has(*next) || self.has_surprise(), &format!("{next:?} follows"))
    }

    fn was_forced_in_time(&self) -> Verdict {
        let Some((PatienceLimit::Force, at)) = self.outlook.limit else { return Ok(()) };
        keep(self.at <= at, "a child is forced when its grace is over")?;
        let is_forced = self.of_child().any(|event| matches!(event.what, EventKind::Escalated { .. }));
        let is_gone = self.of_child().any(|event| {
            matches!(
                event.what,
                EventKind::Stopped { .. }
                    | EventKind::Exited { .. }
                    | EventKind::StartFailed { .. }
                    | EventKind::Ignored
            )
        });
        keep(self.at < at || is_forced || is_gone || self.has_surprise(), "it is forced then")
    }

    /// What follows from an end that was the first thing that happened, and the only end.
    fn followed_from_the_end(&self) -> Verdict {
        let Some((first, rest)) = self.happened.split_first() else { return Ok(()) };
        let EventKind::Exited { status, .. } = &first.what else { return Ok(()) };
        let is_end = |event: &&&Event| matches!(event.what, EventKind::Exited { .. });
        if first.path != self.outlook.path || rest.iter().any(|event| is_end(&event)) {
            return Ok(());
        }
        // It was said of an end at that moment: since then restarts may have ceased to count.
        let counts = self.outlook.above.as_ref().and_then(|above| above.counts_until);
        if counts.is_some_and(|until| until < self.at) {
            return Ok(());
        }
        let is_normal = match status {
            Some(status) => matches!(status, Exit::Normal | Exit::Shutdown),
            None => return Ok(()),
        };
        let said = if is_normal { self.outlook.on_success } else { self.outlook.on_failure };
        let Some(said) = said else { return Ok(()) };
        let above = first.path.as_str().rsplit_once('/').map_or("", |(above, _)| above);
        let mut next = rest.iter().filter(|event| event.path == first.path || event.path.as_str() == above);
        let is_so = match (said, next.next().map(|event| &event.what)) {
            (
                Consequence::Restart { attempt, delay, .. },
                Some(EventKind::Restarting { attempt: number, delay: put_off }),
                // Or it has run well since, so that its attempts are counted anew.
            ) => (attempt, delay) == (*number, *put_off) || *number == 1,
            (Consequence::GivesUp, Some(EventKind::GaveUp { .. })) => true,
            (Consequence::StopsSupervisor, Some(EventKind::Stopping { .. } | EventKind::Exited { .. })) => {
                true
            }
            // It ends when its children have, and each of them may take its time.
            (Consequence::StopsSupervisor, _) => rest.iter().any(|event| {
                let is_sibling =
                    event.path.as_str().rsplit_once('/').is_some_and(|(other, _)| other == above);
                is_sibling
                    && event.path != first.path
                    && matches!(event.what, EventKind::Stopping { cause: StopCause::AutoShutdown, .. })
            }),
            (Consequence::StaysDown | Consequence::IsForgotten, what) => {
                !matches!(what, Some(EventKind::Restarting { .. } | EventKind::GaveUp { .. }))
            }
            _ => false,
        };
        keep(is_so || self.has_surprise(), &format!("{said:?} follows from its end"))
    }

    fn has(&self, next: NextStep) -> bool {
        match next {
            NextStep::Start | NextStep::Restart { .. } => {
                self.of_child().any(|event| matches!(event.what, EventKind::Starting))
            }
            NextStep::Stop => self.of_child().any(|event| matches!(event.what, EventKind::Stopping { .. })),
            // The supervisor does, and a child that is down has no part in it.
            NextStep::GiveUp => self.happened.iter().any(|event| {
                self.outlook.path.as_str().rsplit_once('/').is_some_and(|(above, _)| event.path == *above)
                    && matches!(event.what, EventKind::GaveUp { .. })
            }),
            _ => false,
        }
    }

    /// Whether a caller wanted something, or a stop has begun above or a time for a start there is over, of which the
    /// supervisor could not know.
    fn has_surprise(&self) -> bool {
        if self.is_called {
            return true;
        }
        let path = self.outlook.path.as_str();
        self.happened.iter().any(|event| {
            let is_above = path.strip_prefix(event.path.as_str()).is_some_and(|rest| rest.starts_with('/'));
            is_above
                && matches!(
                    event.what,
                    EventKind::Stopping { .. } | EventKind::Escalated { .. } | EventKind::StartFailed { .. }
                )
        })
    }

    fn of_child(&self) -> impl Iterator<Item = &&Event> {
        self.happened.iter().filter(|event| event.path == self.outlook.path)
    }
}
