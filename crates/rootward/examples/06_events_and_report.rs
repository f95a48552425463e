//! Lesson 6: what happened, and how it ended.
//!
//! - Everything that happens in a tree is an event: numbered, in order, typed, serialisable.
//! - A reader sees all of it from the first event to the root's last, and never holds up the tree.
//! - The stop report says of every child whether it went, how, and how long it took.
//!
//! One of the children here does not react when it is asked to stop. It is forced when its grace is over, and
//! the report says so: the exit status is 3.

#![expect(clippy::print_stdout, reason = "a lesson speaks to its reader")]

use std::future::pending;
use std::time::Duration;

use rootward::{Application, ChildSpec, Restart, Supervisor, Tree};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Supervisor::new("root")
        .child(ChildSpec::task("job", |_| async {}).restart(Restart::Temporary))
        .child(ChildSpec::task("polite", |cx| async move { cx.stopping().await }))
        .child(ChildSpec::task("deaf", |_| pending::<()>()).shutdown(Duration::from_millis(50)));
    let mut program = Application::new(root).on_launch(stop_once_started).prepare()?;

    // A thread of its own, because the program's runtimes end with its tree.
    let mut events = program.subscribe();
    let reader = std::thread::spawn(move || {
        while let Ok(Some(event)) = events.blocking_next() {
            println!("{}", serde_json::to_string(&event).expect("an event is always JSON"));
        }
    });
    let finished = program.run()?;
    reader.join().expect("the reader does not panic");

    let report = finished.stop_report().expect("no signal has told the program to leave");
    println!("{}", serde_json::to_string_pretty(report)?);
    for node in report.forced() {
        println!("{} had to be forced", node.path);
    }
    assert_eq!(finished.status(), 3);
    Ok(())
}

fn stop_once_started(tree: &Tree) {
    let tree = tree.clone();
    #[expect(clippy::disallowed_methods, reason = "this is what applications do")]
    tokio::spawn(async move {
        if tree.started().await.is_ok() {
            tree.request_stop();
        }
    });
}
