//! Whether a task has been asked to stop, and what is to be woken when it is.
//!
//! All of it is decided under one lock. What waits, or makes a token, while the task is asked to stop either sees the
//! stop or is told of it.
//!
//! No foreign code runs under that lock. A waker may do anything when it is cloned, woken or dropped: the caller clones
//! it before, and gets back what is to be woken or dropped after.
//!
//! Absent on purpose: a comparison of wakers, and any knowledge of tasks. A test runs this file under all interleavings
//! of its callers.

use std::num::NonZeroU64;
use std::task::Waker;

use super::sync::{AtomicBool, Mutex, MutexGuard, Ordering, PoisonError};

/// Nearly every task has one waiter for all of its life, and few have a token `T`: that is what this is small for.
pub(crate) struct Notify<T> {
    /// Written under the lock. It is read without the lock where only this is wanted.
    is_stopping: AtomicBool,
    /// The same.
    has_token: AtomicBool,
    state: Mutex<State<T>>,
}

struct State<T> {
    /// In the order of their keys.
    waiters: Vec<(Key, Waker)>,
    last_key: u64,
    token: Option<T>,
}

/// Names a waiter. Keys grow and are never used again, so that one which is no longer in the list finds nothing.
pub(crate) type Key = NonZeroU64;

/// What a waiter has seen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen<T> {
    /// The task is to stop.
    Stopping,
    /// There is a token, for which the waiter has to wait as well.
    Token(T),
    /// Neither. The waiter is in the list.
    Nothing,
}

/// What is to be told, now that the lock is free.
#[must_use = "what waits is not woken by itself"]
pub(crate) struct ToTell<T> {
    pub(crate) wakers: Vec<(Key, Waker)>,
    /// To be cancelled.
    pub(crate) token: Option<T>,
}

impl<T: Clone> Notify<T> {
    pub(crate) fn new() -> Self {
        let state = State { waiters: Vec::new(), last_key: 0, token: None };
        Self {
            is_stopping: AtomicBool::new(false),
            has_token: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    /// Says that the task is to stop.
    pub(crate) fn stop(&self) -> ToTell<T> {
        let mut state = self.lock();
        self.is_stopping.store(true, Ordering::Release);
        ToTell { wakers: std::mem::take(&mut state.waiters), token: state.token.clone() }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// The token. It is made by the first caller, and what waits already has to look at it.
    ///
    /// The caller cancels it if the task is to stop.
    pub(crate) fn token(&self, make: impl FnOnce() -> T) -> (T, ToTell<T>) {
        let mut state = self.lock();
        if let Some(token) = &state.token {
            return (token.clone(), ToTell { wakers: Vec::new(), token: None });
        }
        let token = state.token.insert(make()).clone();
        self.has_token.store(true, Ordering::Release);
        (token, ToTell { wakers: std::mem::take(&mut state.waiters), token: None })
    }

    /// The token, if there is one.
    pub(crate) fn made_token(&self) -> Option<T> {
        if self.has_token.load(Ordering::Acquire) { self.lock().token.clone() } else { None }
    }

    /// Looks, and lists a waiter if there is nothing to see: with its key, and a new one if it has none. `has_token`
    /// says that it waits for the token already. What is left in `waker` is for the caller to drop.
    pub(crate) fn wait(&self, key: &mut Option<Key>, waker: &mut Option<Waker>, has_token: bool) -> Seen<T> {
        let mut state = self.lock();
        if self.is_stopping() {
            return Seen::Stopping;
        }
        match &state.token {
            Some(token) if !has_token => return Seen::Token(token.clone()),
            Some(_) | None => {}
        }
        let Some(new) = waker.take() else { return Seen::Nothing };
        match key.and_then(|key| state.position(key)) {
            Some(position) => *waker = Some(std::mem::replace(&mut state.waiters[position].1, new)),
            None => *key = Some(state.push(new)),
        }
        Seen::Nothing
    }

    /// Takes a waiter off the list. What is returned is for the caller to drop.
    pub(crate) fn forget(&self, key: Key) -> Option<Waker> {
        let mut state = self.lock();
        let position = state.position(key)?;
        Some(state.waiters.remove(position).1)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn position(&self, key: Key) -> Option<usize> {
        self.waiters.binary_search_by_key(&key, |(key, _)| *key).ok()
    }

    fn push(&mut self, waker: Waker) -> Key {
        self.last_key += 1;
        let key = Key::new(self.last_key).expect("a number that has been counted up is not zero");
        if self.waiters.is_empty() {
            self.waiters.reserve_exact(1);
        }
        self.waiters.push((key, waker));
        key
    }
}
