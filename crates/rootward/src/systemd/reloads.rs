//! What the application says of reading its configuration again, on its way to the service manager.
//!
//! What has not been passed on yet is at most the end of one reload, and another one with its end: a program that reads
//! its configuration again and again while the thread is held up is told of once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What the application says of reading its configuration again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reload {
    Begun,
    Done,
}

/// Where the application says it, and where the thread hears it.
#[derive(Clone, Debug, Default)]
pub(super) struct Reloads(Arc<ReloadState>);

#[derive(Debug, Default)]
struct ReloadState {
    untold: Mutex<Untold>,
    news: Notify,
}

/// What has not been passed on, in the order in which it is.
#[derive(Debug, Default)]
struct Untold {
    /// The end of one that has been passed on.
    done_before: bool,
    begun: bool,
    done: bool,
}

impl Untold {
    fn add(&mut self, reload: Reload) {
        match reload {
            // Several that have not been passed on are one, which is over when the last of them is.
            Reload::Begun if self.begun => self.done = false,
            // The manager waits for the beginning that follows its request, so the end before it is told, too.
            Reload::Begun => *self = Self { done_before: self.done, begun: true, done: false },
            Reload::Done => self.done = true,
        }
    }

    fn take(&mut self) -> Option<Reload> {
        let in_order = [
            (&mut self.done_before, Reload::Done),
            (&mut self.begun, Reload::Begun),
            (&mut self.done, Reload::Done),
        ];
        in_order.into_iter().find_map(|(waits, reload)| std::mem::take(waits).then_some(reload))
    }
}

impl Reloads {
    pub(super) fn add(&self, reload: Reload) {
        self.untold().add(reload);
        self.0.news.notify_one();
    }

    /// The next one to be passed on. Cancel safe.
    pub(super) async fn next(&self) -> Reload {
        loop {
            let next = self.untold().take();
            match next {
                Some(reload) => return reload,
                None => self.0.news.notified().await,
            }
        }
    }

    fn untold(&self) -> MutexGuard<'_, Untold> {
        self.0.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(reloads: &[Reload]) -> Vec<Reload> {
        let mut untold = Untold::default();
        reloads.iter().for_each(|reload| untold.add(*reload));
        std::iter::from_fn(|| untold.take()).collect()
    }

    #[test]
    fn a_million_reloads_are_a_beginning_and_an_end() {
        let many: Vec<_> = (0..1_000_000).flat_map(|_| [Reload::Begun, Reload::Done]).collect();

        assert_eq!(left(&many), [Reload::Begun, Reload::Done]);
    }

    #[test]
    fn what_is_left_has_the_order_in_which_it_was_said() {
        let (begun, done) = (Reload::Begun, Reload::Done);
        assert_eq!(left(&[done, begun]), [done, begun]);
        assert_eq!(left(&[begun, done, begun]), [begun]);
        assert_eq!(left(&[done, begun, done, begun]), [done, begun]);
        assert_eq!(left(&[done, begun, done, begun, done]), [done, begun, done]);
        assert_eq!(left(&[Reload::Done]), [Reload::Done]);
    }

    #[tokio::test]
    async fn what_is_said_while_the_thread_is_busy_is_heard_afterwards() {
        let reloads = Reloads::default();
        reloads.add(Reload::Begun);
        reloads.add(Reload::Done);

        assert_eq!(reloads.next().await, Reload::Begun);
        assert_eq!(reloads.next().await, Reload::Done);
    }
}
