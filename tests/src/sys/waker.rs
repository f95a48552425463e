//! Wakers that do more than to wake, and that are never like their clones.

#![expect(unsafe_code, reason = "a waker that is not made of an `Arc<impl Wake>` consists of pointers")]

use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{RawWaker, RawWakerVTable, Waker};

/// What a waker does.
pub trait OddWaker: Send + Sync + 'static {
    /// It is cloned.
    fn cloned(&self) {}

    /// It is woken.
    fn woken(&self) {}

    /// It is dropped without having been woken.
    fn dropped(&self) {}
}

/// A waker of which no clone has the same vtable, so that [`Waker::will_wake`] is never true.
pub fn odd_waker<W: OddWaker>(odd: Arc<W>) -> Waker {
    let raw = RawWaker::new(Arc::into_raw(odd).cast(), Vtables::<W>::FIRST);
    // SAFETY: the vtable's functions keep the contract of `RawWaker`: the data is an `Arc<W>`, of which each waker
    // holds one.
    unsafe { Waker::from_raw(raw) }
}

struct Vtables<W>(PhantomData<W>);

impl<W: OddWaker> Vtables<W> {
    const FIRST: &'static RawWakerVTable =
        &RawWakerVTable::new(clone_as_second::<W>, wake::<W>, wake_by_ref::<W>, drop_waker::<W>);
    const SECOND: &'static RawWakerVTable =
        &RawWakerVTable::new(clone_as_first::<W>, wake::<W>, wake_by_ref::<W>, drop_waker::<W>);
}

unsafe fn clone_as_first<W: OddWaker>(data: *const ()) -> RawWaker {
    // SAFETY: the same contract.
    RawWaker::new(unsafe { clone::<W>(data) }, Vtables::<W>::FIRST)
}

unsafe fn clone_as_second<W: OddWaker>(data: *const ()) -> RawWaker {
    // SAFETY: the same contract.
    RawWaker::new(unsafe { clone::<W>(data) }, Vtables::<W>::SECOND)
}

unsafe fn clone<W: OddWaker>(data: *const ()) -> *const () {
    let odd = data.cast::<W>();
    // SAFETY: the waker that is cloned holds an `Arc<W>`.
    unsafe { &*odd }.cloned();
    // SAFETY: the same one, to which the clone holds another reference.
    unsafe { Arc::increment_strong_count(odd) };
    data
}

unsafe fn wake<W: OddWaker>(data: *const ()) {
    // SAFETY: the waker gives up the `Arc<W>` that it held.
    unsafe { Arc::from_raw(data.cast::<W>()) }.woken();
}

unsafe fn wake_by_ref<W: OddWaker>(data: *const ()) {
    // SAFETY: the waker holds an `Arc<W>`.
    unsafe { &*data.cast::<W>() }.woken();
}

unsafe fn drop_waker<W: OddWaker>(data: *const ()) {
    // SAFETY: the waker gives up the `Arc<W>` that it held.
    unsafe { Arc::from_raw(data.cast::<W>()) }.dropped();
}
