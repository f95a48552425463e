//! What a tree leaves alone: the program it lives in, and the processes that it starts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};

use nix::sys::signal::Signal;
use rootward::process::{Process, Stdin};
use rootward::{Restart, Supervisor};
use rootward_tests::InTime as _;
use tempfile::TempDir;

use crate::support::{Identity, Program, fixture, launched, launched_tree, until};

#[test]
fn a_process_inherits_no_descriptor_that_it_was_not_given() {
    let host = Program::run(env!("CARGO_BIN_EXE_strange_host"), &[]).finish();

    let descriptors = host.lines_after("lists_descriptors descriptor ");
    assert_eq!(descriptors.len(), 3, "{descriptors:?}");
    assert_eq!(descriptors[0], "0 /dev/null");
    assert!(
        descriptors[1].starts_with("1 pipe:") && descriptors[2].starts_with("2 pipe:"),
        "{descriptors:?}"
    );
    assert_eq!(host.lines_after("clean "), ["true"]);
}

#[test]
fn a_process_is_born_with_no_signal_blocked_although_its_host_blocks_them() {
    let host = Program::run(env!("CARGO_BIN_EXE_strange_host"), &[]).finish();

    assert_eq!(host.lines_after("shows_its_signals SigBlk: "), ["0000000000000000"]);
    assert_eq!(host.lines_after("shows_its_signals SigPnd: "), ["0000000000000000"]);
}

#[test]
fn a_host_without_streams_and_without_a_directory_can_have_a_warden() {
    let host = Command::new(env!("CARGO_BIN_EXE_bare_host")).run_in_time().status;

    assert_eq!(host.code(), Some(0));
}

#[test]
fn a_program_adopts_orphans_only_where_it_is_asked_to() {
    for (argument, said) in [("is a guest", "left alone"), ("adopts", "adopted by the init")] {
        let host = Program::run(env!("CARGO_BIN_EXE_orphans_a_process"), &[argument]).finish();
        assert_eq!((host.status.code(), host.lines_after("")), (Some(0), vec![said]), "{argument}");
    }
}

#[test]
fn a_warden_that_cannot_be_had_leaves_no_process_behind() {
    let host = Program::run(env!("CARGO_BIN_EXE_is_refused_a_warden"), &[]).finish();

    assert_eq!(
        host.lines_after("refused "),
        ["the warden could not be started: the system refuses `pidfd_open`"]
    );
    assert_eq!(host.lines_after("children "), [""]);
}

/// R14: silently weaker.
#[tokio::test]
async fn an_embedded_tree_is_contained_without_discipline_and_without_a_second_file() {
    let mut host = Program::run(env!("CARGO_BIN_EXE_embeds_with_threads"), &[]);
    let level = host.wait_for("level ");
    let descendant = Identity::of(host.wait_for("descendant ").parse().expect("it is a number"));

    host.signal(Signal::SIGKILL);
    let _ended = host.finish();

    assert!(level.starts_with("tree"), "{level}");
    until("the descendant is gone", || !descendant.is_alive()).await;
}

#[tokio::test]
async fn a_program_that_runs_inside_a_runtime_leaves_nothing_when_it_is_killed() {
    let mut program = Program::run(env!("CARGO_BIN_EXE_runs_inside_a_runtime"), &[]);
    let level = program.wait_for("level ");
    let descendant = Identity::of(program.wait_for("descendant ").parse().expect("it is a number"));

    program.signal(Signal::SIGKILL);
    let _ended = program.finish();

    assert!(level.starts_with("tree"), "{level}");
    until("the descendant is gone", || !descendant.is_alive()).await;
}

#[tokio::test]
async fn a_program_that_runs_inside_a_runtime_stops_in_order_when_it_is_asked_to() {
    let mut program = Program::run(env!("CARGO_BIN_EXE_runs_inside_a_runtime"), &[]);
    let descendant = Identity::of(program.wait_for("descendant ").parse().expect("it is a number"));

    program.signal(Signal::SIGTERM);
    let finished = program.finish();

    assert_eq!(finished.status.code(), Some(0));
    assert!(!descendant.is_alive());
}

#[test]
fn a_program_with_the_variable_of_the_warden_and_no_socket_is_itself() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finds_a_warden"));

    let said = command.env("ROOTWARD_WARDEN", "1").output_in_time().stdout;

    let said = String::from_utf8(said).unwrap();
    assert!(said.starts_with("level tree"), "{said}");
}

