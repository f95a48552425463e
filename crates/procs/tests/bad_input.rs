//! What cannot be started, and how that is said: real files, with and without a warden. In a program of its own,
//! because its descriptors and its children are counted.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, and not what they call")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::stat::Mode;
use rootward_core::{Restart, StartError, Supervisor, TreeStartError};
use rootward_procs::{Containment, Process, Ready, Stdin, Warden};

use crate::until::{until, within};

mod until;

/// A process that cannot be started, and what its supervisor says about it, behind the name of the child.
type Case = (Process, String);

#[tokio::test]
async fn each_start_that_fails_names_child_thing_and_cause_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    let warden = Warden::program(env!("CARGO_BIN_EXE_rootward-warden")).unwrap();

    for containment in [Containment::group(), Containment::tree(&warden)] {
        let table = cases(directory.path());
        // Makes what is made once.
        fail_all(&containment, &table).await;
        let (children, descriptors) = (children(), descriptors());
        for _ in 0..3 {
            fail_all(&containment, &table).await;
        }

        // A start that left one thing behind would have left more than fifty. A warden may keep a few lines more.
        until("the children are gone", || self::children().len() <= children.len());
        until("the descriptors are closed", || self::descriptors() <= descriptors + 4);
    }
    if let Some(program) = on_noexec() {
        fs::remove_file(program).unwrap();
    }
}

fn cases(directory: &Path) -> Vec<Case> {
    let at = |name: &str| directory.join(name);
    let file = |name: &str, contents: &str, mode| {
        fs::write(at(name), contents).unwrap();
        fs::set_permissions(at(name), Permissions::from_mode(mode)).unwrap();
        at(name)
    };
    let run = |path: &Path| Process::new(path);
    let plain = file("plain", "#!/bin/sh\n", 0o644);
    let not_executable =
        |path: &Path, why: &str| (run(path), format!("`{}` is not executable{why}", path.display()));
    let no_interpreter = |path: &Path, shown: &str, why: &str| {
        (run(path), format!("the interpreter \"{shown}\" of `{}` was not found{why}", path.display()))
    };
    let no_directory = |dir: &Path, why: &str| {
        let process = Process::new("/bin/true").current_dir(dir);
        (process, format!("the working directory `{}` cannot be entered: {why}", dir.display()))
    };
    let _ = fs::remove_file(at("loop"));
    symlink(at("loop"), at("loop")).unwrap();
    let _ = nix::unistd::mkfifo(&at("fifo"), Mode::from_bits_truncate(0o777));
    fs::create_dir_all(at("dir")).unwrap();
    let long = "x".repeat(100_000);
    let denied = "Permission denied (os error 13)";

    file("near", "#!/no/such\n", 0o755);
    for depth in 0..6 {
        file(&format!("deep{depth}"), &format!("#!{}\n", at(&format!("deep{}", depth + 1)).display()), 0o755);
    }
    file("deep6", "#!/bin/sh\n", 0o755);

    let mut cases = vec![
        (run(&at("none")), format!("the program `{}` was not found", at("none").display())),
        (run(&at("plain/below")), format!("the program `{}` was not found", at("plain/below").display())),
        (
            Process::new("nowhere-in-path").env("PATH", directory),
            "the program `nowhere-in-path` was not found".into(),
        ),
        not_executable(&plain, &format!(", it has no permission to be executed: {denied}")),
        not_executable(&at("dir"), &format!(", it is a directory: {denied}")),
        not_executable(&at("fifo"), &format!(", it is no regular file: {denied}")),
        not_executable(&at("loop"), ": Too many levels of symbolic links (os error 40)"),
        not_executable(&at(&"n".repeat(300)), ": File name too long (os error 36)"),
        not_executable(&file("empty", "", 0o755), ", the file is empty: Exec format error (os error 8)"),
        not_executable(
            &file("text", "echo\n", 0o755),
            ", it has no `#!` line and is no binary of this system: Exec format error (os error 8)",
        ),
        not_executable(
            &file("through", &format!("#!{}\n", plain.display()), 0o755),
            &format!(
                ", of its interpreter `{}`: it has no permission to be executed: {denied}",
                plain.display()
            ),
        ),
        no_interpreter(&file("gone", "#!/no/such -x\n", 0o755), "/no/such", ""),
        no_interpreter(
            &file("dos", "#!/bin/sh\r\necho\r\n", 0o755),
            "/bin/sh\\r",
            ": the first line of the file ends with a carriage return",
        ),
        no_interpreter(
            &file("second", &format!("#!{}\n", at("gone").display()), 0o755),
            "/no/such",
            &format!(": its interpreter `{}` needs it", at("gone").display()),
        ),
        (
            Process::new(file("relative", "#!near\n", 0o755)).current_dir(directory),
            format!(
                "the interpreter \"/no/such\" of `{}` was not found: its interpreter `near` needs it",
                at("relative").display()
            ),
        ),
        not_executable(
            &file("behind", &format!("#!{}\n", at("text").display()), 0o755),
            &format!(
                ", of its interpreter `{}`: it has no `#!` line and is no binary of this system: Exec format error",
                at("text").display()
            ),
        ),
        not_executable(
            &at("deep0"),
            ", its interpreter has an interpreter, and so on, more often than the system follows: Too many levels",
        ),
        (
            Process::new("/bin/true").args(vec![long; 80]),
            "the arguments and the environment of `/bin/true` are too long: they have ".into(),
        ),
        no_directory(&at("none"), "No such file or directory (os error 2)"),
        no_directory(&plain, "Not a directory (os error 20)"),
        (
            Process::new("/bin/true").stdin(Stdin::File(at("none"))),
            format!(
                "the standard input `{}` of `/bin/true` cannot be opened: No such file",
                at("none").display()
            ),
        ),
    ];
    if let Some(binary) = without_its_loader() {
        fs::write(at("unloaded"), binary).unwrap();
        fs::set_permissions(at("unloaded"), Permissions::from_mode(0o755)).unwrap();
        cases.push((
            run(&at("unloaded")),
            format!("the interpreter \"/non/so\" of `{}` was not found", at("unloaded").display()),
        ));
    }
    if let Some(program) = on_noexec() {
        cases.push(not_executable(
            &program,
            &format!(", the file system that it is on is mounted `noexec`: {denied}"),
        ));
    }
    if !nix::unistd::geteuid().is_root() {
        fs::create_dir_all(at("locked")).unwrap();
        fs::set_permissions(at("locked"), Permissions::from_mode(0o000)).unwrap();
        cases.push(no_directory(&at("locked"), denied));
        let refused = "`/bin/true` cannot be given the user `root`: Operation not permitted (os error 1)";
        cases.push((Process::new("/bin/true").user("root"), refused.into()));
    }
    // One that waits to be ready fails in the same way, and at once.
    let (first, error) = cases[0].clone();
    cases.push((first.ready(Ready::tcp("127.0.0.1:1")).ready_timeout(Duration::from_secs(500)), error));
    cases
}

