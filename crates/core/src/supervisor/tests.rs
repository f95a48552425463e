//! What becomes of a supervisor's children when its own actor fails.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Wake, Waker};

use tokio::sync::Notify;

use super::Supervisor;
use super::keeper::{Shared, SupervisorStart};
use crate::child::{ChildId, ChildPath, ChildSpec, Exit, Shutdown};
use crate::event::{EventKind, Events, Record, StopCause};
use crate::policy::{ChildKey, Queue};
use crate::port::{Inbox, Mail, Report, Reporter, StartContext, StopRequest};
use crate::tree::TreeContext;

#[tokio::test(start_paused = true)]
async fn when_the_actor_fails_the_children_are_stopped_in_reverse_order_before_the_parent_hears_of_it() {
    let mut given = given_a_supervisor_with([forever("a"), forever("b")]);
    given.until_started().await;

    given.shared.inbox().deliver(Mail::Poison);

    let exit = given.end().await;
    assert!(matches!(exit, Exit::Panicked(_)), "{exit}");
    assert_eq!(given.stopped().await, ["sup/b", "sup/a"]);
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_fails_again_and_again_still_ends_with_everything_gone() {
    let mut given = given_a_supervisor_with([forever("a"), stubborn("b")]);
    given.until_started().await;

    for _ in 0..10 {
        given.shared.inbox().deliver(Mail::Poison);
    }

    let exit = given.end().await;
    assert!(matches!(exit, Exit::Panicked(_)), "{exit}");
    let mut stopped = given.stopped().await;
    stopped.sort();
    assert_eq!(stopped, ["sup/a", "sup/b"]);
}

#[tokio::test(start_paused = true)]
async fn mail_that_had_arrived_before_the_actor_failed_is_not_lost() {
    let mut given = given_a_supervisor_with([ChildSpec::task("a", |_| std::future::ready(()))]);

    // The poison is ahead of everything the child says.
    given.shared.inbox().deliver(Mail::Poison);

    let exit = given.end().await;
    assert!(matches!(exit, Exit::Panicked(_)), "{exit}");
}

#[tokio::test(start_paused = true)]
async fn a_child_that_ends_while_all_stop_asks_the_next_without_waking_the_actor() {
    let end = Arc::new(Notify::new());
    let mut given = given_a_supervisor_with([forever("a"), forever("b"), held("c", &end)]);
    given.until_started().await;
    assert!(!given.shared.inbox().has_deputy());
    given.stop_until_it_waits_for("sup/c").await;
    assert!(given.shared.inbox().has_deputy());
    let actor = Arc::new(Actor::default());
    let waker = Waker::from(Arc::clone(&actor));
    let shared = Arc::clone(&given.shared);
    let wait = pin!(shared.inbox().arrival_or_call(&shared));
    assert!(wait.poll(&mut Context::from_waker(&waker)).is_pending());

    end.notify_one();

    assert_eq!(actor.woken.notified().await, ());
    assert_eq!(actor.wakes.load(Ordering::Relaxed), 1, "when there is nobody left to ask");
    assert_eq!(given.stopped().await, ["sup/c", "sup/b", "sup/a"]);
}

#[tokio::test(start_paused = true)]
async fn by_a_turn_that_fails_in_the_actors_place_the_actor_fails_and_the_rest_is_stopped_in_order() {
    let end = Arc::new(Notify::new());
    let mut given = given_a_supervisor_with([forever("a"), held("b", &end)]);
    given.until_started().await;
    given.stop_until_it_waits_for("sup/b").await;

    given.shared.inbox().settle(Mail::Poison);
    end.notify_one();

    let exit = given.end().await;
    assert!(matches!(exit, Exit::Panicked(_)), "{exit}");
    assert_eq!(given.stopped().await, ["sup/b", "sup/a"]);
}

#[tokio::test(start_paused = true)]
async fn when_the_parent_hears_of_the_end_nobody_holds_the_state_any_more() {
    let mut given = given_a_supervisor_with([forever("a")]);
    given.until_started().await;
    let Given { shared, inbox, .. } = given;
    let parent =
        Arc::new(Parent { state: Arc::downgrade(&shared), heard: Notify::new(), left: OnceLock::new() });
    let waker = Waker::from(Arc::clone(&parent));
    assert!(pin!(inbox.arrival()).poll(&mut Context::from_waker(&waker)).is_pending());

    shared.inbox().deliver(Mail::Stop(StopRequest::new(StopCause::Api, None)));
    drop(shared);

    parent.heard.notified().await;
    assert_eq!(parent.left.get(), Some(&0));
}

/// Looks, at the very moment when it is told something, how many hold the supervisor's state.
struct Parent {
    state: Weak<Shared>,
    heard: Notify,
    left: OnceLock<usize>,
}

impl Wake for Parent {
    fn wake(self: Arc<Self>) {
        let _ = self.left.set(self.state.strong_count());
        self.heard.notify_one();
    }
}

/// Stands in for an actor that waits.
#[derive(Default)]
struct Actor {
    wakes: AtomicUsize,
    woken: Notify,
}

impl Wake for Actor {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
        self.woken.notify_one();
    }
}

