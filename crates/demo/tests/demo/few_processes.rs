//! A system on which there may be only a few processes.

use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use nix::unistd::Uid;

use crate::few_descriptors::Watched;
use crate::support::{Temp, happens};

/// R15: it hung without a message, or said that this is a bug in the demo, with status 70. From the first number with
/// which a program can be executed at all, one by one, to the first that is enough.
#[test]
fn too_few_processes_are_an_error_that_names_the_limit_and_enough_are_a_start() {
    let temp = Temp::new();
    let job = "[[children]]\nid = 'job'\nrestart = 'transient'\n\
               process = { command = ['true'], ready = 'completion', retry_start = '0s' }\n";
    let file = temp.write("tree.toml", job);
    let directory = file.parent().expect("it is in a directory");
    std::fs::set_permissions(directory, Permissions::from_mode(0o755)).expect("it is the test's own");
    if !Uid::effective().is_root() || !is_open_to_others(&file) {
        // For root there is no limit, and another user has processes already.
        eprintln!(
            "left out: a user without processes, which takes root, and a demo that is open to all users"
        );
        return;
    }
    // A thread for each processor, and some twenty other threads, helpers and programs.
    let enough = u32::try_from(std::thread::available_parallelism().map_or(1, usize::from)).unwrap() + 40;
    for (number, level) in (0..).zip(LEVELS) {
        for most in 3..=enough {
            let demo = as_another_user(number, most, &run_at(level, &file));

            let said = String::from_utf8_lossy(&demo.stderr).into_owned();
            if demo.status.code() == Some(0) {
                continue;
            }
            assert_ne!(most, enough, "at {level} that should be enough: {said}");
            assert_eq!(demo.status.code(), Some(1), "{most} at {level}: {said}");
            assert!(said.contains("RLIMIT_NPROC") && !said.contains("bug"), "{most} at {level}: {said}");
        }
    }
}

/// R15, for the limit of a cgroup.
#[test]
fn too_few_processes_of_a_cgroup_are_an_error_that_names_the_limit_and_enough_are_a_start() {
    let Some(cgroup) = Limited::new("too-few") else {
        eprintln!("left out: cgroups with a limit of processes, which this user may not make here");
        return;
    };
    let temp = Temp::new();
    let job = "[[children]]\nid = 'job'\nrestart = 'transient'\nprocess = { command = ['true'] }\n";
    let file = temp.write("tree.toml", job);
    for level in LEVELS {
        for most in (1..14).chain([200]) {
            let demo = cgroup.run(most, &run_at(level, &file));

            let said = String::from_utf8_lossy(&demo.stderr).into_owned();
            match most {
                200 => assert_eq!(demo.status.code(), Some(0), "at {level}: {said}"),
                most => {
                    assert_eq!(demo.status.code(), Some(1), "{most} at {level}: {said}");
                    let names_it = said.contains(&format!("may have {most} processes (pids.max)"));
                    assert!(names_it && !said.contains("bug"), "{most} at {level}: {said}");
                }
            }
        }
    }
}

/// R15, for `exec`: with room for two of its three processes the init waited for ever.
#[test]
fn exec_with_too_few_processes_is_an_error_that_names_the_limit_and_with_enough_it_is_a_start() {
    let exec = ["exec", "--", "true"].map(OsString::from);
    let judge = |most: u32, limit: &str, ended: &Output| {
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        match ended.status.code() {
            // The init, the guard and the program. What ran before may count for a moment after its end.
            Some(0) => assert!(most >= 3, "{most}: {said}"),
            code => {
                assert_eq!(code, Some(125), "{most}: {said}");
                assert!(most < 200 && said.contains(limit), "{most}: {said}");
            }
        }
    };

    let cgroup = Limited::new("exec");
    for most in (1..8).chain([200]) {
        match &cgroup {
            Some(cgroup) => {
                judge(most, &format!("may have {most} processes (pids.max)"), &cgroup.run(most, &exec));
            }
            None => {
                eprintln!("left out: cgroups with a limit of processes, which this user may not make here")
            }
        }
        if Uid::effective().is_root() && is_open_to_others(Path::new("/")) {
            judge(most, "(RLIMIT_NPROC)", &as_another_user(3, most, &exec));
        }
    }
}

