//! What is told of a tree, event by event and look by look. Without a tree: events are made up.

use std::sync::{Arc, LazyLock, Mutex, mpsc};

use rootward_core::{ChildPath, ChildSpec, Launch, Outcome, Restart, StartChild, StartContext, Supervisor};
use tokio::runtime::Builder;

use super::ManagerMessage::{Errno, ExtendTimeout, Ready, Reloading, Stopping, Watchdog};
use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// An event and a look of a real tree, which others are made of.
static SEEN: LazyLock<(Event, TreeSnapshot)> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let child = ChildSpec::task("a", |cx| async move { cx.stopping().await });
        let mut builder = Supervisor::new("root").child(child).into_tree().unwrap();
        let mut events = builder.subscribe();
        let tree = builder.start().await.unwrap();
        let event = events.next().await.unwrap().expect("a tree has a first event");
        let snapshot = tree.snapshot();
        tree.stop().await;
        (Event::clone(&event), snapshot)
    })
});

fn event(path: &str, what: EventKind) -> Event {
    let mut event = SEEN.0.clone();
    event.path = serde_json::from_value::<ChildPath>(path.into()).unwrap();
    event.what = what;
    event
}

fn look(state: ChildState) -> TreeSnapshot {
    let mut snapshot = SEEN.1.clone();
    snapshot.root.state = state;
    snapshot
}

fn starting() -> EventKind {
    EventKind::Starting
}

fn started() -> EventKind {
    EventKind::Started { pid: None }
}

fn stopping() -> EventKind {
    EventKind::Stopping { cause: StopCause::Api, signal: None, grace: None }
}

fn restarting() -> EventKind {
    EventKind::Restarting { attempt: 2, delay: SECOND }
}

fn status(text: &str) -> ManagerMessage {
    ManagerMessage::Status(text.to_owned())
}

/// A notifier, and a clock that goes on for so long before each event that nothing has to wait.
struct Told {
    notifier: Notifier,
    now: Instant,
}

impl Told {
    fn new(deadline: Option<Duration>, watchdog: Option<Duration>) -> Self {
        let now = tokio::time::Instant::now().into_std();
        Self { notifier: Notifier::new("root", deadline, watchdog), now }
    }

    /// Of a tree that has started.
    fn up(deadline: Option<Duration>, watchdog: Option<Duration>) -> Self {
        let mut told = Self::new(deadline, watchdog);
        told.hear("root", starting());
        told.hear("root", started());
        told
    }

    fn hear(&mut self, path: &str, what: EventKind) -> Vec<ManagerMessage> {
        self.now += SECOND;
        self.hear_at_once(path, what)
    }

    fn hear_at_once(&mut self, path: &str, what: EventKind) -> Vec<ManagerMessage> {
        self.notifier.hear(&event(path, what), self.now)
    }

    fn news_after(&mut self, millis: u64) -> Vec<ManagerMessage> {
        self.notifier.news(self.now + Duration::from_millis(millis))
    }

    fn wakes_after(&self) -> Option<Duration> {
        self.notifier.wakes_at().map(|at| at.saturating_duration_since(self.now))
    }
}

#[test]
fn the_tree_is_ready_when_the_root_has_started_and_not_when_a_child_has() {
    let mut told = Told::new(None, None);
    told.hear("root", starting());

    assert_eq!(told.hear("root/a", started()), [ExtendTimeout(START_STEP)]);
    assert_eq!(told.hear("root", started()), [Ready, status("running")]);
    assert_eq!(told.hear("root/a", started()), [], "the start is over, and nothing has changed");
}

#[test]
fn the_status_of_a_start_ends_with_it_however_soon_that_is() {
    let mut told = Told::new(None, None);
    told.hear("root/a", starting());

    assert_eq!(told.hear_at_once("root", started()), [Ready, status("running")]);
    assert_eq!(told.news_after(100), []);
}

