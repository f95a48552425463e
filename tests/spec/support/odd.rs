//! Wakers that do more than to wake.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rootward_tests::{OddWaker, odd_waker};

use super::Flag;

pub(crate) type Act = Box<dyn Fn() + Send + Sync>;

/// A waker that does as a test wants it.
pub(crate) struct Odd {
    pub(crate) clone: Act,
    pub(crate) wake: Act,
    pub(crate) drop: Act,
    pub(crate) woken: Flag,
}

impl Default for Odd {
    fn default() -> Self {
        Self { clone: Box::new(|| {}), wake: Box::new(|| {}), drop: Box::new(|| {}), woken: Flag::default() }
    }
}

impl Odd {
    pub(crate) fn waker(self) -> Waker {
        odd_waker(Arc::new(self))
    }
}

impl OddWaker for Odd {
    fn cloned(&self) {
        (self.clone)();
    }

    fn woken(&self) {
        self.woken.raise();
        (self.wake)();
    }

    fn dropped(&self) {
        (self.drop)();
    }
}

/// Polls a future with this waker.
pub(crate) fn poll(future: Pin<&mut (impl Future<Output = ()> + ?Sized)>, waker: &Waker) -> Poll<()> {
    future.poll(&mut Context::from_waker(waker))
}
