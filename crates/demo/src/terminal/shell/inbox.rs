//! What has happened and has not come into the view yet.
//!
//! It is bounded: a terminal that takes nothing makes the view wait, and the tree never. Events wake the view only if
//! it has nothing else to wait for, so that a thousand of them a second are drawn together.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rootward_observer::wire::Event;

use super::suspend::Arrivals;
use crate::terminal::state::ViewInput;

/// How many events may wait.
const EVENTS: usize = 8192;

/// Something for the view.
#[derive(Debug)]
pub(crate) enum Mail {
    Input(ViewInput),
    /// The user wants the terminal for something else for a while.
    Suspend,
}

#[derive(Debug, Default)]
pub(crate) struct Inbox {
    waiting: Mutex<InboxQueue>,
    woken: Condvar,
    /// When the user wanted the program suspended, and when it was to go on.
    pub(super) arrivals: Arrivals,
}

#[derive(Debug, Default)]
struct InboxQueue {
    mail: VecDeque<Mail>,
    events: usize,
    lost: u64,
    /// Something else than an event has come.
    is_urgent: bool,
    /// The view waits for events, too.
    is_eager: bool,
}

impl Inbox {
    /// Adds something that must not be lost.
    pub(crate) fn push(&self, mail: Mail) {
        let mut waiting = self.lock();
        waiting.mail.push_back(mail);
        waiting.is_urgent = true;
        drop(waiting);
        self.woken.notify_one();
    }

    pub(crate) fn input(&self, input: ViewInput) {
        self.push(Mail::Input(input));
    }

    /// Adds an event, or counts it if there are too many.
    pub(crate) fn event(&self, event: Arc<Event>) {
        let mut waiting = self.lock();
        if waiting.events < EVENTS {
            waiting.events += 1;
            waiting.mail.push_back(Mail::Input(ViewInput::Event(event)));
        } else {
            waiting.lost += 1;
        }
        let is_eager = waiting.is_eager;
        drop(waiting);
        if is_eager {
            self.woken.notify_one();
        }
    }

    /// Waits until something has come or the time is over, and takes all of it. Whether events are worth waking up for
    /// is `eager`.
    pub(crate) fn wait(&self, at_most: Option<Duration>, eager: bool) -> VecDeque<Mail> {
        let mut waiting = self.lock();
        waiting.is_eager = eager;
        let is_idle = |waiting: &mut InboxQueue| !waiting.is_urgent && (!eager || waiting.mail.is_empty());
        let mut waiting = match at_most {
            Some(at_most) => {
                let waited = self.woken.wait_timeout_while(waiting, at_most, is_idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.woken.wait_while(waiting, is_idle).unwrap_or_else(PoisonError::into_inner),
        };
        let InboxQueue { mut mail, lost, .. } = std::mem::take(&mut *waiting);
        drop(waiting);
        if lost > 0 {
            mail.push_back(Mail::Input(ViewInput::Lost(lost)));
        }
        mail
    }

    fn lock(&self) -> MutexGuard<'_, InboxQueue> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use rootward_observer::wire::{Kind, What};

    use super::*;

    fn event(seq: u64) -> Arc<Event> {
        let (time, path) = (String::new(), "root".to_owned());
        Arc::new(Event { seq, at: 0.0, time, what: What::Starting, path, incarnation: 1, kind: Kind::Task })
    }

    #[test]
    fn what_waits_is_bounded_and_what_is_lost_is_told() {
        let inbox = Inbox::default();
        for seq in 0..(EVENTS as u64 + 5) {
            inbox.event(event(seq));
        }
        inbox.input(ViewInput::Leave);

        let mail = inbox.wait(None, true);

        assert_eq!(mail.len(), EVENTS + 2, "keys are never lost");
        assert!(matches!(mail.back(), Some(Mail::Input(ViewInput::Lost(5)))));
        inbox.event(event(9));
        assert_eq!(inbox.wait(None, true).len(), 1, "there is room again");
    }

    #[test]
    fn events_do_not_wake_a_view_that_draws_soon_and_keys_do() {
        let inbox = Inbox::default();
        inbox.event(event(1));
        inbox.input(ViewInput::Leave);

        assert_eq!(inbox.wait(None, false).len(), 2, "it does not wait, or the test would hang");
        inbox.event(event(2));
        assert_eq!(inbox.wait(Some(Duration::ZERO), false).len(), 1, "after its time it takes them");
    }
}
