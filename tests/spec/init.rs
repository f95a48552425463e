//! The init above a program that adopts orphans: what comes to it is reaped, what is sent to it is passed on, and it
//! ends as the program ends.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rootward_tests::{Heard, Known, until_some, wait_in_time};

use crate::support::{Program, until};

const AMONG_STRANGERS: &str = env!("CARGO_BIN_EXE_waits_among_strangers");

/// R1: what the program itself starts leaves zombies.
#[test]
fn a_hundred_strangers_leave_no_zombie_and_every_process_of_the_programs_own_has_its_own_exit() {
    let host = Program::run(AMONG_STRANGERS, &["100", "adopts"]).finish();

    assert_eq!((host.lines_after("wrong exits "), host.lines_after("left ")), (vec!["0"], vec!["0"]));
    assert_eq!(host.status.code(), Some(0));
}

/// R1: what comes to a program that does not reap.
#[test]
fn a_hundred_strangers_do_not_become_zombies_of_a_program_that_adopts_no_orphans() {
    let host = Program::run(AMONG_STRANGERS, &["100"]).finish();

    assert_eq!((host.lines_after("wrong exits "), host.lines_after("left ")), (vec!["0"], vec!["0"]));
    assert_eq!(host.status.code(), Some(0));
}

/// R2: process 1 does not reap.
#[test]
fn process_1_leaves_no_zombie_and_every_process_of_its_own_has_its_own_exit() {
    if !is_there_a_process_1() {
        return;
    }
    let host = Program::run("unshare", &[&ALONE[..], &[AMONG_STRANGERS, "50", "adopts"]].concat()).finish();

    assert_eq!(host.lines_after("began as "), ["1"]);
    assert_ne!(host.lines_after("goes on as "), ["1"]);
    assert_eq!((host.lines_after("wrong exits "), host.lines_after("left ")), (vec!["0"], vec!["0"]));
    assert_eq!(host.status.code(), Some(0));
}

/// What has its program be process 1 of a namespace.
const ALONE: [&str; 4] = ["--pid", "--fork", "--mount-proc", "--kill-child"];

#[expect(clippy::print_stdout, reason = "the test's output says what has not been tested")]
fn is_there_a_process_1() -> bool {
    let tried = Command::new("unshare").args(ALONE).arg("true").stderr(Stdio::null()).status();
    let is_there = tried.is_ok_and(|it| it.success());
    if !is_there {
        println!("there are no namespaces for this user, so that nothing can be process 1 here");
    }
    is_there
}

#[test]
fn process_1_inside_a_runtime_has_an_event_that_says_that_there_is_no_init() {
    if !is_there_a_process_1() {
        return;
    }
    let inside = env!("CARGO_BIN_EXE_runs_inside_a_runtime");

    let mut host = Program::run("unshare", &[&ALONE[..], &[inside]].concat());

    let why = host.wait_for("degraded orphans: ");
    assert!(
        why.starts_with(
            "orphans stay as zombies of process 1: the init has to be forked before there are other threads"
        ),
        "{why}"
    );
    // The end of `unshare` ends process 1 and all others of the namespace.
    host.signal(Signal::SIGKILL);
    assert_eq!(host.finish().status.signal(), Some(Signal::SIGKILL as i32));
}

#[test]
fn that_there_can_be_no_init_is_an_event() {
    let host = Program::run(env!("CARGO_BIN_EXE_finds_a_warden"), &["adopts"]).finish();

    let why =
        "orphans are not adopted: the init has to be forked before there are other threads, and there are 2";
    assert_eq!(host.lines_after("degraded orphans: "), [why]);
}

