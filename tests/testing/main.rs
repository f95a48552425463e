//! What `rootward::testing` promises to the tests of applications, also where such a test fails.

mod child;
mod clock;
mod crash;
mod log;
mod ready;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use rootward::process::{Process, Ready};
use rootward::testing::{EventLog, TestChild};
use rootward::{Supervisor, Tree};

/// A backstop for waits that are to fail.
const SHORT: Duration = Duration::from_millis(50);

/// A tree `app` with these children, and its log.
async fn given<const N: usize>(children: [&TestChild; N]) -> (Tree, EventLog) {
    EventLog::start(children.iter().fold(Supervisor::new("app"), |app, child| app.child(child.spec()))).await
}

/// A process that needs so many milliseconds to get ready, and so many to stop.
fn takes_its_time(to_get_ready: u64, to_stop: u64) -> Process {
    Process::new(env!("CARGO_BIN_EXE_takes_its_time"))
        .args([to_get_ready.to_string(), to_stop.to_string()])
        .ready(Ready::line("^ready$"))
}

/// The message with which a test fails that awaits this.
async fn failure<T>(test: impl Future<Output = T>) -> String {
    let panic = AssertUnwindSafe(test).catch_unwind().await.err().expect("the test fails");
    message(&*panic)
}

fn message(panic: &(dyn Any + Send)) -> String {
    panic.downcast_ref::<String>().cloned().expect("a test fails with a message")
}
