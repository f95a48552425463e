//! A supervisor that is killed before it has come to anything, and what its helpers are called meanwhile.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use rootward_tests::{Heard, Known, happens, wait_in_time};

use crate::record::Record;

/// How often a supervisor is killed in its first milliseconds.
const KILLS: u32 = 100;

/// How many looks at its children are taken before the kill: each takes some 10 µs, and a supervisor has come to its
/// first child after some milliseconds.
const LOOKS: u32 = 200;

/// R18: a warden that was forked and had not heard of its supervisor yet stayed for ever.
#[test]
fn a_supervisor_that_is_killed_in_its_first_milliseconds_leaves_no_process() {
    let mut seen = BTreeSet::new();
    let record = Record::begin();
    for kill in 0..KILLS {
        let mut supervisor = Command::new(env!("CARGO_BIN_EXE_supervises"))
            .args(["1", "runs_forever", record.path()])
            .stdout(Stdio::null())
            .spawn()
            .expect("the program has been built");
        let process = Known::of(supervisor.id()).expect("it is not reaped");
        let mut born = BTreeSet::new();
        for look in 0..LOOKS {
            born.extend(children_of(process.pid));
            // The moments are spread over the time in which a supervisor makes its helpers.
            if !born.is_empty() && look >= kill * LOOKS / KILLS {
                break;
            }
        }

        supervisor.kill().expect("it is ours");
        wait_in_time(&mut supervisor);
        seen.extend(born);
    }

    let alive = || seen.iter().filter(|process| process.is_alive()).count();
    assert!(happens(|| alive() == 0), "{} of {} processes are still there", alive(), seen.len());
    assert!(happens(|| Known::all_that_mention(record.path()).is_empty()));
}

/// R25: `pkill -9 -f` with a part of the supervisor's command line took its helpers as well.
#[test]
fn helpers_have_names_of_their_own_and_not_the_command_line_of_the_supervisor() {
    let record = Record::begin();
    let mut supervisor = Command::new(env!("CARGO_BIN_EXE_supervises"))
        .args(["2", "runs_forever", record.path()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program has been built");
    let mut heard = Heard::of(supervisor.stdout.take().expect("it is piped"));
    heard.wait_for("root started");
    let all = Known::of(supervisor.id()).expect("it is ours").descendants();

    let helpers: Vec<_> = all
        .into_iter()
        .map(|process| (read(process, "comm"), read(process, "cmdline")))
        .filter(|(comm, _)| comm.starts_with("rootward-"))
        .collect();

    let wrong: Vec<_> = helpers
        .iter()
        .filter(|(_, line)| line.contains("supervises") || !line.starts_with("rootward-"))
        .collect();
    assert!(helpers.len() >= 3, "a warden and two reapers: {helpers:?}");
    assert!(wrong.is_empty(), "{wrong:?}");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(supervisor.id() as i32), Signal::SIGTERM)
        .expect("it is ours");
    heard.wait_for_the_end();
    wait_in_time(&mut supervisor);
}

fn read(process: Known, file: &str) -> String {
    let bytes = fs::read(format!("/proc/{}/{file}", process.pid)).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end_matches(['\0', '\n']).to_owned()
}

/// The children of a process's first thread, which is the one that makes a warden.
fn children_of(pid: u32) -> Vec<Known> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|pid| Known::of(pid.parse().ok()?)).collect()
}