// --- a parent that only listens ---

struct Given {
    shared: Arc<Shared>,
    inbox: Arc<Inbox>,
    mail: Queue<Mail>,
    events: Events,
    record: Arc<Record>,
}

fn given_a_supervisor_with<const N: usize>(children: [ChildSpec; N]) -> Given {
    let record = Arc::new(Record::new(1000));
    let events = record.subscribe();
    let runtime = tokio::runtime::Handle::current();
    let tree = TreeContext::new(Arc::clone(&record), runtime.clone(), runtime, Default::default());
    let inbox = Inbox::new();
    let start = SupervisorStart::new(Supervisor::new("sup").children(children));
    let shared = start.launch(StartContext {
        path: ChildPath::root(&ChildId::new("sup").unwrap()),
        incarnation: 1,
        shutdown: Shutdown::Infinity,
        reporter: Reporter::new(Arc::clone(&inbox), ChildKey(0), 1, None),
        tree,
    });
    Given { shared, inbox, mail: Queue::new(), events, record }
}

impl Given {
    async fn until_started(&mut self) {
        let report = self.report().await;
        assert!(matches!(report, Report::Started { .. }));
    }

    /// Asks it to stop, and waits until it has asked this child.
    async fn stop_until_it_waits_for(&mut self, child: &str) {
        self.shared.inbox().deliver(Mail::Stop(StopRequest::new(StopCause::Api, None)));
        let mut events = self.record.subscribe();
        while let Ok(Some(event)) = events.next().await {
            if matches!(event.what, EventKind::Stopping { .. }) && event.path == *child {
                return;
            }
        }
    }

    async fn end(&mut self) -> Exit {
        loop {
            if let Report::Ended(fate) = self.report().await {
                return fate.exit();
            }
        }
    }

    async fn report(&mut self) -> Report {
        while self.mail.is_empty() {
            self.inbox.arrival().await;
            self.inbox.collect(&mut self.mail);
        }
        match self.mail.pop_front() {
            Some(Mail::Child { report, .. }) => report,
            Some(_) | None => panic!("a supervisor only reports"),
        }
    }

    /// The paths of the children in the order of their acknowledgements.
    async fn stopped(&mut self) -> Vec<String> {
        self.record.close();
        let mut paths = Vec::new();
        while let Ok(Some(event)) = self.events.next().await {
            if matches!(event.what, EventKind::Stopped { .. }) {
                paths.push(event.path.to_string());
            }
        }
        paths
    }
}

fn forever(id: &str) -> ChildSpec {
    ChildSpec::task(id, |cx| async move { cx.stopping().await })
}

/// Ends when it has been asked to, and then told.
fn held(id: &str, end: &Arc<Notify>) -> ChildSpec {
    let end = Arc::clone(end);
    ChildSpec::task(id, move |cx| {
        let end = Arc::clone(&end);
        async move {
            cx.stopping().await;
            end.notified().await;
        }
    })
}

fn stubborn(id: &str) -> ChildSpec {
    ChildSpec::task(id, |_| std::future::pending::<()>())
}
