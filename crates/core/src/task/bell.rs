//! Wakes those who wait for a task to be asked to stop.
//!
//! Nearly every task waits for that, once, for all of its life. What it waits on has to be small: tokio's `Notify` would take a
//! hundred bytes more of each.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio_util::sync::WaitForCancellationFuture;

use super::node::TaskNode;
use crate::sync::{Mutex, PoisonError};

/// Those who wait.
#[derive(Default)]
pub(super) struct Bell(Mutex<Listeners>);

#[derive(Default)]
enum Listeners {
    #[default]
    None,
    One(Listener),
    Many(Vec<Listener>),
}

/// A waker, and how many futures of that task wait.
struct Listener {
    waker: Waker,
    futures: u32,
}

impl Bell {
    /// Wakes everybody, and forgets them.
    pub(super) fn ring(&self) {
        match std::mem::take(&mut *self.lock()) {
            Listeners::None => {}
            Listeners::One(listener) => listener.waker.wake(),
            Listeners::Many(listeners) => listeners.into_iter().for_each(|listener| listener.waker.wake()),
        }
    }

    fn list(&self, waker: &Waker) {
        let mut listeners = self.lock();
        if let Some(known) = listeners.find(waker) {
            known.futures += 1;
            return;
        }
        let new = Listener { waker: waker.clone(), futures: 1 };
        *listeners = match std::mem::take(&mut *listeners) {
            Listeners::None => Listeners::One(new),
            Listeners::One(first) => Listeners::Many(vec![first, new]),
            Listeners::Many(mut listeners) => {
                listeners.push(new);
                Listeners::Many(listeners)
            }
        };
    }

    fn unlist(&self, waker: &Waker) {
        let mut listeners = self.lock();
        let Some(known) = listeners.find(waker) else { return };
        known.futures -= 1;
        if known.futures > 0 {
            return;
        }
        let gone = match &mut *listeners {
            Listeners::Many(all) => {
                let index = all.iter().position(|listener| listener.futures == 0);
                index.map(|index| Listeners::One(all.swap_remove(index)))
            }
            Listeners::None | Listeners::One(_) => Some(std::mem::take(&mut *listeners)),
        };
        // A waker may do anything when it is dropped, and this lock is not to be held then.
        drop(listeners);
        drop(gone);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Listeners> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listeners {
    fn find(&mut self, waker: &Waker) -> Option<&mut Listener> {
        let listeners = match self {
            Self::None => &mut [],
            Self::One(listener) => std::slice::from_mut(listener),
            Self::Many(listeners) => listeners.as_mut_slice(),
        };
        listeners.iter_mut().find(|listener| listener.waker.will_wake(waker))
    }
}

/// Waits until a task is asked to stop.
pub(super) struct Stopping<'a> {
    node: &'a TaskNode,
    waits: Waits<'a>,
}

enum Waits<'a> {
    NotYet,
    Listed(Waker),
    /// Boxed, because few tasks have a token and all would have to make room for this.
    Token(Pin<Box<WaitForCancellationFuture<'a>>>),
}

impl<'a> Stopping<'a> {
    pub(super) fn new(node: &'a TaskNode) -> Self {
        Self { node, waits: Waits::NotYet }
    }

    fn unlist(&mut self) {
        if let Waits::Listed(waker) = std::mem::replace(&mut self.waits, Waits::NotYet) {
            self.node.bell.unlist(&waker);
        }
    }
}

impl Future for Stopping<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            if this.node.is_stopping() {
                return Poll::Ready(());
            }
            if let Waits::Token(cancelled) = &mut this.waits {
                return cancelled.as_mut().poll(cx);
            }
            if let Some(token) = this.node.token.get() {
                this.unlist();
                this.waits = Waits::Token(Box::pin(token.cancelled()));
                continue;
            }
            match &this.waits {
                Waits::Listed(waker) if waker.will_wake(cx.waker()) => return Poll::Pending,
                Waits::Listed(_) | Waits::NotYet | Waits::Token(_) => {}
            }
            this.unlist();
            this.node.bell.list(cx.waker());
            this.waits = Waits::Listed(cx.waker().clone());
            // Once more around: whoever rang before this was on the list has not been heard.
        }
    }
}

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.unlist();
    }
}
