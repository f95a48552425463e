//! A tree that was told nothing of containment: what its processes leave, and what the tree says of it.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::process::{Command, Output};

use nix::sys::signal::Signal;
use nix::unistd::geteuid;
use rootward_tests::InTime as _;

use crate::good_guest::loader;
use crate::support::{Identity, Program, until};

const TOLD_NOTHING: &str = env!("CARGO_BIN_EXE_told_nothing");

/// E8: embedded trees have containment `group`, in silence.
#[tokio::test]
async fn a_tree_that_was_told_nothing_leaves_nothing_when_its_program_is_killed() {
    let mut host = Program::run(TOLD_NOTHING, &[]);
    let level = host.wait_for("level ");
    let descendant = Identity::of(host.wait_for("descendant ").parse().expect("it is a number"));

    host.signal(Signal::SIGKILL);
    let finished = host.finish();

    assert!(level.starts_with("tree"), "{level}");
    assert_eq!(finished.lines_after("degraded "), [""; 0]);
    until("the descendant is gone", || !descendant.is_alive()).await;
}

#[test]
fn a_tree_that_was_told_nothing_says_its_level_in_snapshot_and_report() {
    let finished = Program::run(TOLD_NOTHING, &["stops"]).finish();

    let level = finished.lines_after("level ");
    assert!(level[0].starts_with("tree"), "{level:?}");
    assert_eq!(finished.lines_after("reported "), level);
}

#[test]
fn a_tree_that_was_told_nothing_says_that_it_has_no_warden() {
    let said = text(&without_a_warden(&["stops"]));

    let (degraded, rest) = said.split_once('\n').expect("it says more than one line");
    assert_eq!(
        degraded,
        "degraded containment: the level is `group` and not `tree`: the program itself cannot be the warden: this \
         library is not part of its file; the program `rootward-warden` was not found"
    );
    assert!(rest.starts_with("level group\n") && rest.ends_with("reported group\n"), "{rest}");
}

#[test]
fn a_tree_that_was_told_nothing_waits_for_descriptors_and_does_not_fall_back_for_their_lack() {
    let finished = Program::run(TOLD_NOTHING, &["stops", "refuses", "short"]).finish();

    let retrying = finished.lines_after("retrying ");
    assert!(retrying[0].contains("descriptors open (RLIMIT_NOFILE)"), "{retrying:?}");
    assert_eq!(finished.lines_after("degraded "), [""; 0]);
    assert!(finished.lines_after("reported ")[0].starts_with("tree"), "{:?}", finished.said);
}

#[test]
fn a_tree_that_was_told_nothing_and_refuses_a_fall_back_starts_no_process_without_a_warden() {
    let finished = without_a_warden(&["stops", "refuses"]);

    let said = text(&finished);
    assert_eq!(finished.status.code(), Some(1), "{said}");
    assert!(
        said.contains(
            "`/bin/sh` is not started, because the tree refuses what is weaker than usual: the level is"
        ),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "nothing has started: {said}");
}

/// A program that runs with more rights than its caller obeys no variable, so that it cannot be the warden.
#[test]
fn a_program_with_more_rights_than_its_caller_is_not_run_a_second_time_in_the_place_of_its_warden() {
    if !geteuid().is_root() {
        return; // Only root can make such a program here.
    }
    let directory = tempfile::tempdir().expect("a directory");
    let program = directory.path().join("program");
    // By another process: a file that this one writes may be busy in a child that another test just starts.
    let copied = Command::new("/bin/cp").arg(TOLD_NOTHING).arg(&program).status();
    assert!(copied.expect("a program that copies").success());
    for place in [directory.path(), &program] {
        chown(place, Some(65534), Some(65534)).expect("root may");
    }
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o4755)).expect("root may");

    let finished = Program::run(&program, &["stops"]).finish();

    assert_eq!(finished.lines_after("level "), ["group"]);
    assert!(!program.with_extension("came-to-main").exists());
}

/// A run of the program by the system's loader, which has no part of this library in its file.
fn without_a_warden(arguments: &[&str]) -> Output {
    let mut command = Command::new(loader());
    command.arg(TOLD_NOTHING).args(arguments).env_remove("PATH").output_in_time()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}
