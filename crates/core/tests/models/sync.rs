//! What the files stand on: loom's locks and atomics, and over these what tokio has otherwise.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

pub(crate) use loom::sync::atomic::{Ordering, fence};
pub(crate) use loom::sync::{Mutex, MutexGuard};
pub(crate) use std::sync::PoisonError;

/// loom tries out an order of two accesses only if nothing that one of the two threads does with the same atomic lies
/// in between. So a store behind a load of the same thread is never tried before what another thread did before both.
/// Here each access changes a second atomic first, without any order of memory: then there are no loads, and every
/// order is tried.
///
/// loom takes an access in the one order of all threads (`SeqCst`) for one that acquires and releases, but knows fences
/// in that order. So such an access has one on both sides.
macro_rules! atomic {
    ($name:ident, $value:ty, $($change:ident),*) => {
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            turns: loom::sync::atomic::AtomicUsize,
            value: loom::sync::atomic::$name,
        }

        impl $name {
            pub(crate) fn new(value: $value) -> Self {
                Self { turns: Default::default(), value: loom::sync::atomic::$name::new(value) }
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                self.access(order, || self.value.load(order))
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                self.access(order, || self.value.store(value, order));
            }

            $(pub(crate) fn $change(&self, value: $value, order: Ordering) -> $value {
                self.access(order, || self.value.$change(value, order))
            })*

            fn access<T>(&self, order: Ordering, access: impl FnOnce() -> T) -> T {
                self.turns.fetch_add(1, Ordering::Relaxed);
                in_order(order, access)
            }
        }
    };
}

atomic!(AtomicBool, bool, swap);
atomic!(AtomicU64, u64, swap, fetch_add, fetch_max);
atomic!(AtomicUsize, usize, fetch_add, fetch_sub);

impl AtomicU64 {
    pub(crate) fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.access(success, || self.value.compare_exchange(current, new, success, failure))
    }
}

fn in_order<T>(order: Ordering, access: impl FnOnce() -> T) -> T {
    if order != Ordering::SeqCst {
        return access();
    }
    fence(Ordering::SeqCst);
    let accessed = access();
    fence(Ordering::SeqCst);
    accessed
}

/// What a `OnceLock` promises that is set once: a caller that finds the value sees all that was written before.
#[derive(Debug)]
pub(crate) struct OnceLock<T> {
    is_set: AtomicBool,
    value: std::sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    pub(crate) fn new() -> Self {
        Self { is_set: AtomicBool::new(false), value: std::sync::OnceLock::new() }
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        self.value.set(value)?;
        self.is_set.store(true, Ordering::Release);
        Ok(())
    }

    pub(crate) fn get(&self) -> Option<&T> {
        if self.is_set.load(Ordering::Acquire) { self.value.get() } else { None }
    }
}

/// Nothing is needed at these points: loom looks into every atomic and every lock.
pub(crate) fn point() {}

/// Runs a model in all orders in which no more than three times a thread is held up although it could go on. The faults
/// for which these models are there need two, and all orders would take minutes.
pub(crate) fn model(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(run);
}

/// A model that panics has failed, so that no lock is ever found poisoned.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes the thread that waits for a future.
struct WakesThread(loom::sync::Notify);

impl Wake for WakesThread {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}

/// Waits for a future. A wake that is lost is a deadlock, which loom finds.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let thread = Arc::new(WakesThread(loom::sync::Notify::new()));
    let waker = Waker::from(Arc::clone(&thread));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread.0.wait(),
        }
    }
}

/// What tokio's `Notify` promises: what `notified` returns hears of every later `notify_waiters`, polled or not.
#[derive(Debug, Default)]
pub(crate) struct Notify(Mutex<Notified>);

#[derive(Debug, Default)]
struct Notified {
    times: usize,
    wakers: Vec<Waker>,
}

/// Waits for the next time.
pub(crate) struct NextTime<'a> {
    notify: &'a Notify,
    times: usize,
}

impl Notify {
    pub(crate) fn notified(&self) -> NextTime<'_> {
        NextTime { notify: self, times: locked(&self.0).times }
    }

    pub(crate) fn notify_waiters(&self) {
        let wakers = {
            let mut notified = locked(&self.0);
            notified.times += 1;
            std::mem::take(&mut notified.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Future for NextTime<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut notified = locked(&self.notify.0);
        if notified.times != self.times {
            return Poll::Ready(());
        }
        notified.wakers.push(cx.waker().clone());
        Poll::Pending
    }
}

/// What tokio's unbounded channel promises.
pub(crate) mod mpsc {
    use std::collections::VecDeque;
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::task::{Poll, Waker};

    use loom::sync::Mutex;

    use super::locked;

    struct Channel<T> {
        queue: VecDeque<T>,
        waker: Option<Waker>,
    }

    pub(crate) struct UnboundedSender<T>(Arc<Mutex<Channel<T>>>);

    pub(crate) struct UnboundedReceiver<T>(Arc<Mutex<Channel<T>>>);

    pub(crate) fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
        let channel = Arc::new(Mutex::new(Channel { queue: VecDeque::new(), waker: None }));
        (UnboundedSender(Arc::clone(&channel)), UnboundedReceiver(channel))
    }

    impl<T> Clone for UnboundedSender<T> {
        fn clone(&self) -> Self {
            Self(Arc::clone(&self.0))
        }
    }

    impl<T> UnboundedSender<T> {
        pub(crate) fn send(&self, value: T) -> Result<(), T> {
            let waker = {
                let mut channel = locked(&self.0);
                channel.queue.push_back(value);
                channel.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
            Ok(())
        }

        /// The receiver stays to the end of a model.
        pub(crate) fn is_closed(&self) -> bool {
            false
        }
    }

    impl<T> UnboundedReceiver<T> {
        pub(crate) async fn recv(&mut self) -> Option<T> {
            poll_fn(|cx| {
                let mut channel = locked(&self.0);
                match channel.queue.pop_front() {
                    Some(value) => Poll::Ready(Some(value)),
                    None => {
                        channel.waker = Some(cx.waker().clone());
                        Poll::Pending
                    }
                }
            })
            .await
        }

        pub(crate) fn len(&self) -> usize {
            locked(&self.0).queue.len()
        }
    }
}