#[test]
fn a_start_is_extended_while_children_start_and_ten_times_a_second_at_most() {
    let mut told = Told::new(Some(SECOND), None);
    told.hear("root", starting());

    assert_eq!(told.hear_at_once("root/a", starting()), []);
    assert_eq!(told.wakes_after(), Some(STATUS_PERIOD));
    assert_eq!(told.news_after(99), []);
    assert_eq!(told.news_after(100), [ExtendTimeout(START_STEP), status("starting root/a")]);
    assert_eq!(told.wakes_after(), None);
    assert_eq!(told.news_after(1000), [], "each of them is told once");
}

#[test]
fn what_has_to_wait_is_a_start_that_has_gone_on_or_another_status() {
    let mut told = Told::new(None, None);
    told.hear("root/a", starting());
    told.hear_at_once("root/a", started());
    assert_eq!(told.wakes_after(), Some(STATUS_PERIOD), "a start that has gone on");
    assert_eq!(told.news_after(100), [ExtendTimeout(START_STEP)]);

    let mut told = Told::up(None, None);
    told.hear_at_once("root/a", restarting());
    assert_eq!(told.wakes_after(), Some(STATUS_PERIOD), "another status");
    assert_eq!(told.news_after(100), [status("running; root/a is restarted (attempt 2)")]);
}

#[test]
fn the_status_says_how_the_start_goes_and_a_start_that_waits_is_not_extended() {
    let mut told = Told::new(None, None);
    let failed = EventKind::StartFailed { error: "no such\nfile".to_owned(), stragglers: Vec::new() };

    assert_eq!(told.hear("root", starting()), [ExtendTimeout(START_STEP), status("starting root")]);
    let waits = told.hear("root/a", EventKind::NotReady { elapsed: SECOND });
    assert_eq!(waits, [status("waiting for root/a to be ready")]);
    assert_eq!(told.hear("root/a", failed), [status("root/a could not be started: no such file")]);
}

#[test]
fn the_status_says_what_happens_to_a_tree_that_runs() {
    let mut told = Told::up(None, None);
    let gave_up = EventKind::GaveUp { restarts: 1, within: SECOND };

    assert_eq!(told.hear("root/a", restarting()), [status("running; root/a is restarted (attempt 2)")]);
    assert_eq!(told.hear("root/a", starting()), [], "that is no start of the tree");
    assert_eq!(told.hear("root/a", started()), [status("running")]);
    assert_eq!(told.hear("root/a", EventKind::NotReady { elapsed: SECOND }), []);
    assert_eq!(told.hear("root/a", stopping()), [], "a child that is stopped is not the tree");
    assert_eq!(told.hear("root/a", gave_up), [status("root/a has given up")]);
}

#[test]
fn the_status_says_how_a_stop_goes() {
    let mut told = Told::up(None, None);
    let stopped = EventKind::Stopped {
        outcome: Outcome::Graceful,
        status: None,
        elapsed: SECOND,
        stragglers: Vec::new(),
    };

    let begins = told.hear("root", stopping());
    assert_eq!(begins, [Stopping, ExtendTimeout(STOP_STEP), status("stopping")]);
    assert_eq!(told.hear("root/a", stopping()), [status("stopping root/a")]);
    let escalated = EventKind::Escalated { to: "SIGKILL".into() };
    assert_eq!(told.hear("root/a", escalated), [status("stopping root/a: it gets SIGKILL")]);
    assert_eq!(told.hear("root/a", stopped), []);
    let gave_up = EventKind::GaveUp { restarts: 1, within: SECOND };
    assert_eq!(told.hear("root/s", gave_up), [], "the tree does not stop for it");
}

#[test]
fn what_brings_the_tree_down_stays_in_the_status_while_it_stops() {
    let start_failed = EventKind::StartFailed { error: "no such file".to_owned(), stragglers: Vec::new() };
    let stopping_for = |cause| EventKind::Stopping { cause, signal: None, grace: None };
    let mut told = Told::new(None, None);
    told.hear("root", starting());
    told.hear("root/a", start_failed);
    let begins = told.hear("root", stopping_for(StopCause::StartFailed));
    assert_eq!(begins.last(), Some(&status("stopping; root/a could not be started: no such file")));
    let goes_on = told.hear("root/b", stopping());
    assert_eq!(goes_on, [status("stopping root/b; root/a could not be started: no such file")]);

    let mut told = Told::up(None, None);
    told.hear("root", EventKind::GaveUp { restarts: 1, within: SECOND });
    let begins = told.hear("root", stopping_for(StopCause::GaveUp));
    assert_eq!(begins.last(), Some(&status("stopping; root has given up")));
}

