//! Foreign code that blocks what it can, and three signals that lead out all the same.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use rootward_core::{
    ChildKind, ChildSpec, DynamicSupervisor, Launch, Reporter, StartChild, StartContext, Supervisor,
};
use rootward_signals::{Signal, SignalSource};

use super::{StartsForEver, obedient, read_until, three_signals_lead_out};
use crate::app::{Application, Finished};

#[test]
fn a_third_signal_leads_out_although_starts_block_both_threads_of_the_supervisors() {
    let (entered, blocked) = mpsc::channel();
    let (release, gate) = gate();
    let root = Supervisor::new("root")
        .child(obedient("worker"))
        .child(DynamicSupervisor::new("one"))
        .child(DynamicSupervisor::new("other"));
    let (signals, source) = SignalSource::channel();
    let program = Application::new(root).signal_source(source).deadline(None).on_launch(move |tree| {
        let (tree, runtime) = (tree.clone(), tokio::runtime::Handle::current());
        runtime.block_on(tree.started()).unwrap();
        for name in ["one", "other"] {
            let supervisor = tree.supervisor(&format!("root/{name}")).unwrap();
            let blocks = Blocks { entered: Mutex::new(entered.clone()), gate: Arc::clone(&gate) };
            let start = async move { supervisor.start_child(ChildSpec::new("blocks", blocks)).await };
            runtime.spawn(start);
        }
    });

    let mut prepared = program.prepare().unwrap();
    let events = prepared.subscribe();
    let program = thread::spawn(move || prepared.run().unwrap());
    blocked.iter().take(2).count();

    let finished = three_signals_lead_out(&signals, events, program);

    assert!(matches!(finished, Finished::Left { status: 130, .. }));
    drop(release);
}

#[test]
fn a_third_signal_leads_out_although_the_function_that_is_called_at_the_launch_blocks() {
    let (release, gate) = gate();
    let (signals, source) = SignalSource::channel();
    let program = Application::new(Supervisor::new("root").child(obedient("worker")))
        .signal_source(source)
        .on_launch(move |_| pass(&gate));
    let mut prepared = program.prepare().unwrap();
    let (mut events, whole) = (prepared.subscribe(), prepared.subscribe());

    let program = thread::spawn(move || prepared.run().unwrap());
    signals.send(Signal::INT);
    read_until(&mut events, "stopped", "root").expect("the tree stops all the same");

    assert_eq!(three_signals_lead_out(&signals, whole, program).status(), 130);
    drop(release);
}

#[test]
fn foreign_code_has_threads_of_its_own() {
    let (sender, threads) = mpsc::channel();
    let (signals, source) = SignalSource::channel();
    let here = sender.clone();
    let program = Application::new(Supervisor::new("root").child(obedient("worker")))
        .signal_source(source)
        .on_signal(Signal::USR2, move |_| sender.send(thread::current().name().map(str::to_owned)).unwrap())
        .on_launch(move |_| here.send(thread::current().name().map(str::to_owned)).unwrap());
    let program = thread::spawn(move || program.prepare().unwrap().run().unwrap());

    assert_eq!(threads.recv().unwrap().as_deref(), Some("rootward-task"));
    signals.send(Signal::USR2);
    assert_eq!(threads.recv().unwrap().as_deref(), Some("rootward-signal"));
    signals.send(Signal::TERM);

    assert_eq!(program.join().unwrap().status(), 0);
}

type Gate = Arc<Mutex<mpsc::Receiver<()>>>;

/// What nothing passes until the first of these is dropped.
fn gate() -> (mpsc::Sender<()>, Gate) {
    let (release, gate) = mpsc::channel();
    (release, Arc::new(Mutex::new(gate)))
}

fn pass(gate: &Gate) {
    gate.lock().expect("nothing panics with it").recv().unwrap_or_default();
}

/// A child whose start blocks.
struct Blocks {
    entered: Mutex<mpsc::Sender<()>>,
    gate: Gate,
}

impl StartChild for Blocks {
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        self.entered.lock().expect("nothing panics with it").send(()).unwrap();
        pass(&self.gate);
        starting(cx.reporter)
    }
}

fn starting(reporter: Reporter) -> Launch {
    Launch::starting(StartsForEver(Some(reporter)))
}
