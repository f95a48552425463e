//! What the types that users hold can be used for, and what errors say.

use std::error::Error;
use std::fmt::Debug;
use std::sync::Weak;

use rootward::application::Prepared;
use rootward::child_kind::{
    Ended, KillHandle, Launch, OutputLine, ProcessEvents, Reporter, Retries, RunningChild, StartChild,
    StartContext, StopRequest,
};
use rootward::error::{
    Abandoned, DeleteChildError, InvalidGrace, InvalidId, ReserveError, ResizeError, RestartChildError,
    RunError, SignalChildError, SignalError, SpawnError, SpawnErrorKind, SpecError, SpecProblem,
    StartChildError, StartError, TaskError, TerminateChildError, TreeStartError, Undelivered,
};
use rootward::event::{Events, Lagged, Notice, OutputStream, SignalAction, StopCause};
use rootward::process::{self, Process};
use rootward::report::{
    Blame, Ending, ExitClass, NodeReport, Outcome, Panic, StopStep, Straggler, Stuck, StuckIn,
};
use rootward::signal::{
    AddedHandler, Hangup, Listening, SignalHandlers, SignalReceived, SignalSender, SignalSource, SignalsGuard,
};
use rootward::snapshot::{
    Awaited, ChildCount, ChildKind, ChildOutlook, ChildState, Consequence, HealthFindings, InHand, NextStep,
    NodeSnapshot, PatienceLimit, ProcessDetails, ReadinessWait, StartedChild, TakenStep, Usage,
};
use rootward::spec::{ChildId, Intensity, OnDeadline, StopReach};
use rootward::task::{BlockingContext, Guest, Permit, TaskResult, TaskResults, UntilStopping};
use rootward::{
    Address, Application, AutoShutdown, Backoff, ChildPath, ChildSpec, DynamicSupervisor, Event, EventKind,
    Exit, Finished, PartitionSupervisor, Restart, Shutdown, Signals, StopOrder, StopReport, Strategy,
    Supervisor, SupervisorAddress, SupervisorHandle, TaskContext, TaskSupervisor, Tree, TreeBuilder, TreeRef,
    TreeSnapshot,
};

use crate::support::{broken, obedient};

/// Every type that a user can get hold of, in groups of those that are alike.
#[test]
fn what_users_hold_can_be_sent_and_shared_between_threads_and_kept_for_as_long_as_they_like() {
    fn can_be_shared<T: Send + Sync + Debug + 'static>() {}

    // Descriptions.
    can_be_shared::<(ChildSpec, Supervisor, DynamicSupervisor, PartitionSupervisor, TreeBuilder)>();
    can_be_shared::<(Restart, Shutdown, Strategy, Intensity, Backoff, AutoShutdown, StopOrder, OnDeadline)>();
    can_be_shared::<(StopReach, Retries)>();
    can_be_shared::<(Process, process::Ready, process::Step, process::Output, process::Stdin)>();
    can_be_shared::<(process::Signal, process::Containment, Hangup)>();
    can_be_shared::<(rootward::Signal, SignalAction)>();
    // Handles.
    can_be_shared::<(TreeRef, SupervisorAddress, Guest, Weak<dyn KillHandle>)>();
    can_be_shared::<(AddedHandler, SignalHandlers)>();
    can_be_shared::<(Tree, SupervisorHandle, TaskContext, BlockingContext, TaskSupervisor, Address<Word>)>();
    can_be_shared::<(SignalsGuard, SignalReceived, SignalSender, SignalSource, Listening)>();
    can_be_shared::<(rootward::testing::EventLog, rootward::testing::TestChild, rootward::testing::RealTime)>(
    );
    // What is told.
    can_be_shared::<(ChildId, ChildPath, ChildKind, ChildState, ChildCount, StartedChild)>();
    can_be_shared::<(Event, EventKind, Events, StopCause, OutputStream, Exit, ExitClass, Panic, OutputLine)>(
    );
    can_be_shared::<(StopReport, NodeReport, Straggler, Outcome, Ending, Stuck, StuckIn)>();
    can_be_shared::<(TreeSnapshot, NodeSnapshot, Finished, Blame, StopStep, Notice, Usage)>();
    can_be_shared::<(ChildOutlook, Awaited, Consequence, InHand, NextStep, PatienceLimit)>();
    can_be_shared::<(ProcessDetails, HealthFindings, ReadinessWait, TakenStep)>();
    // What makers of other kinds of children use.
    can_be_shared::<(StartContext, Reporter, StopRequest, Ended, ProcessEvents, process::ReadyContext)>();
}

