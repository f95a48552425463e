//! Lesson 1: a tree of two tasks, run as a whole program.
//!
//! - A task is a function that makes a future. Its context says when it has to stop.
//! - A supervisor starts its children in order and stops them in reverse.
//! - `run` is all that `main` has to do: runtimes, signals, tree, exit status.
//!
//! The program ends by itself when the countdown is over, because that child is significant. Ctrl-C ends it
//! as well, and the clock still says its last word.

#![expect(clippy::print_stdout, reason = "a lesson speaks to its reader")]
#![expect(clippy::disallowed_methods, reason = "a clock has to wait for the time")]

use std::process::ExitCode;
use std::time::Duration;

use rootward::{AutoShutdown, ChildSpec, Restart, Supervisor, TaskContext};
use tokio::time::sleep;

fn main() -> ExitCode {
    let countdown = ChildSpec::task("countdown", countdown)
        .restart(Restart::Transient) // started again if it fails, and not if it comes to its end
        .significant(true);
    let root = Supervisor::new("root")
        .auto_shutdown(AutoShutdown::AnySignificant)
        .child(ChildSpec::task("clock", clock))
        .child(countdown);

    rootward::run(root)
}

async fn clock(cx: TaskContext) {
    loop {
        tokio::select! {
            () = cx.stopping() => break,
            () = sleep(Duration::from_millis(50)) => println!("{}: tick", cx.path()),
        }
    }
    println!("{}: the last tick", cx.path());
}

async fn countdown(cx: TaskContext) {
    for left in (1..=3).rev() {
        println!("{}: {left}", cx.path());
        sleep(Duration::from_millis(100)).await;
    }
}
