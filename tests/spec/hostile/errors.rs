//! Errors of users that block, panic or look at the tree when they are read or dropped.
//!
//! A supervisor writes down why a child of its own could not be started. Nothing else in the library reads an error,
//! so that what it does concerns that supervisor alone, or the task that returned it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use rootward::child_kind::{Launch, RunningChild, StopRequest};
use rootward::error::{StartChildError, StartError, TreeStartError};
use rootward::event::StopCause;
use rootward::report::{Ending, Outcome, StuckIn};
use rootward::{ChildSpec, DynamicSupervisor, EventKind, Exit, Restart, Supervisor};

use crate::support::{
    Blocked, Deed, Lookout, OtherRuntime, WhenDropped, blocks, builder, given, given_tree, launched,
    launched_tree, obedient, panics, settle, started_by, stuck, within,
};

#[tokio::test(start_paused = true)]
async fn an_error_from_deep_below_is_read_once_and_its_text_stands_in_every_event_and_in_the_report() {
    let read = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&read);
    let error = HostileError::new().read(Arc::new(move || {
        counts.fetch_add(1, Ordering::SeqCst);
    }));
    let inner = Supervisor::new("inner").child(Supervisor::new("deep").child(cannot_start("a", error)));
    let (tree, log) = launched(Supervisor::new("root").child(inner));

    let Err(TreeStartError::Start { report, .. }) = tree.started().await else { panic!("it cannot start") };

    let record = log.until_the_end().await;
    let told = |path: &str| {
        let EventKind::StartFailed { error, .. } = &record.find(path, "start_failed").what else {
            unreachable!("it was looked for by its name")
        };
        error.clone()
    };
    assert_eq!(told("inner/deep/a"), "a hostile error");
    assert_eq!(told("inner/deep"), "failed to start root/inner/deep/a: a hostile error");
    let whole =
        format!("failed to start root/inner: failed to start root/inner/deep: {}", told("inner/deep"));
    assert_eq!(told("root"), whole);
    assert_eq!(report.start_failure(), Some(&*whole));
    assert!(report.to_string().contains(&whole));
    assert_eq!(serde_json::to_value(&*report).unwrap()["start_error"], *whole);
    assert_eq!(read.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_that_is_blocked_by_an_error_that_it_reads_holds_up_no_other() {
    let (blocked, release) = Blocked::new();
    let (jobs, others) = (DynamicSupervisor::new("jobs"), DynamicSupervisor::new("others"));
    let root = Supervisor::new("root").child(jobs).child(others);
    let (tree, _log) = given_tree(builder(root).deadline(SHORT)).await;
    let jobs = tree.supervisor("root/jobs").unwrap();
    let fails = cannot_start("a", HostileError::new().read(blocks(&blocked)));
    let mut offer = Box::pin(jobs.start_child(fails));
    assert!(offer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    blocked.is_there().await;

    let others = tree.supervisor("root/others").unwrap();
    within("a start elsewhere", others.start_child(obedient("b"))).await.unwrap();
    let report = tree.stop().await;

    assert_eq!(report.ending, Ending::Incomplete);
    let outcome = |path: &str| report.find(path).map(|node| node.outcome);
    assert_eq!(outcome("root/jobs"), Some(Outcome::Unreapable));
    assert_eq!(outcome("root/others"), Some(Outcome::Graceful));
    drop(release);
    let answer = within("an answer", offer).await;
    assert!(
        matches!(answer, Err(StartChildError::Failed(_) | StartChildError::NotRunning { .. })),
        "{answer:?}"
    );
    tree.wait_gone().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_of_the_tree_that_is_blocked_by_an_error_is_over_at_the_deadline_of_its_stop() {
    let (blocked, release) = Blocked::new();
    let fails = cannot_start("b", HostileError::new().read(blocks(&blocked)));
    let inner = Supervisor::new("inner").child(fails);
    let root = Supervisor::new("root").child(obedient("a")).child(inner);
    let (tree, _log) = launched_tree(builder(root).deadline(SHORT));
    blocked.is_there().await;

    let report = tree.stop().await;

    assert_eq!(report.start_failure(), Some("it was stopped before it had started"));
    assert_eq!(report.find("root/inner").map(|inner| inner.outcome), Some(Outcome::Unreapable));
    drop(release);
    tree.wait_gone().await;
}

#[tokio::test]
async fn a_task_that_is_blocked_by_the_error_that_it_returns_is_named_as_inside_its_poll() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let a = returns("a", HostileError::new().read(blocks(&blocked)));
    let root =
        builder(Supervisor::new("root").child(obedient("b")).child(a)).deadline(Duration::from_secs(1));
    let (tree, _log) = given_tree(root.task_runtime(elsewhere.handle().clone())).await;
    blocked.is_there().await;

    tree.force();
    let report = tree.wait().await;

    assert_eq!(stuck(&report, "root/a").why, StuckIn::Poll);
    drop(release);
    tree.wait_gone().await;
}

#[tokio::test(start_paused = true)]
async fn an_error_that_panics_when_a_task_returns_it_is_that_tasks_failure() {
    let errors = [
        (HostileError::new().read(panics()), UNREADABLE),
        (HostileError::new().traced(panics()), UNREADABLE),
        (HostileError::new().dropped(panics()), "hostile code panics"),
    ];
    for (error, told) in errors {
        let a = returns("a", error).restart(Restart::Temporary);
        let (tree, mut log) = given(Supervisor::new("root").child(a)).await;

        let exited = log.wait_for_event("a", "exited").await;

        let EventKind::Exited { status, .. } = &exited.what else { unreachable!("it was waited for") };
        let said = match status {
            Some(Exit::Failed { error }) => error,
            Some(Exit::Panicked(panic)) => &panic.message,
            status => panic!("it failed: {status:?}"),
        };
        assert_eq!(said, told);
        assert!(tree.stop().await.clean);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_panics_or_looks_at_the_tree_when_it_is_read_is_still_a_failed_start() {
    let lookout = Lookout::default();
    let errors = [
        HostileError::new().read(panics()),
        HostileError::new().traced(panics()),
        HostileError::new().read(lookout.looks()),
    ];
    for error in errors {
        let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
        lookout.sees(&tree);
        let jobs = tree.supervisor("root/jobs").unwrap();

        let answer = within("an answer", jobs.start_child(cannot_start("a", error))).await;

        assert!(matches!(answer, Err(StartChildError::Failed(_))), "{answer:?}");
        within("a start", jobs.start_child(obedient("b"))).await.unwrap();
        assert!(tree.stop().await.clean);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_panics_or_looks_at_the_tree_when_it_is_dropped_takes_no_supervisor_with_it() {
    for (deed, lookout) in drops() {
        let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
        lookout.sees(&tree);
        let jobs = tree.supervisor("root/jobs").unwrap();
        let mut offer = Box::pin(jobs.start_child(cannot_start("a", HostileError::new().dropped(deed))));
        assert!(offer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());

        // Its caller has given up waiting, so that the supervisor is the last to hold it: as its latest failure.
        drop(offer);
        settle().await;
        let answer = within("an answer", jobs.start_child(cannot_start("b", HostileError::new()))).await;

        assert!(matches!(answer, Err(StartChildError::Failed(_))), "{answer:?}");
        assert!(lookout.has_looked());
        within("a start", jobs.start_child(obedient("c"))).await.unwrap();
        assert!(tree.stop().await.clean);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_comes_after_its_start_was_given_up_may_panic_or_look_at_the_tree_when_it_is_dropped() {
    for (deed, lookout) in drops() {
        let deed = Arc::clone(&deed);
        let late = started_by("a", move |cx| {
            let error = StartError::new(HostileError::new().dropped(Arc::clone(&deed)));
            Launch::starting(FailsWhenForced(Some((cx.reporter, error))))
        });
        let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
        lookout.sees(&tree);
        let jobs = tree.supervisor("root/jobs").unwrap();

        let answer = within("an answer", jobs.start_child(late.start_timeout(SHORT))).await;

        let Err(StartChildError::Failed(error)) = answer else { panic!("it is given up: {answer:?}") };
        assert!(error.describe().ends_with("it had not started after 2s"), "{}", error.describe());
        assert!(lookout.has_looked());
        within("a start", jobs.start_child(obedient("b"))).await.unwrap();
        assert!(tree.stop().await.clean);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_gives_up_after_a_start_that_failed_ends_although_the_drop_of_its_error_misbehaves() {
    for (deed, lookout) in drops() {
        let error = std::sync::Mutex::new(Some(HostileError::new().dropped(deed)));
        let only_once = started_by("a", move |cx| match cx.incarnation {
            1 => {
                cx.reporter.ended(Exit::Aborted);
                Launch::running(Gone)
            }
            _ => Launch::Failed(error.lock().unwrap().take().map_or(StartError::Stopped, StartError::new)),
        });
        let inner = Supervisor::new("inner").intensity(1, Duration::from_secs(1)).child(only_once);
        let root =
            Supervisor::new("root").intensity(0, Duration::from_secs(1)).child(obedient("b")).child(inner);
        let (tree, log) = launched(root);
        lookout.sees(&tree);

        let report = tree.wait().await;

        assert_eq!((report.ending, report.cause), (Ending::Failed, StopCause::GaveUp));
        assert!(lookout.has_looked());
        assert_eq!(log.until_the_end().await.paths("stopped"), ["b", "root"]);
    }
}

const SHORT: Duration = Duration::from_secs(2);

const UNREADABLE: &str = "(an error that panics when it is written down)";

/// A deed and what shows that it has been done: a look at the tree, and a look followed by a panic.
fn drops() -> [(Deed, Lookout); 2] {
    let (looks, panicking) = (Lookout::default(), Lookout::default());
    let (before, panics) = (panicking.looks(), panics());
    let looks_and_panics: Deed = Arc::new(move || {
        before();
        panics();
    });
    [(looks.looks(), looks), (looks_and_panics, panicking)]
}

/// A child whose start fails with this error.
fn cannot_start(id: &str, error: HostileError) -> ChildSpec {
    let error = std::sync::Mutex::new(Some(error));
    started_by(id, move |_| {
        let error = error
            .lock()
            .expect("no thread panics while it holds the lock")
            .take()
            .expect("it is started once");
        Launch::Failed(StartError::new(error))
    })
    .restart(Restart::Temporary)
}

/// A task that returns this error.
fn returns(id: &str, error: HostileError) -> ChildSpec {
    let error = std::sync::Mutex::new(Some(error));
    ChildSpec::task(id, move |_| {
        let error = error.lock().expect("no thread panics while it holds the lock").take();
        async move { error.map_or(Ok(()), Err) }
    })
}

/// An error that does a deed when it is read, when it is asked for its source, or when it is dropped.
#[derive(Clone, Default)]
struct HostileError {
    read: Option<Deed>,
    traced: Option<Deed>,
    _dropped: Option<Arc<WhenDropped>>,
}

impl HostileError {
    fn new() -> Self {
        Self::default()
    }

    fn read(self, deed: Deed) -> Self {
        Self { read: Some(deed), ..self }
    }

    fn traced(self, deed: Deed) -> Self {
        Self { traced: Some(deed), ..self }
    }

    fn dropped(self, deed: Deed) -> Self {
        Self { _dropped: Some(Arc::new(WhenDropped(deed))), ..self }
    }
}

impl fmt::Display for HostileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(deed) = &self.read {
            deed();
        }
        f.write_str("a hostile error")
    }
}

impl fmt::Debug for HostileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for HostileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if let Some(deed) = &self.traced {
            deed();
        }
        None
    }
}

/// A child that begins to start, and cannot when it is forced.
struct FailsWhenForced(Option<(rootward::child_kind::Reporter, StartError)>);

impl RunningChild for FailsWhenForced {
    fn stop(&mut self, _: StopRequest) {}

    fn force(&mut self) {
        if let Some((reporter, error)) = self.0.take() {
            reporter.failed(error);
        }
    }

    fn force_name(&self) -> &'static str {
        "force"
    }
}

/// What is held of a child that has ended before its start was answered.
struct Gone;

impl RunningChild for Gone {
    fn stop(&mut self, _: StopRequest) {}

    fn force(&mut self) {}

    fn force_name(&self) -> &'static str {
        "force"
    }
}