/// R15, where it depends on the moment: helpers and programs took the place that the demo had tried out for a thread.
#[test]
fn just_enough_processes_of_a_cgroup_are_a_start_or_an_error_and_never_a_bug() {
    let Some(cgroup) = Limited::new("just-enough") else {
        eprintln!("left out: cgroups with a limit of processes, which this user may not make here");
        return;
    };
    let temp = Temp::new();
    let job = "[[children]]\nid = 'job'\nrestart = 'transient'\nprocess = { command = ['true'] }\n";
    let file = temp.write("tree.toml", job);
    for most in (14..26).cycle().take(48) {
        let demo = cgroup.run(most, &run_at("tree", &file));

        let said = String::from_utf8_lossy(&demo.stderr).into_owned();
        let names_it = said.contains(&format!("may have {most} processes (pids.max)"));
        match demo.status.code() {
            Some(0) => {}
            status => assert!(status == Some(1) && names_it && !said.contains("bug"), "{most}: {said}"),
        }
    }
}

/// R15, for `attach`: tokio panicked, status 70.
#[test]
fn commands_with_too_few_processes_are_an_answer_or_an_error_that_names_the_limit() {
    let Some(cgroup) = Limited::new("commands") else {
        eprintln!("left out: cgroups with a limit of processes, which this user may not make here");
        return;
    };
    let watched = Watched::start();
    for most in 1..=2 {
        let run = |command: &[&str]| {
            let args: Vec<OsString> = command.iter().map(OsString::from).collect();
            let ended = cgroup.run(most, &args);
            (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
        };

        assert_eq!(run(&["status", watched.door()]), (Some(0), String::new()), "{most}");
        let (status, said) = run(&["attach", watched.door()]);
        assert_eq!(status, Some(1), "{most}: {said}");
        assert!(said.contains(&format!("may have {most} processes (pids.max)")), "{most}: {said}");
    }
    watched.stop();
}

const LEVELS: [&str; 3] = ["auto", "tree", "group"];

fn run_at(level: &str, file: &Path) -> [OsString; 6] {
    let file = file.as_os_str();
    ["run".as_ref(), file, "--view".as_ref(), "lines".as_ref(), "--containment".as_ref(), level.as_ref()]
        .map(OsStr::to_owned)
}

/// Runs a demo as a user that has no other process, so that no other one counts, and may have so many.
fn as_another_user(number: u32, most: u32, args: &[OsString]) -> Output {
    let user = 1_500_000 + (std::process::id() % 10_000 * 4 + number) * 1024 + most;
    Command::new("timeout")
        .args(["-s", "KILL", "60", "setpriv", "--clear-groups"])
        .args([format!("--regid={user}"), format!("--reuid={user}")])
        .args(["prlimit", &format!("--nproc={most}:{most}"), env!("CARGO_BIN_EXE_rootward-demo")])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("coreutils and util-linux are there")
}

/// A cgroup of the test's own with a limit of processes, in either version. It goes when this is dropped.
struct Limited(std::path::PathBuf);

impl Limited {
    fn new(name: &str) -> Option<Self> {
        ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].iter().find_map(|place| {
            let own = Path::new(place).join(format!("rootward-test-{}-{name}", std::process::id()));
            std::fs::create_dir(&own).ok()?;
            let own = Self(own);
            own.0.join("pids.max").exists().then_some(own)
        })
    }

    /// Runs a demo that may have so many processes and threads.
    fn run(&self, most: u32, args: &[OsString]) -> Output {
        std::fs::write(self.0.join("pids.max"), most.to_string()).expect("it is the test's own");
        let script = format!("echo $$ > '{}' && exec \"$@\"", self.0.join("cgroup.procs").display());
        Command::new("timeout")
            .args(["-s", "KILL", "60", "sh", "-c", &script, "sh", env!("CARGO_BIN_EXE_rootward-demo")])
            .args(args)
            .stdin(Stdio::null())
            .output()
            .expect("coreutils are there")
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        // Its processes have ended, and the kernel may take a moment to let go of them.
        let _ = happens(|| {
            let removed = std::fs::remove_dir(&self.0);
            !removed.is_err_and(|error| error.kind() == std::io::ErrorKind::ResourceBusy)
        });
    }
}

pub(crate) fn is_open_to_others(file: &Path) -> bool {
    let is_open = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o001 != 0 || path.is_file())
    };
    let program = Path::new(env!("CARGO_BIN_EXE_rootward-demo"));
    file.ancestors().chain(program.ancestors()).all(is_open)
}