#[test]
fn the_wardens_program_is_never_taken_from_the_current_directory_and_its_lack_is_an_event() {
    let place = WithWardens::new();

    let none = "degraded containment: the level is `group` and not `tree`: the warden has to be forked before there are \
                other threads, and there are 2; the program itself cannot be the warden: this library is not part of its \
                file; the program `rootward-warden` was not found";
    for path in
        [None, Some(""), Some(":/bin"), Some("/bin::"), Some("."), Some("relative"), Some("./relative:/bin")]
    {
        assert_eq!((place.told(path), place.was_run()), (format!("{none}\nlevel group\n"), None), "{path:?}");
    }
    // It is no warden either, but it is where one may be.
    let absolute = place.directory.path().join("relative");
    let told = place.told(absolute.to_str());
    assert!(
        told.contains("rootward-warden` could not be made the warden: ") && told.ends_with("level group\n"),
        "{told}"
    );
    assert_eq!(place.was_run(), Some(absolute.join("rootward-warden.was-run")));
}

#[test]
fn a_program_that_refuses_a_fall_back_fails_starts_nothing_and_leaves_no_process() {
    let place = WithWardens::new();

    let finished = place.run(None, &["refuses"]);

    let said = String::from_utf8(finished.stdout).expect("text");
    assert_eq!(finished.status.code(), Some(1), "{said}");
    assert!(!said.contains("the job runs") && said.ends_with("level group\n"), "{said}");
    assert_eq!(place.users(), Vec::<String>::new(), "these have the program's file in their memory");
}

/// A directory with a program called `rootward-warden` in it and another in a directory below, which leave a trace
/// when they are run.
struct WithWardens {
    directory: TempDir,
    program: PathBuf,
}

impl WithWardens {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        // Written by another process: a file that this one writes may be handed to a child that another test just
        // starts, and is busy until that child is a program. The program goes elsewhere than where it was built:
        // there may be a warden beside it.
        let script = r##"
            mkdir relative programs
            for warden in rootward-warden relative/rootward-warden; do
                printf '#!/bin/sh\n: > "$0.was-run"\n' > $warden
                chmod +x $warden
            done
            cp "$0" programs/finds_a_warden"##;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-ec", script, env!("CARGO_BIN_EXE_finds_a_warden")]).current_dir(directory.path());
        assert!(shell.status().expect("a shell").success());
        let program = directory.path().join("programs/finds_a_warden");
        Self { directory, program }
    }

    /// What a program says whose current directory this is.
    fn told(&self, path: Option<&str>) -> String {
        String::from_utf8(self.run(path, &[]).stdout).expect("text")
    }

    fn run(&self, path: Option<&str>, arguments: &[&str]) -> Output {
        // By the loader, which is the program then, and has no part of this library in its file.
        let mut command = Command::new(loader());
        command
            .arg(&self.program)
            .args(arguments)
            .current_dir(self.directory.path())
            .env_remove("PATH")
            .envs(path.map(|path| ("PATH", path)));
        command.output_in_time()
    }

    /// The processes that have the program's file in their memory.
    fn users(&self) -> Vec<String> {
        let program = self.program.to_str().expect("its path is text");
        let uses = |process: &PathBuf| {
            std::fs::read_to_string(process.join("maps")).is_ok_and(|maps| maps.contains(program))
        };
        let processes = std::fs::read_dir("/proc").expect("Linux lists processes").flatten();
        let users = processes.map(|process| process.path()).filter(uses);
        users.map(|process| process.display().to_string()).collect()
    }

    /// The trace of a program that was run.
    fn was_run(&self) -> Option<PathBuf> {
        let traces = ["rootward-warden.was-run", "relative/rootward-warden.was-run"];
        traces.map(|trace| self.directory.path().join(trace)).into_iter().find(|trace| trace.exists())
    }
}

/// The system's loader of programs, as it stands in this one.
pub(crate) fn loader() -> PathBuf {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux says what is in a program");
    let files = maps.lines().filter_map(|line| line.find('/').map(|at| PathBuf::from(&line[at..])));
    let is_loader =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld-"));
    files.into_iter().find(is_loader).expect("a program that was linked to others has a loader")
}

#[tokio::test]
async fn processes_do_not_inherit_each_others_pipes() {
    let child = |n: u32| fixture!("lists_descriptors").into_child(n.to_string()).restart(Restart::Temporary);
    let builder =
        Supervisor::new("root").children((0..10).map(child)).into_tree().unwrap().stop_when_idle(true);

    let (tree, log) = launched_tree(builder);
    let _ = tree.wait().await;

    let record = log.until_the_end().await;
    for n in 0..10 {
        assert_eq!(record.output(&n.to_string()).len(), 3, "{record}");
    }
}

#[tokio::test]
async fn a_process_leads_a_group_of_its_own_and_has_nothing_to_read() {
    let told = told_by(fixture!("shows_itself")).await;

    assert!(told.contains(&"leads its group true".to_owned()), "{told:?}");
    assert!(told.contains(&"input 0 bytes".to_owned()), "{told:?}");
}

