//! Where the program's subscriber is called, and where it is not.
//!
//! ractor makes a span for every actor and enters it each time the actor runs. For the library's own actors that would be a call
//! of the subscriber on the way of every stop, and it may block or panic there. So the threads on which only the library's own
//! code runs can do without a subscriber, but for the calls of other code that are made there.

use std::cell::{Cell, RefCell};

use tracing::Dispatch;
use tracing::dispatcher::{DefaultGuard, get_default, set_default, with_default};
use tracing::subscriber::NoSubscriber;

thread_local! {
    /// Whether this thread does without. Apart from what it does without, because this can be had at no cost.
    static MUTED: Cell<bool> = const { Cell::new(false) };
    static SUBSCRIBER: RefCell<Option<(Dispatch, DefaultGuard)>> = const { RefCell::new(None) };
}

/// Has this thread do without the program's subscriber, but for code that is not the library's. A subscriber that is set later is
/// called here all the same. For the threads of a runtime that runs supervisors and nothing else.
pub fn mute_thread() {
    let subscriber = get_default(Dispatch::clone);
    if !subscriber.is::<NoSubscriber>() {
        SUBSCRIBER.set(Some((subscriber, set_default(&Dispatch::none()))));
        MUTED.set(true);
    }
}

/// Takes back what [`mute_thread`] has done.
pub fn unmute_thread() {
    MUTED.set(false);
    drop(SUBSCRIBER.take());
}

/// Runs code that is not the library's, with the program's subscriber wherever that is.
pub(crate) fn with_subscriber<R>(f: impl FnOnce() -> R) -> R {
    let subscriber =
        || SUBSCRIBER.with_borrow(|muted| muted.as_ref().map(|(subscriber, _)| subscriber.clone()));
    match MUTED.get().then(subscriber).flatten() {
        Some(subscriber) => with_default(&subscriber, f),
        None => f(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_is_muted_has_its_subscriber_for_code_that_is_not_the_librarys() {
        let subscriber = || get_default(|subscriber| !subscriber.is::<NoSubscriber>());
        let here = Dispatch::new(Deaf);
        let seen = with_default(&here, || {
            mute_thread();
            let muted = (subscriber(), with_subscriber(subscriber), subscriber());
            unmute_thread();
            (muted, subscriber())
        });

        assert_eq!(seen, ((false, true, false), true));
        assert!(!subscriber());
    }

    /// A subscriber that takes nothing.
    struct Deaf;

    impl tracing::Subscriber for Deaf {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            false
        }

        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }

        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

        fn event(&self, _: &tracing::Event<'_>) {}

        fn enter(&self, _: &tracing::span::Id) {}

        fn exit(&self, _: &tracing::span::Id) {}
    }
}
