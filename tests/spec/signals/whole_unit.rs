//! A stop signal that is sent to all processes of a program at once: its children die of it, and are not restarted.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::sys::signal::Signal;

use crate::support::Program;

/// R5: the whole unit gets SIGTERM at once.
#[test]
fn children_that_die_of_the_stop_signal_before_the_root_hears_it_are_not_restarted() {
    (0..runs(20)).for_each(|_| all_get_the_signal("runs_forever", Order::ChildrenFirst, "TERM"));
    (0..runs(5)).for_each(|_| all_get_the_signal("runs_forever", Order::ChildrenFirst, "INT"));
}

#[test]
fn children_that_die_of_the_stop_signal_after_the_root_has_heard_it_are_not_restarted() {
    (0..runs(20)).for_each(|_| all_get_the_signal("runs_forever", Order::RootFirst, "TERM"));
}

#[test]
fn children_that_die_of_the_stop_signal_while_all_processors_are_busy_are_not_restarted() {
    let _busy = Busy::all_processors();

    (0..runs(10)).for_each(|_| all_get_the_signal("runs_forever", Order::ChildrenFirst, "TERM"));
    (0..runs(10)).for_each(|_| all_get_the_signal("runs_forever", Order::RootFirst, "TERM"));
}

#[test]
fn children_that_handle_the_stop_signal_and_exit_while_all_processors_are_busy_are_not_restarted() {
    let _busy = Busy::all_processors();

    (0..runs(10)).for_each(|_| all_get_the_signal("prints_signals", Order::ChildrenFirst, "TERM"));
}

#[test]
fn a_child_that_dies_of_a_stop_signal_alone_is_restarted() {
    let mut program = Program::run(env!("CARGO_BIN_EXE_supervises"), &["1", "runs_forever"]);
    let children = program.wait_for_children(1);

    children[0].signal(Signal::SIGTERM);

    program.wait_for("child-1 restarting");
    program.wait_for("child-1 ready");
    program.signal(Signal::SIGTERM);
    assert_eq!(program.finish().status.code(), Some(0));
}

/// How often something is tried. `ROOTWARD_RUNS` asks for more.
fn runs(usual: u32) -> u32 {
    std::env::var("ROOTWARD_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(usual)
}

#[derive(Clone, Copy, Debug)]
enum Order {
    ChildrenFirst,
    RootFirst,
}

/// Sends a signal to all processes of a program of ten children, one after the other.
fn all_get_the_signal(child: &str, order: Order, signal: &str) {
    let mut program = Program::run(env!("CARGO_BIN_EXE_supervises"), &["10", child]);
    let mut all: Vec<_> = program.wait_for_children(10).iter().map(|child| child.pid().to_string()).collect();
    match order {
        Order::ChildrenFirst => all.push(program.pid().to_string()),
        Order::RootFirst => all.insert(0, program.pid().to_string()),
    }

    // Not all of them are left when their turn comes.
    let sent = Command::new("kill").arg("-s").arg(signal).args(all).stderr(Stdio::null()).status();
    sent.expect("every system has this program");

    let finished = program.finish();
    let restarted = |line: &&String| line.ends_with(" restarting") || line.ends_with(" gave_up");
    assert_eq!(finished.said.iter().find(restarted), None, "{order:?}");
    assert_eq!(finished.status.code(), Some(0), "{order:?}: {:#?}", finished.said);
}

/// Threads that keep all processors busy until this is dropped.
struct Busy(Arc<AtomicBool>);

impl Busy {
    fn all_processors() -> Self {
        let busy = Arc::new(AtomicBool::new(true));
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            let busy = Arc::clone(&busy);
            thread::spawn(move || while busy.load(Ordering::Relaxed) {});
        }
        Self(busy)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
