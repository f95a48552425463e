//! What the types that users hold can be used for, and what errors say.

use std::error::Error;
use std::fmt::Debug;

use rootward::{
    ChildId, ChildPath, ChildSpec, Event, Events, Exit, InvalidId, NodeReport, Panic, Reporter, SpecError,
    StartError, StopReport, Supervisor, TaskContext, Tree, TreeBuilder, TreeSnapshot, TreeStartError,
};

use crate::support::{broken, obedient};

#[test]
fn what_users_hold_can_be_sent_and_shared_between_threads() {
    fn is_send_and_sync<T: Send + Sync + Debug>() {}
    fn is_send<T: Send + Debug>() {}

    is_send_and_sync::<(ChildId, ChildPath, ChildSpec, Supervisor, Tree, TaskContext)>();
    is_send_and_sync::<(Event, Exit, NodeReport, Panic)>();
    is_send_and_sync::<(StopReport, TreeSnapshot, TreeBuilder)>();
    is_send::<(Events, Reporter)>();
}

#[test]
fn errors_are_errors_that_can_be_sent_and_shared() {
    fn is_an_error<T: Error + Send + Sync + 'static>() {}

    is_an_error::<InvalidId>();
    is_an_error::<SpecError>();
    is_an_error::<StartError>();
    is_an_error::<TreeStartError>();
    is_an_error::<rootward::Lagged>();
    is_an_error::<rootward::SignalError>();
    is_an_error::<rootward::RunError>();
}

#[test]
fn what_waits_for_a_tree_may_move_between_threads() {
    fn is_send<T: Send>(_: T) {}

    fn check(tree: &Tree, events: &mut Events, root: Supervisor) {
        is_send((tree.started(), tree.stop(), tree.wait(), tree.wait_gone()));
        is_send(events.next());
        is_send(root.start());
    }
    let _: fn(&Tree, &mut Events, Supervisor) = check;
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

    let error = TreeStartError::from(twins.tree().unwrap_err());

    let expected =
        "the tree's description makes no sense: `root/web`: another child of this supervisor has the same id";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn an_exit_reads_as_a_sentence_would_end() {
    let signal = Exit::Signal { name: "SIGKILL".into(), number: 9, core_dumped: false };

    assert_eq!(Exit::Code(3).to_string(), "exit code 3");
    assert_eq!(signal.to_string(), "killed by SIGKILL");
    assert_eq!(
        Exit::Panicked(Panic::new("boom").at("src/x.rs:12")).to_string(),
        "panicked: boom at src/x.rs:12"
    );
}

#[test]
fn an_ending_is_an_exit_status() {
    use rootward::Ending::{Clean, Failed, Forced, Incomplete};

    assert_eq!([Clean, Failed, Forced, Incomplete].map(|ending| ending.exit_status()), [0, 1, 3, 4]);
}

#[test]
fn paths_and_ids_are_read_and_written_as_plain_text() {
    let path: ChildPath = serde_json::from_str("\"root/a\"").unwrap();

    assert_eq!((path.id(), serde_json::to_string(&path).unwrap()), ("a", "\"root/a\"".to_owned()));
    assert!(serde_json::from_str::<ChildId>("\"a/b\"").is_err());
}
