//! How long a program may go on that was asked to stop.

use std::os::unix::process::ExitStatusExt as _;

use nix::sys::signal::Signal;
use rootward_tests::Known;

use super::{KillOnDrop, known, line, signal, start, stubborn};
use crate::support::{until, wait_in_time};

#[test]
fn the_time_stands_still_while_the_program_is_suspended() {
    const TIME: &str = "2s";
    let script = "trap 'echo hup' HUP; trap 'echo asked' TERM; echo $$; while :; do read -r line; done";
    let (mut wrapper, mut stdout) = start(&["--kill-after", TIME], script);
    let program = KillOnDrop(known(&mut stdout));
    signal(&wrapper, Signal::SIGTERM);
    assert_eq!(line(&mut stdout), "asked");
    program.signal(Signal::SIGSTOP).expect("it runs");
    let suspended = Known::of(wrapper.id()).expect("it is there");
    until("the wrapper is suspended as well", || suspended.is_suspended());

    // Another one has the same time, and uses it up.
    let (mut clock, _pids) = stubborn(&["--kill-after", TIME]);
    signal(&clock, Signal::SIGTERM);
    assert_eq!(wait_in_time(&mut clock).signal(), Some(9));
    assert!(program.is_suspended());
    signal(&wrapper, Signal::SIGCONT);
    signal(&wrapper, Signal::SIGHUP);

    assert_eq!(line(&mut stdout), "hup", "there is time left");
    assert_eq!(wait_in_time(&mut wrapper).signal(), Some(9));
}

/// The guard alone, which counts the time: to it this is what a frozen container is.
#[test]
fn the_time_stands_still_while_the_guard_is_suspended() {
    const TIME: &str = "3s";
    let script = "trap 'echo hup' HUP; trap 'echo asked' TERM; echo $$; while :; do read -r line; done";
    let (mut wrapper, mut stdout) = start(&["--kill-after", TIME], script);
    let _program = KillOnDrop(known(&mut stdout));
    let guard = Known::of(wrapper.id()).expect("it runs").descendants()[0];
    signal(&wrapper, Signal::SIGTERM);
    assert_eq!(line(&mut stdout), "asked");
    guard.signal(Signal::SIGSTOP).expect("it runs");
    until("the guard is suspended", || guard.is_suspended());

    // Another one has the same time, and uses it up.
    let (mut clock, _pids) = stubborn(&["--kill-after", TIME]);
    signal(&clock, Signal::SIGTERM);
    assert_eq!(wait_in_time(&mut clock).signal(), Some(9));
    guard.signal(Signal::SIGCONT).expect("it is suspended");
    until("the guard goes on", || !guard.is_suspended());
    signal(&wrapper, Signal::SIGHUP);

    assert_eq!(line(&mut stdout), "hup", "there is time left");
    assert_eq!(wait_in_time(&mut wrapper).signal(), Some(9));
}

#[test]
fn no_time_runs_before_the_program_is_asked_to_stop_and_it_may_end_within_it() {
    let script = "trap 'echo hup' HUP; trap 'echo term; read -r line; exit 5' TERM; \
                  echo ready; while :; do read -r line; done";
    let (mut wrapper, mut stdout) = start(&["--kill-after", "1h"], script);
    assert_eq!(line(&mut stdout), "ready");
    signal(&wrapper, Signal::SIGHUP);
    assert_eq!(line(&mut stdout), "hup");

    signal(&wrapper, Signal::SIGTERM);
    assert_eq!(line(&mut stdout), "term");
    drop(wrapper.stdin.take());

    assert_eq!(wait_in_time(&mut wrapper).code(), Some(5));

    // A signal that asks for no stop begins no time.
    let (mut wrapper, mut stdout) = start(&["--kill-after", "0ms"], script);
    assert_eq!(line(&mut stdout), "ready");
    for _ in 0..3 {
        signal(&wrapper, Signal::SIGHUP);
        assert_eq!(line(&mut stdout), "hup");
    }
    signal(&wrapper, Signal::SIGKILL);
    wait_in_time(&mut wrapper);
}