#[test]
fn a_signal_to_the_init_reaches_the_program_once() {
    let mut scene = Scene::begin(None);

    for signal in [Signal::SIGUSR1, Signal::SIGINT, Signal::SIGHUP, Signal::SIGWINCH, Signal::SIGUSR1] {
        kill(scene.init, signal).unwrap();
        scene.heard.wait_for(&format!("got {signal}"));
    }

    assert_eq!(scene.ends_after(Signal::SIGTERM).code(), Some(7));
    let got = ["SIGUSR1", "SIGINT", "SIGHUP", "SIGWINCH", "SIGUSR1", "SIGTERM"];
    assert_eq!(scene.heard.lines_after("got "), got);
}

#[test]
fn a_signal_to_the_group_reaches_the_program_once() {
    // It was started as the leader of a group, and of a session without a terminal.
    for wrapper in [None, Some("setsid")] {
        let mut scene = Scene::begin(wrapper);

        for signal in [Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR1] {
            killpg(scene.init, signal).unwrap();
            scene.heard.wait_for(&format!("got {signal}"));
        }

        scene.ends_after(Signal::SIGTERM);
        let got = ["SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR1", "SIGTERM"];
        assert_eq!(scene.heard.lines_after("got "), got, "{wrapper:?}");
    }
}

#[test]
fn what_was_blocked_or_ignored_stays_so() {
    let mut plain = Scene::begin(None);
    let mut script = Command::new("/bin/sh");
    script.args(["-c", "trap '' HUP; exec \"$0\"", HEARS]);

    let mut ignores = Scene::of(script);

    let bit = 1 << (Signal::SIGHUP as u32 - 1);
    for (scene, expected) in [(&mut plain, 0), (&mut ignores, bit)] {
        scene.ends_after(Signal::SIGTERM);
        assert_eq!(scene.heard.lines_after("its signals are as they were: "), ["true"]);
        let ignored = u64::from_str_radix(scene.heard.lines_after("ignored ")[0], 16).unwrap();
        assert_eq!(ignored & bit, expected);
    }
}

#[test]
fn the_init_ends_by_the_signal_that_has_ended_the_program() {
    for signal in [Signal::SIGQUIT, Signal::SIGKILL, Signal::SIGABRT] {
        let mut scene = Scene::begin(None);

        kill(scene.program(), signal).unwrap();

        scene.heard.wait_for_the_end();
        assert_eq!(wait_in_time(&mut scene.child).signal(), Some(signal as i32));
    }
}

#[tokio::test]
async fn nothing_is_left_of_the_program_when_its_init_is_killed() {
    let mut scene = Scene::begin(None);

    kill(scene.init, Signal::SIGKILL).unwrap();

    // The program held its output until it ended.
    scene.heard.wait_for_the_end();
    assert_eq!(wait_in_time(&mut scene.child).signal(), Some(Signal::SIGKILL as i32));
    until("the program is gone", || !scene.program.is_alive()).await;
}

#[test]
fn the_init_is_suspended_and_goes_on_together_with_the_program() {
    for signal in [Signal::SIGTSTP, Signal::SIGSTOP] {
        let mut scene = Scene::begin(None);

        // As a key does it, or a shell.
        killpg(scene.init, signal).unwrap();
        scene.waits_for_its_suspension();
        killpg(scene.init, Signal::SIGCONT).unwrap();
        assert_eq!(scene.waits_for(WaitPidFlag::WCONTINUED), WaitStatus::Continued(scene.init));

        // And as a user does it that sends the signal to the one process that was started.
        if signal == Signal::SIGTSTP {
            kill(scene.init, signal).unwrap();
            scene.waits_for_its_suspension();
            kill(scene.init, Signal::SIGCONT).unwrap();
        }

        assert_eq!(scene.ends_after(Signal::SIGTERM).code(), Some(7));
        assert_eq!(scene.heard.lines_after("got "), ["SIGTERM"]);
    }
}

