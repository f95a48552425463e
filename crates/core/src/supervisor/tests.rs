//! What becomes of a supervisor's children when its own actor fails.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::mailbox::{SharedSupervisor, SupervisorMessage};
use super::start::SupervisorStart;
use super::start_child::{Offer, PendingAnswer};
use super::{StartChildError, Supervisor};
use crate::child::{ChildId, ChildPath, Exit, Shutdown, StopCause};
use crate::child_kind::{ChildReport, Report, ReportListener, Reporter, StartContext, StopRequest};
use crate::context::{Provisions, StopReach, TreeContext};
use crate::event::{EventKind, Events, Record};
use crate::policy::ChildKey;
use crate::spec::ChildSpec;

#[tokio::test(start_paused = true)]
async fn when_the_actor_fails_the_children_are_stopped_in_reverse_order_before_the_parent_hears_of_it() {
    let mut given = given_a_supervisor_with([forever("a"), forever("b")]);
    given.until_started().await;

    given.shared.send(SupervisorMessage::Poison);

    let exit = given.end().await;
    assert!(matches!(exit, Exit::Panicked(_)), "{exit}");
    assert_eq!(given.stopped().await, ["sup/b", "sup/a"]);
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_fails_again_and_again_still_ends_with_everything_gone() {
    let mut given = given_a_supervisor_with([forever("a"), stubborn("b")]);
    given.until_started().await;

    for _ in 0..10 {
        given.shared.send(SupervisorMessage::Poison);
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
    given.shared.send(SupervisorMessage::Poison);

    let exit = given.end().await;
    assert!(matches!(exit, Exit::Panicked(_)), "{exit}");
}

#[tokio::test(start_paused = true)]
async fn when_the_parent_hears_of_the_end_the_engine_and_what_it_held_are_gone() {
    let alive = Arc::new(());
    let (weak, captured) = (Arc::downgrade(&alive), alive);
    let child = ChildSpec::task("a", move |cx| {
        let _captured = &captured;
        async move { cx.stopping().await }
    });
    let mut given = given_a_supervisor_with([child]);
    given.until_started().await;
    given.looks_at(weak);

    given.shared.send(SupervisorMessage::Stop(StopRequest::new(StopCause::Api, None)));

    given.end().await;
    assert_eq!(
        given.seen(),
        [0],
        "what a child's spec had captured, at the very moment of the acknowledgement"
    );
}

/// OTP rule 15.
#[tokio::test(start_paused = true)]
async fn a_supervisor_ends_with_shutdown_whether_it_was_asked_or_gave_up() {
    let mut asked = given_a_supervisor_with([forever("a")]);
    asked.until_started().await;
    asked.shared.send(SupervisorMessage::Stop(StopRequest::new(StopCause::Api, None)));
    let fails = ChildSpec::task("a", |_| std::future::ready(Err::<(), _>("no")));
    let mut gives_up = given_a_supervisor_with([fails]);

    assert_eq!((asked.end().await, gives_up.end().await), (Exit::Shutdown, Exit::Shutdown));
    assert_eq!(asked.stopped().await, ["sup/a"]);
}

/// OTP rule 16.
#[test]
fn a_runtime_that_goes_ends_everything_and_the_parent_hears_of_it() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let mut given = runtime.block_on(async {
        let mut given = given_a_supervisor_with([forever("a"), stubborn("b")]);
        given.until_started().await;
        given
    });

    drop(runtime);

    let Some(Report::Ended { end, .. }) = given.said() else {
        panic!("the supervisor has said how it ended")
    };
    assert!(matches!(end.exit(), Exit::Panicked(_)));
    assert_eq!(end.children().copy().len(), 2);
    given.record.close();
    let mut stopped = Vec::new();
    while let Ok(Some(event)) = given.events.blocking_next() {
        stopped.extend(matches!(event.what, EventKind::Stopped { .. }).then(|| event.path.to_string()));
    }
    assert_eq!(stopped, ["sup/b", "sup/a"]);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_that_is_gone_refuses_what_still_lies_in_its_mailbox() {
    let mut given = given_a_supervisor_with([]);
    given.until_started().await;
    let (_lies_there, answer) = oneshot::channel();
    let offer = Offer::new(forever("a"), PendingAnswer::new(answer, Arc::clone(&given.shared)));

    given.shared.send(SupervisorMessage::Stop(StopRequest::new(StopCause::Api, None)));
    given.end().await;

    let answer = tokio::time::timeout(HOUR, offer.answer()).await;
    assert!(matches!(answer, Ok(Err(StartChildError::NotRunning { .. }))), "{answer:?}");
}

const HOUR: Duration = Duration::from_secs(3600);

// --- a parent that only listens ---

struct Given {
    shared: Arc<SharedSupervisor>,
    parent: Arc<Parent>,
    reports: mpsc::UnboundedReceiver<ChildReport>,
    events: Events,
    record: Arc<Record>,
}

/// Looks, at the very moment when it is told something, how many hold what it watches.
struct Parent {
    sender: mpsc::UnboundedSender<ChildReport>,
    watched: Mutex<Weak<()>>,
    seen: Mutex<Vec<usize>>,
}

impl ReportListener for Parent {
    fn hear(&self, report: ChildReport) {
        if let Report::Ended { .. } = report.report {
            self.seen.lock().unwrap().push(self.watched.lock().unwrap().strong_count());
        }
        let _ = self.sender.send(report);
    }
}

fn given_a_supervisor_with<const N: usize>(children: [ChildSpec; N]) -> Given {
    let record = Arc::new(Record::new(1000));
    let events = record.subscribe();
    let runtime = tokio::runtime::Handle::current();
    let (provisions, reach) = (Provisions::default(), StopReach::default());
    let tree = TreeContext::new(Arc::clone(&record), runtime.clone(), runtime, provisions, reach);
    let (sender, reports) = mpsc::unbounded_channel();
    let (watched, seen) = (Mutex::new(Weak::new()), Mutex::default());
    let parent = Arc::new(Parent { sender, watched, seen });
    let listener: Arc<dyn ReportListener> = parent.clone();
    let start = SupervisorStart::new(Supervisor::new("sup").children(children));
    let scope = Arc::clone(tree.scope());
    let prepared = start.prepare(StartContext {
        path: ChildPath::root(&ChildId::new("sup").unwrap()),
        incarnation: 1,
        shutdown: Shutdown::Infinity,
        reporter: Reporter::new(listener, ChildKey(0), 1, None),
        tree,
        scope,
    });
    prepared.begin();
    let shared = prepared.shared();
    Given { shared, parent, reports, events, record }
}

impl Given {
    async fn until_started(&mut self) {
        let report = self.report().await;
        assert!(matches!(report, Report::Started { .. }));
    }

    fn looks_at(&mut self, watched: Weak<()>) {
        *self.parent.watched.lock().unwrap() = watched;
    }

    fn seen(&self) -> Vec<usize> {
        self.parent.seen.lock().unwrap().clone()
    }

    async fn end(&mut self) -> Exit {
        loop {
            if let Report::Ended { end, .. } = self.report().await {
                return end.exit();
            }
        }
    }

    async fn report(&mut self) -> Report {
        self.reports.recv().await.expect("the test holds the sender").report
    }

    /// What has been said last.
    fn said(&mut self) -> Option<Report> {
        let mut last = None;
        while let Ok(said) = self.reports.try_recv() {
            last = Some(said.report);
        }
        last
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

fn stubborn(id: &str) -> ChildSpec {
    ChildSpec::task(id, |_| std::future::pending::<()>())
}
