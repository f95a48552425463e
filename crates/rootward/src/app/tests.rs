//! Whole programs, with signals from a source that the test holds.

mod inside;
#[cfg(all(feature = "observer", target_os = "linux"))]
mod observed;
#[cfg(feature = "probes")]
mod orchestrated;
mod way_out;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use rootward_core::{
    ChildKind, ChildSpec, Ending, Event, EventKind, Events, Exit, Launch, Outcome, Reporter, Restart,
    RunningChild, SignalAction, StartChild, StartContext, StartError, StopCause, StopRequest, Supervisor,
};
use rootward_signals::{Signal, SignalSender, SignalSource};

use super::failure_text::failure_text;
use super::{Application, Finished, Prepared, RunError};

fn done(id: &str) -> ChildSpec {
    ChildSpec::task(id, |_| async {}).restart(Restart::Temporary)
}

fn obedient(id: &str) -> ChildSpec {
    ChildSpec::task(id, |cx| async move { cx.stopping().await })
}

/// Blocks the thread it runs on until the other end of this channel is dropped.
fn blocking(id: &str, until: mpsc::Receiver<()>) -> ChildSpec {
    let until = Arc::new(Mutex::new(until));
    // It has started when it has the thread.
    ChildSpec::service(id, move |cx| {
        let until = Arc::clone(&until);
        async move {
            cx.ready();
            until.lock().expect("one task holds it").recv().unwrap_or_default()
        }
    })
}

/// How much time passes between two keys that count.
const AGAIN: Duration = Duration::from_millis(110);

/// How long a test waits for what has to happen. Only one that fails waits that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends SIGINT, as a person does who wants to leave, until the program has ended. Three of them count at most: others
/// came so early that they belonged to the one before.
fn three_signals_lead_out(
    signals: &SignalSender,
    mut events: Events,
    program: thread::JoinHandle<Finished>,
) -> Finished {
    for _ in 0..PATIENCE.as_millis() / AGAIN.as_millis() {
        signals.send(Signal::INT);
        #[expect(clippy::disallowed_methods, reason = "the time between two keys is what is meant")]
        thread::sleep(AGAIN);
        if program.is_finished() {
            let counted = counted_signals(&mut events);
            let ladder = [SignalAction::Stop, SignalAction::Force, SignalAction::Leave];
            assert!(ladder.starts_with(&counted), "{counted:?}");
            return program.join().unwrap();
        }
    }
    panic!("the program does not end: {:?}", counted_signals(&mut events));
}

/// What the signals meant that were no part of another one, as far as that has been written down.
fn counted_signals(events: &mut Events) -> Vec<SignalAction> {
    let mut counted = Vec::new();
    let mut there = Context::from_waker(Waker::noop());
    while let Poll::Ready(Ok(Some(event))) = pin!(events.next()).poll(&mut there) {
        if let EventKind::Signal { action, .. } = event.what {
            counted.extend((action != SignalAction::Ignore).then_some(action));
        }
    }
    counted
}

