//! A whole program whose view panics: this test program, started a second time in a terminal.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use nix::sys::termios::tcgetattr;
use rootward::{ChildSpec, Supervisor, TaskContext};
use rootward_tests::{BACKSTOP, hear_the_terminal, pause, start_in_terminal};
use tokio::runtime::Runtime;

use super::inbox::Inbox;
use super::own::OwnView;
use super::view_loop::Hands;
use crate::panics::guard;
use crate::terminal::fit::Fit;
use crate::terminal::state::Effect;

/// Set in the program that panics.
const PANICS: &str = "TEST_OF_A_VIEW_THAT_PANICS";

/// Hands with a bug. They work on the thread that draws.
struct Buggy;

impl Hands for Buggy {
    fn perform(&mut self, _: Effect) {
        panic!("a bug in the view");
    }
}

#[test]
fn a_view_that_panics_gives_the_terminal_back_and_the_program_goes_on() {
    if std::env::var_os(PANICS).is_some() {
        assert_eq!(guard(program), ExitCode::SUCCESS);
        return;
    }
    hear_the_terminal();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .env(PANICS, "1")
        .env("TERM", "xterm-256color");
    command.arg(thread::current().name().unwrap());
    let mut started = start_in_terminal(command, 80, 24).unwrap();
    let mut terminal = File::from(started.terminal.try_clone().unwrap());
    let mut reader = File::from(started.terminal.try_clone().unwrap());
    let (sender, output) = mpsc::channel();
    thread::spawn(move || {
        let mut part = [0; 4096];
        // The end of a terminal is an error.
        while let Ok(count @ 1..) = reader.read(&mut part) {
            if sender.send(part[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    let (mut written, mut is_told) = (Vec::new(), false);

    loop {
        match output.recv_timeout(BACKSTOP) {
            Ok(part) => written.extend(part),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                started.child.kill().unwrap();
                started.child.wait().unwrap();
                panic!("it hangs: {:?}", String::from_utf8_lossy(&written));
            }
        }
        if !is_told && String::from_utf8_lossy(&written).contains("Ctrl-C") {
            is_told = true;
            terminal.write_all(b"S").unwrap();
        }
    }

    let written = String::from_utf8_lossy(&written);
    // A minute of pauses at most.
    let status = (0..60_000).find_map(|_| {
        pause();
        started.child.try_wait().unwrap()
    });
    assert!(status.is_some_and(|it| it.success()), "{status:?}: {written:?}");
    let (_, picture) = written.split_once("\u{1b}[?1049h").expect("there was a picture");
    let (_, after) = picture.split_once("\u{1b}[?1049l").expect("the usual screen is back");
    assert!(after.contains("the view is over by a bug in it, and the tree goes on"), "{after:?}");
    assert!(after.contains("the program has gone on") && !written.contains("panicked at"), "{after:?}");
    assert!(picture.contains("\u{1b}[?25h"), "the cursor is back");
    assert_eq!(tcgetattr(&started.terminal).unwrap(), started.modes, "and the modes");
}

/// A program that shows its tree, until the view panics.
fn program() -> ExitCode {
    let runtime = Runtime::new().unwrap();
    let idle = ChildSpec::task("idle", |cx: TaskContext| async move { cx.stopping().await });
    let tree = runtime.block_on(Supervisor::new("root").child(idle).start()).unwrap();
    let fit = Fit { has_colour: true, has_unicode: true };
    let view = OwnView::show(fit, None, tree.events(), Arc::new(Inbox::default()), Buggy).unwrap();
    view.until_over();
    let report = runtime.block_on(tree.stop());
    writeln!(io::stderr(), "the program has gone on: {:?}", report.ending).unwrap();
    ExitCode::SUCCESS
}
