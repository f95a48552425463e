//! The program's subscriber without what ractor has to say.
//!
//! ractor makes a span for every actor and enters it each time the actor runs. For the library's own actors that would
//! be a call of the subscriber on the way of every start, stop and signal, and it may block or panic there. So the
//! threads on which supervisors run leave ractor out. What other code logs there, such as a `StartChild`, reaches the
//! subscriber as anywhere else.

use std::cell::RefCell;

use tracing::dispatcher::{DefaultGuard, get_default, set_default};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, NoSubscriber};
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_core::span::Current;

thread_local! {
    static GUARD: RefCell<Option<DefaultGuard>> = const { RefCell::new(None) };
}

/// The subscriber that is the default where this is made, without what ractor has to say.
#[derive(Clone, Debug)]
pub struct WithoutRactor(Option<Dispatch>);

impl WithoutRactor {
    /// Of the subscriber that is the default here. Nothing changes if there is none yet.
    pub fn of_the_default() -> Self {
        let subscriber = get_default(Dispatch::clone);
        let is_there = !subscriber.is::<NoSubscriber>();
        Self(is_there.then(|| Dispatch::new(RactorFilter { subscriber, most: LevelFilter::current() })))
    }

    /// Makes it this thread's default, until [`leave_thread`](Self::leave_thread) is called.
    pub fn enter_thread(&self) {
        GUARD.set(self.0.as_ref().map(set_default));
    }

    /// Takes back what [`enter_thread`](Self::enter_thread) has done.
    pub fn leave_thread() {
        GUARD.set(None);
    }
}

/// Passes everything on but what ractor has to say.
struct RactorFilter {
    subscriber: Dispatch,
    most: LevelFilter,
}

fn is_ractors(metadata: &Metadata<'_>) -> bool {
    metadata.target().split("::").next() == Some("ractor")
}

impl Subscriber for RactorFilter {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match is_ractors(metadata) {
            true => Interest::never(),
            false => self.subscriber.register_callsite(metadata),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !is_ractors(metadata) && self.subscriber.enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.subscriber.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.subscriber.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.subscriber.record_follows_from(span, follows);
    }

    fn event(&self, event: &Event<'_>) {
        self.subscriber.event(event);
    }

    fn enter(&self, span: &Id) {
        self.subscriber.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.subscriber.exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.subscriber.clone_span(span)
    }

    fn try_close(&self, span: Id) -> bool {
        self.subscriber.try_close(span)
    }

    fn current_span(&self) -> Current {
        self.subscriber.current_span()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::dispatcher::with_default;

    use super::*;

    #[test]
    fn what_ractor_says_is_left_out_and_everything_else_is_passed_on() {
        let handled = Arc::new(Mutex::new(Vec::new()));
        let here = Dispatch::new(Notes(Arc::clone(&handled)));
        with_default(&here, || {
            WithoutRactor::of_the_default().enter_thread();
            let span = tracing::info_span!(target: "app", "span");
            span.in_scope(|| tracing::info!(target: "ractorish", "event"));
            tracing::info_span!(target: "ractor::actor", "span").in_scope(|| {});
            tracing::info!(target: "ractor", "event");
            drop(span);
            WithoutRactor::leave_thread();
            tracing::info!(target: "ractor::actor", "event");
        });

        let through = ["new_span app", "enter", "event ractorish", "exit", "close", "event ractor::actor"];
        assert_eq!(*handled.lock().unwrap(), through);
    }

    #[test]
    fn without_a_subscriber_nothing_is_changed() {
        WithoutRactor::of_the_default().enter_thread();

        assert!(GUARD.with_borrow(Option::is_none));
    }

    /// A subscriber that notes how it is called.
    struct Notes(Arc<Mutex<Vec<String>>>);

    impl Notes {
        fn note(&self, call: &str) {
            self.0.lock().unwrap().push(call.to_owned());
        }
    }

    impl Subscriber for Notes {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, span: &Attributes<'_>) -> Id {
            self.note(&format!("new_span {}", span.metadata().target()));
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            self.note(&format!("event {}", event.metadata().target()));
        }

        fn enter(&self, _: &Id) {
            self.note("enter");
        }

        fn exit(&self, _: &Id) {
            self.note("exit");
        }

        fn try_close(&self, _: Id) -> bool {
            self.note("close");
            true
        }
    }
}
