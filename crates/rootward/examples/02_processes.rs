//! Lesson 2: processes beside tasks.
//!
//! - A process is a child like any other: same restarts, same order, same stop.
//! - It may say when it is ready, and the next child is started after that.
//! - It is asked to stop with a signal, and killed when its grace is over. The stop returns when it has been
//!   waited for.
//! - What it writes becomes events, line by line.

#![expect(clippy::print_stdout, reason = "a lesson speaks to its reader")]

use std::process::ExitCode;
use std::time::Duration;

use rootward::process::{Process, Ready};
use rootward::{Application, AutoShutdown, ChildSpec, EventKind, Restart, Supervisor};

/// A server as a shell script has it: it says when it listens, and says goodbye when it is asked to stop.
///
/// It starts its own child before it sets the trap, so that the child does not begin with the trap.
const SERVER: &str = "sleep 1000 & trap 'echo goodbye; exit 0' TERM; echo listening; wait";

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let server = Process::new("sh")
        .args(["-c", SERVER])
        .ready(Ready::line_containing("listening"))
        .into_child("server")
        .shutdown(Duration::from_secs(2));
    let client =
        ChildSpec::task("client", |_| async { println!("the server listens, so here is its client") })
            .restart(Restart::Temporary)
            .significant(true);
    let root =
        Supervisor::new("root").auto_shutdown(AutoShutdown::AnySignificant).child(server).child(client);
    let mut program = Application::new(root).prepare()?;
    let mut events = program.subscribe();

    let finished = program.run()?;

    while let Some(event) = events.blocking_next()? {
        if let EventKind::Output { stream, line, .. } = &event.what {
            println!("{} wrote to {stream}: {line}", event.path);
        }
    }
    if let Some(server) = finished.stop_report().and_then(|report| report.find("root/server")) {
        let status = server.status.as_ref().map(ToString::to_string).unwrap_or_default();
        println!("{} was {}: {status}", server.path, server.outcome);
    }
    Ok(finished.into())
}
