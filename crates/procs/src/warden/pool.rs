//! Reapers that are there before they are needed, and those that are free again.
//!
//! A reaper is made before a start needs it, so that a start waits for its program alone; and a reaper that has nothing
//! left is given the next program instead of being replaced. The pool holds lines to reapers: to drop a line is to let
//! go of its reaper. Nothing here makes a reaper.

use std::mem;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::sys;
use crate::sys::raw::Blocking;

/// When fewer than this are ready, others are made: in a row of starts no start is to wait for a reaper.
const LOW: usize = 2;

/// How many are made at once.
pub(super) const BATCH: usize = 4;

/// How many are kept, also when no start needs them.
const READY: usize = LOW + BATCH - 1;

/// For how long more than that are kept: a group that restarts needs them again at once.
const KEEP: Duration = Duration::from_secs(1);

/// The lines to the reapers that have nothing to do.
#[derive(Debug, Default)]
pub(super) struct Pool {
    state: Mutex<PoolState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct PoolState {
    /// Those that are ready for an order.
    fresh: Vec<Arc<OwnedFd>>,
    /// Those that have to do something before they can carry out an order. The last one was used last.
    worn: Vec<Arc<OwnedFd>>,
    /// The lowest number of idle reapers since the last look. So many have not been needed.
    fewest: usize,
    /// Whether none are kept any more.
    closed: bool,
    /// Those that have been let go for good, and may still be there.
    leaving: Vec<Arc<OwnedFd>>,
}

/// Whether a reaper has been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReaperUse {
    /// It is new, or has been told to get ready.
    Fresh,
    /// It has had a set.
    Worn,
}

impl Pool {
    /// Takes out one whose reaper lives, one that is ready if there is any.
    pub(super) fn take(&self) -> Option<Arc<OwnedFd>> {
        loop {
            let mut state = self.lock();
            let line = state.fresh.pop().or_else(|| state.worn.pop())?;
            state.fewest = state.fewest.min(state.len());
            drop(state);
            if is_quiet(&line) {
                return Some(line);
            }
        }
    }

    /// Takes out one that is to get ready, if few are ready. It does not count as one that a start needed.
    pub(super) fn take_worn(&self) -> Option<Arc<OwnedFd>> {
        let mut state = self.lock();
        if state.fresh.len() < LOW { state.worn.pop() } else { None }
    }

    /// Takes in one whose reaper has nothing to do. `true` says that there are more now than are kept for long.
    pub(super) fn put(&self, line: Arc<OwnedFd>, condition: ReaperUse) -> bool {
        let mut state = self.lock();
        if state.closed {
            state.let_go(line);
            return false;
        }
        match condition {
            ReaperUse::Fresh => state.fresh.push(line),
            ReaperUse::Worn => state.worn.push(line),
        }
        let count = state.len();
        drop(state);
        if count == READY + 1 {
            self.changed.notify_one();
        }
        count > READY
    }

    /// Whether it is time to have others made.
    pub(super) fn is_low(&self) -> bool {
        let state = self.lock();
        !state.closed && state.len() < LOW
    }

