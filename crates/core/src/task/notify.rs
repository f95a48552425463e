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

use std::iter::Chain;
use std::num::NonZeroU64;
use std::task::Waker;
use std::{option, vec};

use crate::sync::{AtomicBool, Mutex, MutexGuard, Ordering, PoisonError};

/// Nearly every task has one waiter for all of its life, and few have a token `T`: that is what this is small for.
pub(crate) struct Notify<T> {
    /// Written under the lock. It is read without the lock where only this is wanted.
    is_stopping: AtomicBool,
    /// The same.
    has_token: AtomicBool,
    state: Mutex<NotifyState<T>>,
}

struct NotifyState<T> {
    waiters: Waiters,
    last_key: u64,
    token: Option<T>,
}

/// What waits, in the order of the keys. A single one lies here, so that most tasks need no more memory for it.
#[derive(Default)]
pub(crate) enum Waiters {
    #[default]
    None,
    One((Key, Waker)),
    Many(Vec<(Key, Waker)>),
}

/// Names a waiter. Keys grow and are never used again, so that one which is no longer in the list finds nothing.
pub(crate) type Key = NonZeroU64;

/// What a waiter has seen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SeenStop<T> {
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
    pub(crate) wakers: Waiters,
    /// To be cancelled.
    pub(crate) token: Option<T>,
}

impl<T: Clone> Notify<T> {
    pub(crate) fn new() -> Self {
        let state = NotifyState { waiters: Waiters::None, last_key: 0, token: None };
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
            return (token.clone(), ToTell { wakers: Waiters::None, token: None });
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
    pub(crate) fn wait(
        &self,
        key: &mut Option<Key>,
        waker: &mut Option<Waker>,
        has_token: bool,
    ) -> SeenStop<T> {
        let mut state = self.lock();
        if self.is_stopping() {
            return SeenStop::Stopping;
        }
        match &state.token {
            Some(token) if !has_token => return SeenStop::Token(token.clone()),
            Some(_) | None => {}
        }
        let Some(new) = waker.take() else { return SeenStop::Nothing };
        match key.and_then(|key| state.waiters.get_mut(key)) {
            Some(old) => *waker = Some(std::mem::replace(old, new)),
            None => *key = Some(state.list(new)),
        }
        SeenStop::Nothing
    }

    /// Takes a waiter off the list. What is returned is for the caller to drop.
    pub(crate) fn forget(&self, key: Key) -> Option<Waker> {
        self.lock().waiters.remove(key)
    }

    fn lock(&self) -> MutexGuard<'_, NotifyState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> NotifyState<T> {
    fn list(&mut self, waker: Waker) -> Key {
        self.last_key += 1;
        let key = Key::new(self.last_key).expect("a number that has been counted up is not zero");
        self.waiters.push(key, waker);
        key
    }
}

impl Waiters {
    fn get_mut(&mut self, key: Key) -> Option<&mut Waker> {
        let listed = match self {
            Self::None => return None,
            Self::One(waiter) => std::slice::from_mut(waiter),
            Self::Many(waiters) => waiters,
        };
        let position = listed.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        Some(&mut listed[position].1)
    }

    fn remove(&mut self, key: Key) -> Option<Waker> {
        match std::mem::take(self) {
            Self::None => None,
            Self::One((only, waker)) if only == key => Some(waker),
            Self::One(other) => {
                *self = Self::One(other);
                None
            }
            Self::Many(mut waiters) => {
                let position = waiters.binary_search_by_key(&key, |(key, _)| *key).ok();
                let removed = position.map(|position| waiters.remove(position).1);
                *self = Self::Many(waiters);
                removed
            }
        }
    }

    /// Adds a waiter behind all others.
    fn push(&mut self, key: Key, waker: Waker) {
        *self = match std::mem::take(self) {
            Self::None => Self::One((key, waker)),
            Self::One(first) => Self::Many(vec![first, (key, waker)]),
            Self::Many(mut waiters) => {
                waiters.push((key, waker));
                Self::Many(waiters)
            }
        };
    }
}

impl IntoIterator for Waiters {
    type Item = (Key, Waker);
    type IntoIter = Chain<option::IntoIter<(Key, Waker)>, vec::IntoIter<(Key, Waker)>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, many) = match self {
            Self::None => (None, Vec::new()),
            Self::One(waiter) => (Some(waiter), Vec::new()),
            Self::Many(waiters) => (None, waiters),
        };
        one.into_iter().chain(many)
    }
}
