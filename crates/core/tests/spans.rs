//! The spans in which children run, as a subscriber of `tracing` sees them.
//!
//! A program of their own, because a span that is first met without a subscriber may be taken for one that never
//! interests any, and all other tests run without one.

use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rootward_core::ractor::{Actor, ActorProcessingErr, ActorRef};
use rootward_core::{ChildSpec, Restart, Supervisor};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[tokio::test(start_paused = true)]
async fn what_a_task_says_is_said_in_the_span_of_its_incarnation() {
    let listener = Listener::default();
    let _listens = tracing::subscriber::set_default(listener.clone());
    let a = ChildSpec::task("a", |cx| async move {
        tracing::info!(target: "test", "hello");
        tokio::task::yield_now().await;
        tracing::info!(target: "test", "still here");
        if cx.incarnation() == 1 { Err("once more") } else { Ok(()) }
    });
    let root = Supervisor::new("root").child(a.restart(Restart::Transient));
    let tree = root.into_tree().unwrap().stop_when_idle(true).launch();
    tree.wait().await;

    let (first, second) = ("path=root/a incarnation=1 kind=task", "path=root/a incarnation=2 kind=task");
    assert_eq!(listener.spans_of_events(), [first, first, second, second]);
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_when_a_task_is_aborted_or_an_actor_killed_speaks_in_the_childs_span_too() {
    let listener = Listener::default();
    let _listens = tracing::subscriber::set_default(listener.clone());
    let task = ChildSpec::task("task", |_| async {
        let _last_words = LastWords;
        std::future::pending::<()>().await;
    });
    let actor = ChildSpec::actor("actor", || (Hangs, ()));
    let tree = Supervisor::new("root").child(task).child(actor).start().await.unwrap();
    // Both have come to their waits when there is nothing left to do.
    tokio::time::timeout(std::time::Duration::from_millis(1), std::future::pending::<()>())
        .await
        .unwrap_err();

    tree.force();
    tree.wait().await;

    let mut spans = listener.spans_of_events();
    spans.sort_unstable();
    assert_eq!(spans, ["path=root/actor incarnation=1 kind=actor", "path=root/task incarnation=1 kind=task"]);
}

#[test]
fn what_blocking_work_says_is_said_in_its_span() {
    let listener = Listener::default();
    let runtime = runtime_that_listens(&listener);
    let work = ChildSpec::blocking("work", |_| tracing::info!(target: "test", "hello"));
    let root = Supervisor::new("root").child(work.restart(Restart::Temporary));

    runtime.block_on(async { root.into_tree().unwrap().stop_when_idle(true).launch().wait().await });

    assert_eq!(listener.spans_of_events(), ["path=root/work incarnation=1 kind=task"]);
}

/// A runtime on whose threads, also those for blocking work, this is the default.
fn runtime_that_listens(listener: &Listener) -> tokio::runtime::Runtime {
    thread_local! {
        static LISTENS: RefCell<Option<tracing::subscriber::DefaultGuard>> = const { RefCell::new(None) };
    }
    let listener = listener.clone();
    let listen = move || LISTENS.set(Some(tracing::subscriber::set_default(listener.clone())));
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_time();
    builder.on_thread_start(listen).on_thread_stop(|| LISTENS.set(None));
    builder.build().expect("the system has a thread")
}

/// Says something when it is dropped.
struct LastWords;

impl Drop for LastWords {
    fn drop(&mut self) {
        tracing::info!(target: "test", "dropped");
    }
}

/// An actor whose start never comes to an end after it has succeeded.
struct Hangs;

#[cfg_attr(feature = "async-trait", rootward_core::ractor::async_trait)]
impl Actor for Hangs {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn post_start(&self, _: ActorRef<()>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        let _last_words = LastWords;
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_actor_says_is_said_in_its_span_from_its_making_to_its_last_drop() {
    struct Talker;
    impl Drop for Talker {
        fn drop(&mut self) {
            tracing::info!(target: "test", "dropped");
        }
    }
    #[cfg_attr(feature = "async-trait", rootward_core::ractor::async_trait)]
    impl Actor for Talker {
        type Msg = ();
        type State = ();
        type Arguments = ();

        async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
            tracing::info!(target: "test", "hello");
            Ok(())
        }

        async fn post_stop(&self, _: ActorRef<()>, (): &mut ()) -> Result<(), ActorProcessingErr> {
            tracing::info!(target: "test", "goodbye");
            Ok(())
        }
    }
    let listener = Listener::default();
    let _listens = tracing::subscriber::set_default(listener.clone());
    let a = ChildSpec::actor("a", || {
        tracing::info!(target: "test", "made");
        (Talker, ())
    });
    let tree = Supervisor::new("root").child(a).start().await.unwrap();

    tree.stop().await;

    assert_eq!(listener.spans_of_events(), ["path=root/a incarnation=1 kind=actor"; 4]);
}

thread_local! {
    /// The spans that have been entered on this thread. A test has a thread of its own.
    static ENTERED: RefCell<Vec<Id>> = const { RefCell::new(Vec::new()) };
}

/// Remembers in which span each event of a test happened.
#[derive(Clone, Default)]
struct Listener(Arc<Heard>);

#[derive(Default)]
struct Heard {
    last_id: AtomicU64,
    spans: Mutex<Vec<(Id, String)>>,
    events: Mutex<Vec<String>>,
}

impl Listener {
    fn spans_of_events(&self) -> Vec<String> {
        self.0.events.lock().expect("no test panics in there").clone()
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        ["test", "rootward"].contains(&metadata.target())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = Id::from_u64(self.0.last_id.fetch_add(1, Ordering::Relaxed) + 1);
        let mut fields = Fields(Vec::new());
        span.record(&mut fields);
        assert_eq!(span.metadata().name(), "child");
        self.0.spans.lock().expect("no test panics in there").push((id.clone(), fields.0.join(" ")));
        id
    }

    fn event(&self, event: &Event<'_>) {
        if event.metadata().target() != "test" {
            return;
        }
        let inside = ENTERED.with_borrow(|entered| entered.last().cloned());
        let spans = self.0.spans.lock().expect("no test panics in there");
        let span = spans.iter().find(|(id, _)| Some(id) == inside.as_ref());
        let name = span.map_or_else(|| "none".to_owned(), |(_, fields)| fields.clone());
        self.0.events.lock().expect("no test panics in there").push(name);
    }

    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.clone()));
    }

    fn exit(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| assert_eq!(entered.pop().as_ref(), Some(span)));
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}
}

/// A span's fields, as `name=value`.
struct Fields(Vec<String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push(format!("{}={value:?}", field.name()));
    }
}