    /// Lets go of all, for good.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for line in mem::take(&mut state.fresh).into_iter().chain(mem::take(&mut state.worn)) {
            state.let_go(line);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until the reapers are gone that a closed pool has let go. Their warden may have died before, and then
    /// nothing else waits for them. `false` says that some are still there after this time.
    pub(super) fn wait_until_gone(&self, within: Duration) -> bool {
        #[expect(
            clippy::disallowed_methods,
            reason = "it waits for processes of the system, which know no virtual time"
        )]
        let now = Instant::now;
        let deadline = now() + within;
        let mut leaving = mem::take(&mut self.lock().leaving);
        while !leaving.is_empty() {
            let left = deadline.saturating_duration_since(now());
            let mut fds: Vec<_> =
                leaving.iter().map(|line| PollFd::new(line.as_fd(), PollFlags::empty())).collect();
            if poll(&mut fds, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) == Ok(0) {
                return false;
            }
            let gone: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(true)).collect();
            drop(fds);
            let mut gone = gone.into_iter();
            leaving.retain(|_| !gone.next().unwrap_or_default());
        }
        true
    }

    /// Lets go of the reapers that no start has needed for a while, until the pool is closed.
    pub(super) fn trim(&self) {
        let mut state = self.lock();
        while !state.closed {
            if state.len() <= READY {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.fewest = state.len();
            let waited = self.changed.wait_timeout_while(state, KEEP, |state| !state.closed);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            let unneeded = state.take_unneeded();
            drop(state);
            drop(unneeded);
            state = self.lock();
        }
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PoolState {
    /// Says to a reaper that no order comes any more: it ends.
    fn let_go(&mut self, line: Arc<OwnedFd>) {
        sys::hang_up(&line);
        self.leaving.push(line);
    }

    fn len(&self) -> usize {
        self.fresh.len() + self.worn.len()
    }

    /// Takes out those that have not been needed since the last look, but for a few.
    fn take_unneeded(&mut self) -> Vec<Arc<OwnedFd>> {
        let count = self.fewest.min(self.len()).saturating_sub(READY);
        // Those that have been idle for longest are in front.
        let worn = count.min(self.worn.len());
        self.worn.drain(..worn).chain(self.fresh.drain(..count - worn)).collect()
    }
}

/// Whether a reaper has said nothing, not even that it has gone. One that lives and is idle has nothing to say.
fn is_quiet(line: &OwnedFd) -> bool {
    let said = sys::receive(line, &mut [0; super::REPLY], Blocking::Never);
    said.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_was_used_last_is_taken_first() {
        let pool = Pool::default();
        let (first, _reapers_first) = line();
        let (second, _reapers_second) = line();
        pool.put(first, ReaperUse::Worn);
        pool.put(Arc::clone(&second), ReaperUse::Worn);

        assert!(Arc::ptr_eq(&pool.take().unwrap(), &second));
    }

    #[test]
    fn one_that_is_ready_is_taken_before_one_that_was_used_and_few_are_got_ready() {
        let pool = Pool::default();
        let lines: Vec<_> = (0..LOW + 2).map(|_| line()).collect();
        for (line, _) in &lines {
            pool.put(Arc::clone(line), ReaperUse::Worn);
        }
        let mut got_ready = 0;
        while let Some(line) = pool.take_worn() {
            pool.put(line, ReaperUse::Fresh);
            got_ready += 1;
        }
        pool.put(Arc::clone(&lines[0].0), ReaperUse::Worn);

        assert_eq!(got_ready, LOW);
        assert!(!Arc::ptr_eq(&pool.take().unwrap(), &lines[0].0));
    }

    #[test]
    fn one_whose_reaper_has_died_or_could_not_be_made_is_passed_over() {
        let pool = Pool::default();
        let (living, _reapers) = line();
        let (dead, gone) = line();
        let (refused, refuses) = line();
        drop(gone);
        assert_eq!(sys::receive(&dead, &mut [0; 4], Blocking::Wait).unwrap().0, 0);
        sys::send_message(&refuses, b"refused", &[], Blocking::Never).unwrap();
        pool.put(Arc::clone(&living), ReaperUse::Worn);
        pool.put(dead, ReaperUse::Worn);
        pool.put(refused, ReaperUse::Worn);

        assert!(Arc::ptr_eq(&pool.take().unwrap(), &living));
        assert!(pool.take().is_none());
    }

    #[test]
    fn a_pool_that_is_closed_lets_go_of_its_reapers_and_takes_no_more() {
        let pool = Pool::default();
        let (early, early_reaper) = line();
        let (late, late_reaper) = line();
        pool.put(early, ReaperUse::Worn);

        pool.close();
        pool.put(late, ReaperUse::Worn);

        assert!(pool.take().is_none() && !pool.is_low());
        for reaper in [early_reaper, late_reaper] {
            // A program that another test is just starting may hold the other end for a moment.
            assert_eq!(sys::receive(&reaper, &mut [0; 4], Blocking::Wait).unwrap().0, 0);
        }
    }

    #[test]
    fn a_closed_pool_waits_for_the_reapers_that_it_had() {
        let pool = Pool::default();
        let (gone, reaper) = line();
        let (stays, suspended) = line();
        pool.put(gone, ReaperUse::Worn);
        pool.close();
        drop(reaper);
        assert!(pool.wait_until_gone(Duration::from_secs(60)));

        pool.put(stays, ReaperUse::Worn);

        assert!(!pool.wait_until_gone(Duration::ZERO), "its reaper is still there");
        drop(suspended);
    }

    #[test]
    fn those_that_were_needed_meanwhile_are_kept() {
        let pool = Pool::default();
        let reapers: Vec<OwnedFd> = (0..READY + 3)
            .map(|_| {
                let (ours, theirs) = line();
                pool.put(ours, ReaperUse::Worn);
                theirs
            })
            .collect();
        pool.lock().fewest = reapers.len();
        let needed = [pool.take().unwrap(), pool.take().unwrap()];
        for line in needed {
            pool.put(line, ReaperUse::Worn);
        }

        let unneeded = pool.lock().take_unneeded();

        assert_eq!((unneeded.len(), pool.lock().len()), (1, READY + 2));
    }

    #[test]
    fn reapers_that_no_start_needs_for_a_while_are_let_go() {
        let pool = Arc::new(Pool::default());
        let reapers: Vec<OwnedFd> = (0..READY + 2)
            .map(|_| {
                let (ours, theirs) = line();
                pool.put(ours, ReaperUse::Worn);
                theirs
            })
            .collect();
        let trims = Arc::clone(&pool);
        let thread = std::thread::spawn(move || trims.trim());

        // The end of the conversation is what is waited for.
        let gone =
            reapers.iter().take(2).map(|reaper| sys::receive(reaper, &mut [0; 4], Blocking::Wait).unwrap().0);
        assert_eq!(gone.sum::<usize>(), 0);

        let left = std::iter::from_fn(|| pool.take()).count();
        assert_eq!(left, READY);
        pool.close();
        thread.join().unwrap();
    }

    fn line() -> (Arc<OwnedFd>, OwnedFd) {
        let (ours, theirs) = sys::pair().unwrap();
        (Arc::new(ours), theirs)
    }
}