#[test]
fn what_one_thread_uses_at_a_time_can_be_moved_to_another() {
    fn can_be_moved<T: Send + 'static>() {}

    can_be_moved::<(Launch, Box<dyn RunningChild>, Box<dyn StartChild>)>();
    can_be_moved::<(TaskResult<Word>, TaskResults<std::vec::IntoIter<Word>, fn(Word), Word>)>();
    can_be_moved::<(Application, Prepared, Signals, Permit, UntilStopping<()>)>();
}

#[test]
fn errors_are_errors_that_can_be_sent_and_shared() {
    fn is_an_error<T: Error + Send + Sync + 'static>() {}

    is_an_error::<InvalidId>();
    is_an_error::<SpecError>();
    is_an_error::<SpecProblem>();
    is_an_error::<StartError>();
    is_an_error::<TreeStartError>();
    is_an_error::<StartChildError>();
    is_an_error::<TerminateChildError>();
    is_an_error::<RestartChildError>();
    is_an_error::<DeleteChildError>();
    is_an_error::<ResizeError>();
    is_an_error::<ReserveError>();
    is_an_error::<SignalChildError>();
    is_an_error::<InvalidGrace>();
    is_an_error::<TaskError>();
    is_an_error::<SpawnErrorKind>();
    is_an_error::<SpawnError<std::future::Ready<()>>>();
    is_an_error::<Lagged>();
    is_an_error::<Abandoned>();
    is_an_error::<Undelivered<Word>>();
    is_an_error::<SignalError>();
    is_an_error::<RunError>();
    is_an_error::<process::LaunchError>();
    is_an_error::<process::ReadyError>();
    is_an_error::<process::UnknownSignal>();
    is_an_error::<process::WardenError>();
    is_an_error::<process::InitError>();
}

/// A message of an actor.
#[derive(Debug)]
struct Word;

#[test]
fn what_waits_for_a_tree_may_move_between_threads() {
    fn is_send<T: Send>(_: T) {}

    fn check(tree: &Tree, events: &mut Events, root: Supervisor) {
        is_send((tree.started(), tree.stop(), tree.wait(), tree.wait_gone(), tree.stopping()));
        is_send(events.next());
        is_send(root.start());
    }
    let _: fn(&Tree, &mut Events, Supervisor) = check;

    fn check_others(handle: &SupervisorHandle, address: &Address<Word>, cx: &TaskContext) {
        is_send((handle.start_child(obedient("a")), handle.terminate_child("a")));
        is_send((handle.restart_child("a"), handle.delete_child("a")));
        is_send((address.wait(), address.send(Word)));
        is_send((cx.stopping(), cx.start_child(obedient("a")), cx.wait_for_children()));
        is_send((cx.spawn(|_| async {}), cx.clean_up(|_| async {})));
    }
    let _: fn(&SupervisorHandle, &Address<Word>, &TaskContext) = check_others;
}

#[tokio::test(start_paused = true)]
async fn an_error_and_its_sources_tell_one_story() {
    let error = Supervisor::new("root").child(broken("web")).start().await.unwrap_err();

    let mut story = vec![error.to_string()];
    let mut source = error.source();
    while let Some(inner) = source {
        story.push(inner.to_string());
        source = inner.source();
    }

    assert_eq!(story, ["the tree could not be started", "failed to start root/web", "out of order"]);
}

#[test]
fn a_description_that_makes_no_sense_is_explained_with_its_place() {
    let twins = Supervisor::new("root").child(obedient("web")).child(obedient("web"));

    let error = TreeStartError::from(twins.into_tree().unwrap_err());

    let expected =
        "the tree's description makes no sense: `root/web`: another child of this supervisor has the same id";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn an_exit_reads_as_a_sentence_would_end() {
    let signal = Exit::Signal { name: "SIGKILL".into(), number: 9, core_dumped: false, out_of_memory: false };

    assert_eq!(Exit::Code(3).to_string(), "exit code 3");
    assert_eq!(signal.to_string(), "killed by SIGKILL");
    assert_eq!(
        Exit::Panicked(Panic::new("boom").at("src/x.rs:12")).to_string(),
        "panicked: boom at src/x.rs:12"
    );
}

#[test]
fn an_ending_is_an_exit_status() {
    use rootward::report::Ending::{Clean, Failed, Forced, Incomplete};

    assert_eq!([Clean, Failed, Forced, Incomplete].map(|ending| ending.exit_status()), [0, 1, 3, 4]);
}

#[test]
fn paths_and_ids_are_read_and_written_as_plain_text() {
    let path: ChildPath = serde_json::from_str("\"root/a\"").unwrap();

    assert_eq!((path.id(), serde_json::to_string(&path).unwrap()), ("a", "\"root/a\"".to_owned()));
    assert!(serde_json::from_str::<ChildId>("\"a/b\"").is_err());
}
