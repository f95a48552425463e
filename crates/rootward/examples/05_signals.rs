//! Lesson 5: signals.
//!
//! - The first SIGINT, SIGTERM or SIGHUP stops the tree, the second forces it, the third leaves. SIGUSR1
//!   shows the snapshot.
//! - Any number of handlers may listen for a signal. All of them see it, in the order of registration, before
//!   the tree does.
//! - SIGHUP may mean "read your configuration again" instead.
//!
//! The lesson sends its signals itself, so that it comes to an end. With `cargo run --example 05_signals --
//! real` it waits for yours.

#![expect(clippy::print_stdout, reason = "a lesson speaks to its reader")]

use std::process::ExitCode;

use rootward::signal::{Hangup, SignalSource};
use rootward::{Application, ChildSpec, Signal, Supervisor};

fn main() -> ExitCode {
    let server = ChildSpec::task("server", |cx| async move { cx.stopping().await });
    let program = Application::new(Supervisor::new("root").child(server))
        .hangup(Hangup::Reload)
        .on_signal(Signal::HUP, |_| println!("reading the configuration again"))
        .on_signal(Signal::TERM, |received| {
            println!("first: {} means {:?}", received.signal, received.action)
        })
        .on_signal(Signal::TERM, |_| println!("second: no new work from now on"))
        .on_report(|report| println!("gone, because of {}", report.cause));

    if std::env::args().any(|argument| argument == "real") {
        println!("try: kill -HUP {0}; kill -USR1 {0}; kill -TERM {0}", std::process::id());
        return program.on_snapshot(|snapshot| print!("{snapshot}")).run();
    }
    let (signals, source) = SignalSource::channel();
    let last_signal = signals.clone();
    program
        .signal_source(source)
        .on_launch(move |_| {
            signals.send(Signal::HUP);
            signals.send(Signal::USR1);
        })
        // A snapshot has a thread of its own, and a stop does not wait for it.
        .on_snapshot(move |snapshot| {
            print!("{snapshot}");
            last_signal.send(Signal::TERM);
        })
        .run()
}