/// Reads on until an event of this name happens to this child.
fn read_until(events: &mut Events, name: &str, path: &str) -> Option<Arc<Event>> {
    let look = async {
        while let Some(event) = events.next().await.expect("the reader keeps up") {
            if event.what.name() == name && event.path == *path {
                return Some(event);
            }
        }
        None
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let look = async { tokio::time::timeout(PATIENCE, look).await };
    let found = runtime.expect("the system has room for it").block_on(look);
    found.unwrap_or_else(|_| panic!("`{name}` of {path} does not come"))
}

#[test]
fn a_program_ends_with_status_0_when_nothing_is_left_to_run() {
    let program = Application::new(Supervisor::new("root").child(done("job")));

    let finished = program.signal_source(SignalSource::channel().1).prepare().unwrap().run().unwrap();

    assert_eq!((finished.status(), finished.ending()), (0, Some(Ending::Clean)));
}

#[test]
fn a_description_that_makes_no_sense_starts_nothing() {
    let twins = Supervisor::new("root").child(done("job")).child(done("job"));

    let wrong = Application::new(twins).prepare().unwrap_err();

    assert_eq!(wrong.path, "root/job");
}

#[test]
fn a_tree_that_cannot_be_started_is_status_1_and_the_report_says_why() {
    let program = Application::new(Supervisor::new("root").child(ChildSpec::new("broken", Broken)));
    let (sender, reports) = mpsc::channel();

    let finished = program
        .signal_source(SignalSource::channel().1)
        .on_report(move |report| sender.send(report.start_error.clone()).unwrap())
        .prepare()
        .unwrap()
        .run()
        .unwrap();

    assert_eq!(finished.status(), 1);
    let error = reports.recv().unwrap().expect("a tree that could not be started has an error");
    assert_eq!(error.describe(), "failed to start root/broken: out of order");
}

#[test]
fn a_signal_stops_what_has_been_started_also_while_the_rest_still_starts() {
    let root = Supervisor::new("root").child(obedient("first")).child(ChildSpec::new("slow", NeverReady));
    let (signals, source) = SignalSource::channel();
    let mut prepared = Application::new(root).signal_source(source).prepare().unwrap();
    let mut events = prepared.subscribe();

    let program = thread::spawn(move || prepared.run().unwrap());
    read_until(&mut events, "starting", "root/slow");
    signals.send(Signal::INT);

    let finished = program.join().unwrap();
    assert_eq!(finished.stop_report().unwrap().cause, StopCause::Signal("SIGINT"));
    assert_eq!(finished.status(), 0);
}

#[test]
fn tasks_that_block_every_thread_they_get_are_named_and_the_rest_is_stopped() {
    // As many as there are threads for tasks, and not so many that the account of them is cut short.
    let threads = thread::available_parallelism().unwrap().get().min(20);
    let (mut root, mut release) = (Supervisor::new("root"), Vec::new());
    for number in 0..threads {
        let (sender, receiver) = mpsc::channel();
        root = root.child(blocking(&format!("blocks-{number}"), receiver));
        release.push(sender);
    }
    let (signals, source) = SignalSource::channel();
    let application = Application::new(root).signal_source(source).deadline(Duration::from_millis(200));
    let mut prepared = application.prepare().unwrap();
    let mut events = prepared.subscribe();

    let program = thread::spawn(move || prepared.run().unwrap());
    read_until(&mut events, "started", "root");
    signals.send(Signal::TERM);

    let finished = program.join().unwrap();
    assert_eq!(finished.status(), 4);
    let account = failure_text(finished.stop_report().unwrap());
    let mut lines = account.lines();
    assert_eq!(lines.next(), Some("these could not be brought down before the deadline:"));
    for number in (0..threads).rev() {
        let blamed = format!("  root/blocks-{number} (task): inside one poll for ");
        assert!(lines.next().is_some_and(|line| line.starts_with(&blamed)), "{account}");
    }
    assert_eq!(lines.next(), None);
    drop(release);
}

#[test]
fn a_third_signal_leaves_at_once_although_children_are_still_there() {
    let (release, blocked) = mpsc::channel();
    let (signals, source) = SignalSource::channel();
    let root = Supervisor::new("root").child(blocking("blocks", blocked));
    let mut prepared = Application::new(root).signal_source(source).deadline(None).prepare().unwrap();
    let mut events = prepared.subscribe();

    let program = thread::spawn(move || prepared.run().unwrap());
    read_until(&mut events, "started", "root");
    let finished = three_signals_lead_out(&signals, events, program);

    assert_eq!((finished.status(), finished.ending()), (130, None));
    let report = finished.stop_report().expect("supervisors still run");
    assert_eq!(report.find("root/blocks").unwrap().outcome, Outcome::Unreapable);
    drop(release);
}

/// 4 before 1 before 3.
#[test]
fn a_termination_message_that_cannot_be_written_makes_a_stop_in_order_or_a_forced_one_a_failure() {
    let deaf = ChildSpec::task("deaf", |_| std::future::pending::<()>()).shutdown(Duration::from_millis(1));
    for (child, usual) in [(obedient("worker"), 0), (deaf, 3)] {
        for (file, status) in [(None, usual), (Some("/no/such/directory/message"), 1)] {
            let root = Supervisor::new("root").child(child.clone());
            let program = Application::new(root).signal_source(SignalSource::channel().1).on_launch(|tree| {
                tokio::runtime::Handle::current().block_on(tree.started()).unwrap();
                tree.request_stop();
            });

            let ended = match file {
                Some(file) => program.termination_message(file).run(),
                None => program.run(),
            };

            assert_eq!(format!("{ended:?}"), format!("{:?}", ExitCode::from(status)), "{usual} {file:?}");
        }
    }
}

#[test]
fn a_panic_on_launch_goes_on_once_everything_is_gone() {
    let program = Application::new(Supervisor::new("root").child(obedient("worker")));
    let program = program.signal_source(SignalSource::channel().1).on_launch(|_| panic!("no"));
    let mut prepared = program.prepare().unwrap();
    let mut events = prepared.subscribe();

    let payload = catch_unwind(AssertUnwindSafe(|| prepared.run())).unwrap_err();

    assert_eq!(payload.downcast_ref(), Some(&"no"));
    let gone = read_until(&mut events, "stopped", "root").expect("the tree has been stopped");
    assert!(matches!(gone.what, EventKind::Stopped { outcome: Outcome::Graceful, .. }));
}

#[test]
fn what_the_launch_and_the_handlers_spawn_runs_where_tasks_run() {
    let (signals, source) = SignalSource::channel();
    let (sender, threads) = mpsc::channel();
    let program = Application::new(Supervisor::new("root").child(obedient("worker"))).signal_source(source);
    let handler_sender = sender.clone();
    let program = program.on_signal(Signal::USR2, move |_| spawn_and_name_thread(handler_sender.clone()));
    let program = program.on_launch(move |tree| {
        spawn_and_name_thread(sender);
        signals.send(Signal::USR2);
        let names = [threads.recv().unwrap(), threads.recv().unwrap()];
        tree.request_stop();
        assert_eq!(names, ["rootward-task", "rootward-task"]);
    });

    assert_eq!(program.prepare().unwrap().run().unwrap().status(), 0);
}

#[test]
fn a_program_can_be_described_on_one_thread_and_run_on_another() {
    fn assert_send<T: Send>() {}

    assert_send::<Application>();
    assert_send::<Prepared>();
    assert_send::<Finished>();
    assert_send::<RunError>();
}

fn spawn_and_name_thread(names: mpsc::Sender<String>) {
    #[expect(clippy::disallowed_methods, reason = "this is what applications do")]
    tokio::spawn(async move { names.send(thread::current().name().unwrap_or_default().to_owned()) });
}

/// A child that cannot be started.
struct Broken;

impl StartChild for Broken {
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, _: StartContext) -> Launch {
        Launch::Failed(StartError::new(io::Error::other("out of order")))
    }
}

/// A child that begins to start and is never ready.
struct NeverReady;

impl StartChild for NeverReady {
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        Launch::starting(StartsForEver(Some(cx.reporter)))
    }
}

struct StartsForEver(Option<Reporter>);

impl RunningChild for StartsForEver {
    fn stop(&mut self, _: StopRequest) {
        if let Some(reporter) = self.0.take() {
            reporter.ended(Exit::Normal);
        }
    }

    fn force(&mut self) {
        self.0 = None;
    }

    fn force_name(&self) -> &'static str {
        "abort"
    }
}