#[test]
fn a_sigcont_that_follows_at_once_leaves_neither_the_init_nor_its_program_suspended() {
    let mut scene = Scene::begin(None);

    for _ in 0..50 {
        killpg(scene.init, Signal::SIGTSTP).unwrap();
        killpg(scene.init, Signal::SIGCONT).unwrap();
    }

    assert_eq!(scene.ends_after(Signal::SIGTERM).code(), Some(7));
    assert_eq!(scene.heard.lines_after("got "), ["SIGTERM"]);
}

#[test]
fn what_wakes_the_init_does_not_reach_the_program() {
    let mut command = Command::new(HEARS);
    command.arg("SIGCONT");
    let mut scene = Scene::of(command);

    for _ in 0..20 {
        // To the program alone: a helper wakes the init.
        kill(scene.program(), Signal::SIGSTOP).unwrap();
        scene.waits_for_its_suspension();
        kill(scene.program(), Signal::SIGCONT).unwrap();
        scene.waits_for(WaitPidFlag::WCONTINUED);
        scene.heard.wait_for("got SIGCONT");
    }

    assert_eq!(scene.ends_after(Signal::SIGTERM).code(), Some(7));
    assert_eq!(scene.heard.lines_after("got ").len(), 21);
}

#[test]
fn what_forks_and_ends_all_the_time_is_not_taken_for_ended() {
    let [an_hour, hops] = ["3600000", "3000"];
    let hopping = Program::run(env!("CARGO_BIN_EXE_hops_below_an_init"), &[an_hour, hops]).finish();

    // The last one has the guard above it still.
    assert_eq!(hopping.lines_after("the guard is there: "), ["true"]);
    assert_eq!(hopping.status.code(), Some(0));
}

#[test]
fn what_forks_and_ends_all_the_time_is_killed_when_its_grace_is_over() {
    let [grace, hops] = ["50", "100000"];
    let hopping = Program::run(env!("CARGO_BIN_EXE_hops_below_an_init"), &[grace, hops]).finish();

    // It holds the output as long as it lives, and would say this if it ended by itself.
    assert!(hopping.lines_after("the guard is there: ").is_empty());
    assert_eq!(hopping.status.code(), Some(0));
}

const HEARS: &str = env!("CARGO_BIN_EXE_hears_through_its_init");

/// A program that hears through its init. It does not survive this.
struct Scene {
    child: Child,
    heard: Heard,
    init: Pid,
    program: Known,
}

impl Scene {
    fn begin(wrapper: Option<&str>) -> Self {
        let mut command = Command::new(wrapper.unwrap_or(HEARS));
        if wrapper.is_some() {
            command.args(["--wait", HEARS]);
        }
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program has been built");
        let mut heard = Heard::of(child.stdout.take().expect("its standard output is piped"));
        let init = Pid::from_raw(heard.wait_for("init ").parse().expect("a process id"));
        let program = heard.wait_for("program ").parse().expect("a process id");
        let program = Known::of(program).expect("it is there");
        Self { child, heard, init, program }
    }

    fn program(&self) -> Pid {
        Pid::from_raw(self.program.pid.try_into().expect("a process id"))
    }

    /// Waits until the init changes in this way.
    fn waits_for(&self, change: WaitPidFlag) -> WaitStatus {
        until_some("the init changes", || {
            let looked = waitpid(self.init, Some(change | WaitPidFlag::WNOHANG)).expect("it is our child");
            (looked != WaitStatus::StillAlive).then_some(looked)
        })
    }

    fn waits_for_its_suspension(&self) {
        let waited = self.waits_for(WaitPidFlag::WUNTRACED);
        assert!(matches!(waited, WaitStatus::Stopped(..)), "{waited:?}");
        assert!(self.program.is_suspended());
    }

    /// Sends a signal to the init, and waits for the end.
    fn ends_after(&mut self, signal: Signal) -> ExitStatus {
        kill(self.init, signal).expect("it is there");
        self.heard.wait_for_the_end();
        wait_in_time(&mut self.child)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // After they have ended, these do nothing.
        let _ = self.program.signal(Signal::SIGKILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