#[test]
fn what_went_wrong_before_a_stop_for_another_cause_is_not_in_its_status() {
    for is_well_again in [false, true] {
        let mut told = Told::up(None, None);
        told.hear("root/a", EventKind::GaveUp { restarts: 1, within: SECOND });
        if is_well_again {
            told.hear("root/a", started());
        }
        let cause = if is_well_again { StopCause::AutoShutdown } else { StopCause::Api };

        let begins = told.hear("root", EventKind::Stopping { cause, signal: None, grace: None });

        assert_eq!(begins.last(), Some(&status("stopping")), "{is_well_again}");
    }
}

#[test]
fn the_last_status_says_how_the_tree_has_ended_and_leaves_the_exit_status_to_the_program() {
    let last = |report: &StopReport| Told::up(None, None).notifier.end(Some(report));
    let root = || Supervisor::new("root");
    let fails =
        || ChildSpec::task("a", |_| async { Err::<(), io::Error>(io::Error::other("connection refused")) });
    let deaf =
        || ChildSpec::task("deaf", |_| std::future::pending::<()>()).shutdown(Duration::from_millis(1));

    let clean =
        report_of_stopped(root().child(ChildSpec::task("a", |cx| async move { cx.stopping().await })));
    assert_eq!(last(&clean), [status("stopped")]);

    let gave_up = report_of(root().child(fails().restart(Restart::Permanent)));
    let because = "root/a failed: connection refused, and root gave up: more than 1 restart within 5s";
    assert_eq!(last(&gave_up), [status(&format!("failed: {because}"))]);

    let not_started = report_of(root().child(Supervisor::new("s").child(ChildSpec::new("a", Missing))));
    let because = "could not be started: failed to start root/s: failed to start root/s/a: \
                   No such file or directory (os error 2)";
    assert_eq!(last(&not_started), [status(because), Errno(2)]);

    let mut no_blame = StopReport::clone(&gave_up);
    no_blame.blame = None;
    let cause = no_blame.cause;
    assert_eq!(last(&no_blame), [status(&format!("failed: {cause}"))]);

    let fails_late = ChildSpec::task("late", |cx| async move {
        cx.stopping().await;
        Err::<(), _>(io::Error::other("connection refused"))
    });
    let failed_while_stopping = report_of_stopped(root().child(fails_late));
    assert_eq!(last(&failed_while_stopping), [status("failed while it stopped: root/late")]);

    let forced = report_of_stopped(root().child(deaf()));
    assert_eq!(last(&forced), [status("stopped; forced: root/deaf")]);

    assert_eq!(Told::up(None, None).notifier.end(None), [status("stopped")], "nothing is known of it");
}

/// The report of a tree in which a child blocks its thread beyond the deadline. It names the child before all else.
#[test]
fn the_last_status_names_what_could_not_be_brought_down() {
    let (release, waits) = mpsc::channel::<()>();
    let (entered, has_entered) = mpsc::channel();
    let waits = Mutex::new(waits);
    let blocks = ChildSpec::blocking("blocks", move |_| {
        entered.send(()).unwrap();
        waits.lock().unwrap().recv().unwrap_or_default();
    });
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let tree = Supervisor::new("root").child(blocks).into_tree().unwrap().deadline(Duration::from_millis(20));
    let tree = runtime.block_on(tree.start()).unwrap();
    has_entered.recv().unwrap();
    let report = runtime.block_on(tree.stop());
    drop(release);

    let last = Told::up(None, None).notifier.end(Some(&report));

    assert_eq!(last, [status("could not be brought down: root/blocks")]);
}

/// Runs a tree until it has ended by itself.
fn report_of(root: Supervisor) -> Arc<StopReport> {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { root.into_tree().unwrap().launch().wait().await })
}

/// Runs a tree until it has started, and stops it.
fn report_of_stopped(root: Supervisor) -> Arc<StopReport> {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { root.start().await.unwrap().stop().await })
}

