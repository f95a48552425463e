//! What becomes of processes when the warden and the reapers above them are killed.

use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rootward_core::{Exit, Supervisor};
use rootward_procs::{Containment, Process, Warden};

use crate::given::{is_alive, script, wait_until_gone};

#[tokio::test]
async fn a_child_whose_reaper_is_killed_ends_with_all_it_has_started() {
    let mut given = script("setsid sh -c 'echo $$; exec sleep 1000' & echo $PPID; exec sleep 1000");
    let pids: [i32; 2] = [given.line().await.parse().unwrap(), given.line().await.parse().unwrap()];
    let is_reaper =
        |pid: &i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap() == "rootward-reaper\n";
    let reaper = *pids.iter().find(|pid| is_reaper(pid)).unwrap();
    let daemon = *pids.iter().find(|pid| **pid != reaper).unwrap();

    kill(Pid::from_raw(reaper), Signal::SIGKILL).unwrap();

    assert_eq!(
        given.exit().await,
        Exit::Signal { name: "SIGKILL".into(), number: 9, core_dumped: false, out_of_memory: false }
    );
    assert!(!is_alive(daemon.unsigned_abs()));
}

#[tokio::test]
async fn a_warden_that_is_killed_is_missed_and_what_it_started_can_still_be_stopped() {
    let warden = Warden::program(env!("CARGO_BIN_EXE_rootward-warden")).unwrap();
    let root = Supervisor::new("root").child(Process::new("sleep").arg("1000").into_child("child"));
    let tree = Containment::tree(&warden).apply(root.into_tree().unwrap()).start().await.unwrap();

    kill(Pid::from_raw(warden.pid() as i32), Signal::SIGKILL).unwrap();
    tokio::time::timeout(Duration::from_secs(30), warden.died()).await.unwrap();
    let report = tree.stop().await;

    assert_eq!(
        report.find("root/child").unwrap().status,
        Some(Exit::Signal { name: "SIGTERM".into(), number: 15, core_dumped: false, out_of_memory: false })
    );
    let refused = Containment::tree(&warden)
        .apply(Supervisor::new("root").child(Process::new("true").into_child("late")).into_tree().unwrap())
        .start()
        .await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn a_warden_that_is_let_go_is_gone() {
    let warden = Warden::program(env!("CARGO_BIN_EXE_rootward-warden")).unwrap();

    assert!(warden.close(Duration::from_secs(30)));

    wait_until_gone(warden.pid());
}

#[tokio::test]
async fn a_program_that_is_no_warden_is_refused() {
    let error = Warden::program("/bin/true").unwrap_err();

    assert!(error.to_string().contains("/bin/true"), "{error}");
    assert!(Warden::program("/nowhere/to/be/found").is_err());
}

#[tokio::test]
async fn a_fork_is_refused_when_there_are_threads() {
    let error = Warden::fork().unwrap_err();

    assert!(matches!(error, rootward_procs::WardenError::TooLate { threads } if threads > 1), "{error}");
}

#[test]
fn the_wardens_program_does_nothing_for_others() {
    let status = Command::new(env!("CARGO_BIN_EXE_rootward-warden")).stdin(Stdio::null()).status().unwrap();

    assert_eq!(status.code(), Some(2));
}
