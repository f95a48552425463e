//! Programs that run inside a runtime of the caller's, or on one whose builder they bring.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rootward_core::sibling::note_degraded;
use rootward_core::{ChildSpec, Ending, StopCause, Supervisor};
use rootward_signals::{Signal, SignalSource};
use tokio::runtime::Builder;

use super::{AGAIN, blocking, done, obedient, read_until};
use crate::{Application, Finished};

#[tokio::test]
async fn inside_a_runtime_a_program_runs_to_its_end() {
    let program = Application::new(Supervisor::new("root").child(done("job")));

    let finished =
        program.signal_source(SignalSource::channel().1).prepare().unwrap().run_async().await.unwrap();

    assert_eq!((finished.status(), finished.ending()), (0, Some(Ending::Clean)));
}

#[tokio::test]
async fn run_inside_a_runtime_panics_and_names_what_to_call_there() {
    let program = Application::new(Supervisor::new("root").child(done("job")));
    let prepared = program.signal_source(SignalSource::channel().1).prepare().unwrap();

    let panic = catch_unwind(AssertUnwindSafe(|| prepared.run())).unwrap_err();

    let said = panic.downcast_ref::<&str>().expect("it is a sentence");
    assert!(said.contains("run_async") && !said.contains("block_on"), "{said}");
}

#[tokio::test]
async fn run_does_its_work_on_a_thread_for_blocking_work() {
    let program = Application::new(Supervisor::new("root").child(done("job")));
    let prepared = program.signal_source(SignalSource::channel().1).prepare().unwrap();

    let finished = tokio::task::spawn_blocking(|| prepared.run()).await.unwrap().unwrap();

    assert_eq!(finished.status(), 0);
}

#[tokio::test]
async fn inside_a_runtime_tasks_run_on_the_threads_of_the_caller() {
    let caller = thread::current().id();
    let (sender, ran_on) = mpsc::channel();
    let job = ChildSpec::task("job", move |_| {
        let sender = sender.clone();
        async move { sender.send(thread::current().id()).unwrap() }
    });
    let program = Application::new(Supervisor::new("root").child(job));

    let _ = program.signal_source(SignalSource::channel().1).prepare().unwrap().run_async().await.unwrap();

    assert_eq!(ran_on.recv(), Ok(caller));
}

#[tokio::test]
async fn a_task_runtime_is_built_by_the_builder_that_was_given() {
    let (sender, ran_on) = mpsc::channel();
    let job = ChildSpec::task("job", move |_| {
        let sender = sender.clone();
        async move { sender.send(thread::current().name().map(str::to_owned)).unwrap() }
    });
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).thread_name("its-own");
    let program = Application::new(Supervisor::new("root").child(job)).task_runtime(builder);

    let _ = program.signal_source(SignalSource::channel().1).prepare().unwrap().run_async().await.unwrap();

    assert_eq!(ran_on.recv().unwrap().as_deref(), Some("its-own"));
}

#[tokio::test]
async fn a_program_that_is_given_up_stops_its_tree_in_the_background() {
    let program = Application::new(Supervisor::new("root").child(obedient("a")));
    let mut prepared = program.signal_source(SignalSource::channel().1).prepare().unwrap();
    let mut events = prepared.subscribe();
    let (sender, started) = tokio::sync::oneshot::channel();
    let reader = tokio::task::spawn_blocking(move || {
        read_until(&mut events, "started", "root").unwrap();
        sender.send(()).unwrap();
        read_until(&mut events, "stopped", "root/a").and(read_until(&mut events, "stopped", "root"))
    });

    tokio::select! {
        _ = prepared.run_async() => unreachable!("its tree runs for ever"),
        started = started => started.unwrap(),
    }

    assert!(reader.await.unwrap().is_some(), "the root was stopped");
}

#[tokio::test]
async fn a_third_signal_leads_out_of_a_runtime_whose_tasks_are_blocked() {
    let (release, until) = mpsc::channel();
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1);
    let root = Supervisor::new("root").child(blocking("blocks", until));
    let (signals, source) = SignalSource::channel();
    let program = Application::new(root).task_runtime(builder).signal_source(source);
    let mut prepared = program.deadline(None).prepare().unwrap();
    let mut events = prepared.subscribe();
    let (_leaving, left) = mpsc::channel::<()>();
    thread::spawn(move || {
        read_until(&mut events, "started", "root").unwrap();
        signals.send(Signal::INT);
        while left.recv_timeout(AGAIN) == Err(mpsc::RecvTimeoutError::Timeout) {
            signals.send(Signal::INT);
        }
    });

    let finished = prepared.run_async().await.unwrap();

    assert!(matches!(finished, Finished::Left { status: 130, .. }), "{finished:?}");
    drop(release);
}

#[tokio::test]
async fn a_program_that_refuses_a_fall_back_says_what_it_was_and_starts_nothing() {
    let root = Supervisor::new("root").child(obedient("a"));
    let program = Application::new(root).signal_source(SignalSource::channel().1).refuse_degraded(true);
    let weaker =
        |tree: rootward_core::TreeBuilder| note_degraded(tree, "orphans", Some("nothing adopts them".into()));

    let finished = program.configure(weaker).prepare().unwrap().run_async().await.unwrap();

    let report = finished.stop_report().unwrap();
    assert_eq!((finished.status(), report.cause), (1, StopCause::StartFailed));
    assert!(report.find("root/a").is_none(), "{report}");
    let account = super::failure_text(report);
    assert!(account.contains("orphans") && account.contains("nothing adopts them"), "{account}");
}

#[test]
fn a_task_that_blocks_the_callers_runtime_does_not_put_off_the_deadline() {
    let (release, until) = mpsc::channel();
    let root = Supervisor::new("root").child(blocking("blocks", until));
    let program = Application::new(root).deadline(Duration::from_millis(300));
    let (signals, source) = SignalSource::channel();
    let mut prepared = program.signal_source(source).prepare().unwrap();
    let mut events = prepared.subscribe();
    thread::spawn(move || {
        read_until(&mut events, "started", "root").unwrap();
        signals.send(Signal::TERM);
    });
    let caller = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();

    let finished = caller.block_on(prepared.run_async()).unwrap();

    assert_eq!((finished.status(), finished.ending()), (4, Some(Ending::Incomplete)));
    drop(release);
}
