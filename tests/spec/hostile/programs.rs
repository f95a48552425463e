//! Whole programs with a child of which one piece of code blocks or panics: three signals get out, the deadline
//! holds, the report is written, and no process is left.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use futures_util::FutureExt as _;
use rootward::event::{Events, SignalAction};
use rootward::report::{Ending, Outcome};
use rootward::signal::{SignalSender, SignalSource};
use rootward::{
    Application, ChildSpec, Event, EventKind, Finished, Shutdown, Signal, StopReport, Supervisor,
};
use rootward_tests::BACKSTOP;

use crate::support::{
    Blocked, Deed, Hostile, Identity, Place, blocks, fixture, for_each, identity_of, obedient, panics, until,
    within,
};

#[test]
fn three_signals_get_out_of_a_program_in_which_a_supervisor_is_blocked() {
    for_each(&PLACES, |place| {
        let (blocked, release) = Blocked::new();
        let program = Program::run(place, blocks(&blocked), None);
        if place == Place::Start {
            wait(blocked.is_there());
        }

        let (finished, keeper) = program.press_until_it_leaves();
        // What is blocked does not go, so that only the third signal leads out.
        assert_eq!(finished.status(), 130, "{place:?}: {finished:?}");
        wait(blocked.is_there());
        let report = finished.stop_report().unwrap_or_else(|| panic!("{place:?}: it is known what was left"));
        assert!(report.find("root/keeper").is_some(), "{place:?}");
        wait(until("the process is gone", || !keeper.is_alive()));
        drop(release);
    });
}

#[test]
fn a_program_in_which_a_supervisor_is_blocked_ends_at_its_deadline_with_status_4_and_a_report() {
    // All but the one that comes with a third signal.
    for_each(&PLACES[1..], |place| {
        let (blocked, release) = Blocked::new();
        let program = Program::run(place, blocks(&blocked), Some(SHORT));
        if place == Place::Start {
            wait(blocked.is_there());
        }

        program.signals.send(Signal::TERM);

        let (finished, keeper) = program.finish();
        assert_eq!(finished.status(), 4, "{place:?}: {finished:?}");
        let report = finished.stop_report().unwrap_or_else(|| panic!("{place:?}: it has a report"));
        // Its spec is dropped by the last that holds it, which is the root.
        let blocked = if place == Place::Spec { "root" } else { "root/inner" };
        assert!(left(report).iter().any(|path| path == blocked), "{place:?}: {:?}", left(report));
        wait(until("the process is gone", || !keeper.is_alive()));
        drop(release);
    });
}

#[test]
fn a_program_in_which_a_child_panics_wherever_it_is_called_stops_as_any_other() {
    let endings = [
        (Place::Start, Ending::Failed),
        (Place::Hold, Ending::Clean),
        (Place::Stop, Ending::Forced),
        (Place::Kill, Ending::Clean),
        (Place::ForceName, Ending::Clean),
        (Place::StopSignal, Ending::Clean),
        (Place::Drop, Ending::Clean),
        (Place::Spec, Ending::Clean),
    ];
    for_each(&endings, |(place, ending)| {
        let program = Program::run(place, panics(), None);
        if place != Place::Start {
            program.signals.send(Signal::TERM);
        }

        let (finished, keeper) = program.finish();
        assert_eq!(finished.ending(), Some(ending), "{place:?}");
        assert!(!keeper.is_alive(), "{place:?}");
    });
}

#[test]
fn three_signals_get_out_of_a_program_in_which_a_child_panics_where_it_is_to_be_ended() {
    for_each(&[Place::Force, Place::LastKill], |place| {
        let program = Program::run(place, panics(), None);

        let (finished, keeper) = program.press_until_it_leaves();
        // The child is still there.
        assert_eq!(finished.status(), 130, "{place:?}: {finished:?}");
        wait(until("the process is gone", || !keeper.is_alive()));
    });
}

const SHORT: Duration = Duration::from_secs(2);

/// Where code of a child is called.
const PLACES: [Place; 10] = [
    Place::LastKill,
    Place::Start,
    Place::Hold,
    Place::Stop,
    Place::Kill,
    Place::Force,
    Place::ForceName,
    Place::StopSignal,
    Place::Drop,
    Place::Spec,
];