struct Missing;

impl StartChild for Missing {
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, _: StartContext) -> Launch {
        Launch::Failed(StartError::new(io::Error::from_raw_os_error(2)))
    }
}

#[test]
fn a_stop_is_told_once_and_at_once() {
    let mut told = Told::up(None, None);
    told.hear("root/a", restarting());

    let draining = EventKind::Draining { cause: StopCause::Api, delay: SECOND };
    let begins = told.hear_at_once("root", draining);

    assert_eq!(begins, [Stopping, ExtendTimeout(STOP_STEP), status("draining")]);
    assert_eq!(told.hear("root", stopping()), [status("stopping")]);
}

#[test]
fn a_stop_is_never_extended_beyond_the_deadline() {
    let mut told = Told::up(Some(SECOND * 7), None);

    let begins = told.hear("root", stopping());
    let later = |told: &mut Told, seconds| told.notifier.responded(told.now + SECOND * seconds);

    assert_eq!(begins[..2], [Stopping, ExtendTimeout(STOP_STEP)]);
    assert_eq!(later(&mut told, 1), [ExtendTimeout(SECOND * 5)]);
    assert_eq!(later(&mut told, 4), [ExtendTimeout(SECOND * 3)]);
    assert_eq!(later(&mut told, 7), []);
    assert_eq!(later(&mut told, 9), []);
}

#[test]
fn the_watchdog_hears_of_every_answer_and_the_supervisors_are_asked_twice_within_its_time() {
    let asked_every = |watchdog| Notifier::new("root", None, watchdog).period();
    assert_eq!(asked_every(None), STOP_PERIOD);
    assert_eq!(asked_every(Some(SECOND)), SECOND / 2);
    assert_eq!(asked_every(Some(SECOND * 10)), STOP_PERIOD);

    let (mut without, mut with) = (Told::up(None, None), Told::up(None, Some(SECOND)));
    assert_eq!(without.notifier.responded(without.now), []);
    assert_eq!(with.notifier.responded(with.now), [Watchdog]);
    with.hear("root", stopping());
    assert_eq!(with.notifier.responded(with.now), [Watchdog, ExtendTimeout(STOP_STEP)]);
}

#[test]
fn after_lost_events_a_look_says_that_the_tree_has_started_or_stops() {
    let mut told = Told::new(None, None);
    told.hear("root", starting());

    assert_eq!(told.notifier.look(&look(ChildState::Starting), told.now), []);
    assert_eq!(told.notifier.look(&look(ChildState::Running), told.now), [Ready, status("running")]);
    assert_eq!(told.notifier.look(&look(ChildState::Running), told.now), []);
    for state in [ChildState::Stopping, ChildState::Down] {
        let mut told = Told::up(None, None);
        let begins = told.notifier.look(&look(state), told.now);
        assert_eq!(begins, [Stopping, ExtendTimeout(STOP_STEP)], "{state}");
        assert_eq!(told.notifier.look(&look(state), told.now), [], "{state}: it is told once");
    }
}

#[test]
fn a_reload_is_told_of_a_tree_that_runs_and_of_no_other() {
    let mut told = Told::new(None, None);
    assert_eq!(told.notifier.reload_begun(), []);

    let mut told = Told::up(None, None);
    assert_eq!(told.notifier.reload_done(), [], "none has begun");
    assert_eq!(told.notifier.reload_begun(), [Reloading]);
    assert_eq!(told.notifier.reload_begun(), [], "it has begun");
    assert_eq!(told.hear("root/a", restarting()), [status("running; root/a is restarted (attempt 2)")]);
    assert_eq!(told.notifier.reload_done(), [Ready]);

    told.hear("root", stopping());
    assert_eq!(told.notifier.reload_begun(), []);
    assert_eq!(told.notifier.reload_done(), []);
}

#[test]
fn a_status_is_one_line_of_five_hundred_characters_at_most() {
    assert_eq!(one_line("a\tb\r\nc"), "a b  c");
    assert_eq!(one_line(&"é".repeat(501)), "é".repeat(500));
}