#[tokio::test]
async fn a_process_gets_the_arguments_the_directory_and_the_environment_it_was_given() {
    let directory = tempfile::tempdir().unwrap();
    let its_directory = directory.path().canonicalize().unwrap();
    let process = fixture!("shows_itself").args(["one", "two words", ""]).current_dir(&its_directory);

    let told = told_by(process.env("ROOTWARD_B", "b c").env("ROOTWARD_A", "a").stdin(Stdin::Null)).await;

    assert_eq!(told[..3], ["argument one", "argument two words", "argument "]);
    assert_eq!(told[3], format!("directory {}", its_directory.display()));
    assert_eq!(told[5..7], ["variable ROOTWARD_A=a", "variable ROOTWARD_B=b c"]);
}

#[tokio::test]
async fn a_process_inherits_the_environment_unless_it_is_told_otherwise() {
    let inherited = std::env::vars_os().count();

    let told =
        |process| async { told_by(process).await.into_iter().find(|line| line.starts_with("variables ")) };

    assert_eq!(told(fixture!("shows_itself")).await, Some(format!("variables {inherited}")));
    let changed = fixture!("shows_itself").env("ROOTWARD_A", "a");
    assert_eq!(told(changed).await, Some(format!("variables {}", inherited + 1)));
    let cleared = fixture!("shows_itself").env_clear().env("ROOTWARD_A", "a");
    assert_eq!(told(cleared).await, Some("variables 1".to_owned()));
}

#[test]
fn a_tree_that_is_embedded_changes_no_signal_of_its_host_and_makes_it_no_subreaper() {
    changes_nothing_of_its_host(&[]);
}

#[test]
fn a_tree_that_is_embedded_and_has_a_warden_changes_no_signal_of_its_host_and_makes_it_no_subreaper() {
    changes_nothing_of_its_host(&["tree"]);
}

/// Compares what the kernel says of the host before there is a tree, while it runs and after it is gone.
fn changes_nothing_of_its_host(args: &[&str]) {
    let mut host = Program::run(env!("CARGO_BIN_EXE_embeds_a_tree"), args);
    let [before, during, after] = ["before ", "during ", "after "].map(|when| host.wait_for(when));
    host.wait_for("clean true");

    host.signal(Signal::SIGTERM);

    assert_eq!((&before, &before), (&during, &after));
    assert!(before.ends_with(" false"), "{before}");
    let ended = host.finish().status;
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(Signal::SIGTERM as i32));
}

#[test]
fn a_hundred_restarts_leave_no_descriptor_no_thread_no_task_and_no_zombie_behind() {
    let mut program = Program::run(env!("CARGO_BIN_EXE_restarts_often"), &["100"]);
    let early = holdings(&program.wait_for("early "));
    let late = holdings(&program.wait_for("late "));

    for (what, count) in &late {
        assert!(count <= &early[what], "{what}: {early:?} early on, {late:?} at the end");
    }
    assert_eq!(late["children"], 0);
    assert!(program.finish().status.success());
}

#[test]
fn a_host_that_takes_the_exits_of_others_keeps_no_tree_from_coming_down() {
    for level in ["group", "tree"] {
        let host = Program::run(env!("CARGO_BIN_EXE_steals_exits"), &[level]).finish();

        let told = host.lines_after("status ");
        assert!(["killed by SIGTERM", "gone, status unknown"].contains(&told[0]), "{level}: {told:?}");
        assert_eq!(host.lines_after("clean "), ["true"], "{level}");
    }
}

#[test]
fn a_host_without_any_descriptor_left_can_still_stop() {
    let host = Program::run(env!("CARGO_BIN_EXE_runs_out_of_descriptors"), &[]).finish();

    let refused = host.lines_after("dies cannot be started: ");
    assert!(
        !refused.is_empty() && refused.iter().all(|error| error.contains("cannot be started now")),
        "{refused:?}"
    );
    assert!(host.said.contains(&"stays stopped".to_owned()), "{:?}", host.said);
    assert_eq!(host.lines_after("ending "), ["Failed"]);
}

/// What a process says of itself, which then exits.
async fn told_by(process: Process) -> Vec<String> {
    let child = process.into_child("a").restart(Restart::Temporary);
    let (tree, mut log) = launched(Supervisor::new("root").child(child));
    log.wait_for_event("a", "exited").await;
    let _ = tree.stop().await;
    log.until_the_end().await.output("a").into_iter().map(str::to_owned).collect()
}

/// `descriptors 12 threads 4 …` as a map.
fn holdings(told: &str) -> BTreeMap<String, u32> {
    let words: Vec<_> = told.split_whitespace().collect();
    words.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].parse().expect("a count"))).collect()
}
