//! A program that may have only a few descriptors open.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Demo, InTime as _, Lines, Temp, wait_in_time};

const LEVELS: [&str; 3] = ["auto", "tree", "group"];

/// R15, for descriptors: some numbers of them led to "this is a bug in the demo", status 70.
#[test]
fn too_few_descriptors_are_an_error_that_names_the_limit_and_enough_are_a_start() {
    let temp = Temp::new();
    let file = temp.write(
        "tree.toml",
        "[[children]]\nid = 'job'\nrestart = 'transient'\nprocess = { command = ['true'], ready = 'completion' }\n",
    );
    for level in LEVELS {
        let run = ["run", file.to_str().unwrap(), "--view", "lines", "--containment", level];
        one_by_one((3..64).chain([128]), &run, 1);
    }
}

/// R15, for everything that a run opens beside its tree: the error had the words of the system alone, and the status of
/// a bad command line.
#[test]
fn a_run_that_writes_with_too_few_descriptors_is_an_error_that_names_the_limit_and_with_enough_a_start() {
    let temp = Temp::new();
    let job = "[[children]]\nid = 'job'\nrestart = 'transient'\n\
               process = { command = ['true'], ready = 'completion' }\n";
    let file = temp.write("tree.toml", job);
    let place = |name: &str| temp.path(name).to_str().expect("a path is text").to_owned();
    let (events, report, timeline) = (place("events"), place("report"), place("timeline.svg"));
    let (message, door, probes) = (place("message"), place("door"), format!("unix:{}", place("probes")));
    let records = ["--events", &events, "--report", &report, "--timeline", &timeline];
    let others = ["--termination-message", &message, "--observe", &door, "--probes", &probes];
    for options in
        [&records[..2], &records[2..4], &records[4..], &["--observe-port", "0"], &[records, others].concat()]
    {
        let run = ["run", file.to_str().unwrap(), "--view", "lines", "--containment", "group"];
        one_by_one((3..64).chain([128]), &[&run, options].concat(), 1);
    }
}

/// R15, for what children are given: sockets and files of their output.
#[test]
fn children_with_too_few_descriptors_for_what_they_get_are_an_error_that_names_the_limit() {
    let temp = Temp::new();
    let job = "[[children]]\nid = 'job'\nrestart = 'transient'\n[children.process]\n\
               command = ['echo', 'a line']\nready = 'completion'\n";
    for (name, more) in [
        ("log.toml", "log_file = { path = 'job.log', max_size = 3, keep = 2 }\n"),
        ("listen.toml", "listen = [{ unix = 'socket' }]\n"),
        ("descriptors.toml", "descriptors = [{ from = 0, to = 3 }]\n"),
    ] {
        let directory = format!("cwd = '{}'\n", temp.path("").display());
        let file = temp.write(name, [job, &directory, more].concat());
        let run = ["run", file.to_str().unwrap(), "--view", "lines", "--containment", "group"];
        one_by_one((3..64).chain([128]), &run, 1);
    }
}

/// R15, for the commands that read a file and run nothing.
#[test]
fn commands_on_files_with_too_few_descriptors_are_an_error_that_names_the_limit_and_with_enough_an_answer() {
    let temp = Temp::new();
    let job = "[[children]]\nid = 'job'\nrestart = 'transient'\nprocess = { command = ['true'] }\n";
    let place = |name: &str| temp.path(name).to_str().expect("a path is text").to_owned();
    let (tree, events, picture) = (temp.write("tree.toml", job), place("events"), place("timeline.svg"));
    let tree = tree.to_str().unwrap();
    let recorded = limited(128, &["run", tree, "--view", "none", "--events", &events]).output_in_time();
    assert_eq!(recorded.status.code(), Some(0));
    for command in [&["check", tree][..], &["timeline", &events], &["timeline", &events, "-o", &picture]] {
        one_by_one((3..24).chain([64]), command, 1);
    }
}

/// R15, for `exec`: the descriptor that was not there for a thread's `stat` made that "there are 0 threads".
#[test]
fn exec_with_too_few_descriptors_is_an_error_that_names_the_limit_and_with_enough_it_is_a_start() {
    for level in ["tree", "session"] {
        one_by_one((3..24).chain([64]), &["exec", "--containment", level, "--", "true"], 125);
    }
}