/// A binary of this system that names a loader which is not there. `None` if this system's binaries have none.
fn without_its_loader() -> Option<Vec<u8>> {
    let mut binary = fs::read("/bin/true").unwrap();
    // What the linker writes at the beginning.
    let at = binary.windows(4).take(4096).position(|text| text == b"/lib")?;
    binary.get_mut(at..at + 8)?.copy_from_slice(b"/non/so\0");
    Some(binary)
}

/// A program on a file system from which nothing may be executed, if there is one to write to.
fn on_noexec() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let places = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (place, kind, options) = (fields.next()?, fields.next()?, fields.next()?);
        (kind == "tmpfs" && options.split(',').any(|option| option == "noexec")).then_some(place)
    });
    places.into_iter().find_map(|place| {
        let program = Path::new(place).join(format!("rootward-{}", std::process::id()));
        fs::copy("/bin/true", &program).ok()?;
        Some(program)
    })
}

async fn fail_all(containment: &Containment, table: &[Case]) {
    for (process, expected) in table {
        let child = process.clone().into_child("child").restart(Restart::Temporary);
        let tree =
            Supervisor::new("root").intensity(0, Duration::from_secs(1)).child(child).into_tree().unwrap();
        let started = within("the end of the start", containment.apply(tree).start()).await;
        let Err(TreeStartError::Start { error, .. }) = started else {
            panic!("{expected}: the start should have failed")
        };
        assert!(matches!(error, StartError::Child { .. }), "{error:?}");
        let said = error.describe();
        assert!(said.starts_with(&format!("failed to start root/child: {expected}")), "{said}\n{expected}");
    }
}

/// The children of this program, zombies among them.
fn children() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let children = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
    children.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}