/// A program that runs: a process, then a hostile child below a supervisor of its own, then a task.
struct Program {
    signals: SignalSender,
    events: Events,
    keeper: Identity,
    ends: mpsc::Receiver<Finished>,
}

impl Program {
    /// Runs it until the hostile child is being started.
    fn run(place: Place, deed: Deed, deadline: Option<Duration>) -> Self {
        let keeper = fixture!("runs_forever").into_child("keeper");
        let inner = Supervisor::new("inner").child(hostile(place, deed));
        let root = Supervisor::new("root").child(keeper).child(inner).child(obedient("last"));
        let (signals, source) = SignalSource::channel();
        let application = Application::new(root).signal_source(source).deadline(deadline);
        let mut prepared = application.prepare().expect("its description makes sense");
        let mut events = prepared.subscribe();
        let (end, ends) = mpsc::channel();
        thread::spawn(move || end.send(prepared.run().expect("the system has threads for it")));
        let keeper = identity_of(&read_until(&mut events, "started", "root/keeper"));
        read_until(&mut events, "starting", "root/inner/a");
        if place != Place::Start {
            read_until(&mut events, "started", "root");
        }
        Self { signals, events, keeper, ends }
    }

    /// Sends SIGINT again and again, as a person does who wants to leave, until the program has ended. Three of them
    /// counted at most: others came so early that they belonged to the one before.
    fn press_until_it_leaves(mut self) -> (Finished, Identity) {
        // The time between two keys that count.
        const AGAIN: Duration = Duration::from_millis(110);
        for _ in 0..BACKSTOP.as_millis() / AGAIN.as_millis() {
            self.signals.send(Signal::INT);
            if let Ok(finished) = self.ends.recv_timeout(AGAIN) {
                let counted = counted_signals(&mut self.events);
                assert!(
                    [SignalAction::Stop, SignalAction::Force, SignalAction::Leave].starts_with(&counted),
                    "{counted:?}"
                );
                return (finished, self.keeper);
            }
        }
        panic!("the program does not end");
    }

    /// Waits for its end.
    fn finish(self) -> (Finished, Identity) {
        let finished = self.ends.recv_timeout(BACKSTOP).expect("the program ends");
        (finished, self.keeper)
    }
}

/// A child that comes to this place before the program ends.
fn hostile(place: Place, deed: Deed) -> ChildSpec {
    // Otherwise it would be gone before there is a third signal.
    let stays = matches!(place, Place::LastKill);
    let child = if stays { Hostile::that_stays("a", place, deed) } else { Hostile::child("a", place, deed) };
    match place {
        Place::Kill => child.shutdown(Shutdown::Kill),
        Place::Force => child.shutdown(Duration::from_millis(10)),
        Place::Start
        | Place::Hold
        | Place::Stop
        | Place::ForceName
        | Place::StopSignal
        | Place::Drop
        | Place::LastKill
        | Place::Spec => child,
    }
}

/// Waits on the test's own thread, which is part of no runtime.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("the system has room for it").block_on(future)
}

/// Reads on until an event of this name happens to this child.
fn read_until(events: &mut Events, name: &str, path: &str) -> std::sync::Arc<Event> {
    let look = async {
        loop {
            let event = events.next().await.expect("the test keeps up").expect("it happens before the end");
            if event.what.name() == name && event.path == *path {
                return event;
            }
        }
    };
    wait(within(&format!("`{name}` of {path}"), look))
}

/// What the signals meant that were no part of another one, as far as that has been written down.
fn counted_signals(events: &mut Events) -> Vec<SignalAction> {
    let mut counted = Vec::new();
    while let Some(Ok(Some(event))) = events.next().now_or_never() {
        if let EventKind::Signal { action, .. } = event.what {
            counted.extend((action != SignalAction::Ignore).then_some(action));
        }
    }
    counted
}

fn left(report: &StopReport) -> Vec<String> {
    let nodes = report.root.walk().into_iter().filter(|node| node.outcome == Outcome::Unreapable);
    nodes.map(|node| node.path.to_string()).collect()
}