/// R15, for the commands on a running program.
#[test]
fn commands_with_too_few_descriptors_are_an_error_that_names_the_limit_and_with_enough_an_answer() {
    let watched = Watched::start();
    let door = watched.door();
    for command in [
        &["status", door][..],
        &["status", door, "--json"],
        &["why", door, "root/stays"],
        &["wait", door, "root/stays"],
        &["events", door],
    ] {
        one_by_one((3..24).chain([64]), command, 1);
    }
    watched.stop();
}

/// R15, for `attach`, which has no end as long as the tree runs.
#[test]
fn attach_with_too_few_descriptors_is_an_error_that_names_the_limit_and_with_enough_it_shows_the_tree() {
    let watched = Watched::start();
    let mut showed = Vec::new();
    for most in (3..24).chain([64]) {
        let mut child = limited(most, &["attach", watched.door()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = Lines::of(child.stdout.take().unwrap());

        let shows = said.next_line().is_some();

        if shows {
            kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
        }
        let why = Lines::of(child.stderr.take().unwrap()).rest();
        match wait_in_time(&mut child).code() {
            None if shows => {}
            Some(127) => assert!(showed.is_empty(), "{most}: {why}"),
            status => {
                assert_eq!(status, Some(1), "{most}: {why}");
                assert!(why.contains("RLIMIT_NOFILE") && !why.contains("bug"), "{most}: {why}");
            }
        }
        showed.push(shows);
    }
    watched.stop();

    assert!(showed.is_sorted() && showed.ends_with(&[true]), "{showed:?}");
}

/// Runs the demo with so many descriptors, one by one: too few are the demo's own failure, which names the limit.
fn one_by_one(limits: impl Iterator<Item = u32>, args: &[&str], failed: i32) {
    let mut statuses = Vec::new();
    for most in limits {
        let Output { status, stderr, .. } = limited(most, args).output_in_time();

        let said = String::from_utf8_lossy(&stderr).into_owned();
        match status.code() {
            Some(0) => {}
            // The program that loads it has no descriptor left for its libraries.
            Some(127) if said.contains("shared libraries") => assert!(statuses.is_empty(), "{most}: {said}"),
            status => {
                assert_eq!(status, Some(failed), "{most} for {args:?}: {said}");
                assert!(
                    said.contains("RLIMIT_NOFILE") && !said.contains("bug"),
                    "{most} for {args:?}: {said}"
                );
            }
        }
        statuses.extend(status.code().filter(|status| *status != 127));
    }

    // How many are open at a time depends on what is done at the same time: a number that is nearly enough may be
    // enough or not.
    assert_eq!(statuses.last(), Some(&0), "{args:?}");
}

fn limited(most: u32, args: &[&str]) -> Command {
    let mut command = Command::new("prlimit");
    command
        .arg(format!("--nofile={most}:{most}"))
        .arg(env!("CARGO_BIN_EXE_rootward-demo"))
        .args(args)
        .stdin(Stdio::null());
    command
}

/// A program that runs, and its door.
pub(crate) struct Watched {
    demo: Demo,
    door: PathBuf,
    _temp: Temp,
}

impl Watched {
    pub(crate) fn start() -> Self {
        let temp = Temp::new();
        let tree = "id = 'root'\n[[children]]\nid = 'stays'\ntask = { run = 'forever' }\n";
        let (file, door) = (temp.write("tree.toml", tree), temp.path("door"));
        let args = [
            "run",
            file.to_str().expect("a path is text"),
            "--observe",
            door.to_str().expect("a path is text"),
        ];
        let mut demo = Demo::start(args);
        demo.wait_for_start();
        demo.wait_for_line("watch at ");
        Self { demo, door, _temp: temp }
    }

    pub(crate) fn door(&self) -> &str {
        self.door.to_str().expect("the path is UTF-8")
    }

    pub(crate) fn stop(self) {
        self.demo.signal(Signal::SIGTERM);
        assert_eq!(self.demo.finish().code(), 0);
    }
}
