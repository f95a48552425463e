//! A system on which there may be only a few processes.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use nix::unistd::Uid;

use crate::support::{Temp, tree};

/// R15: it hung without a message, or said that this is a bug in the demo, with status 70.
#[test]
fn too_few_processes_are_an_error_that_names_the_limit() {
    let file = tree("leaver.toml");
    if !Uid::effective().is_root() || !is_open_to_others(&file) {
        // For root there is no limit, and another user has processes already.
        eprintln!(
            "left out: a user without processes, which takes root, and a demo that is open to all users"
        );
        return;
    }
    for most in 3..10_u32 {
        for level in ["auto", "group"] {
            // No other process has this user, so that no other one counts.
            let user = 1_500_000 + std::process::id() % 100_000 * 16 + most;
            let demo = Command::new("prlimit")
                .args([&format!("--nproc={most}:{most}"), env!("CARGO_BIN_EXE_rootward-demo"), "run"])
                .arg(&file)
                .args(["--view", "none", "--containment", level])
                .uid(user)
                .gid(user)
                .stdin(Stdio::null())
                .output()
                .expect("util-linux is there");

            let said = String::from_utf8_lossy(&demo.stderr).into_owned();
            assert_eq!(demo.status.code(), Some(1), "{most} at {level}: {said}");
            assert!(said.contains("RLIMIT_NPROC") && !said.contains("bug"), "{most} at {level}: {said}");
        }
    }
}

/// R15, for the limit of a cgroup.
#[test]
fn too_few_processes_of_a_cgroup_are_an_error_that_names_the_limit_and_enough_are_a_start() {
    let Some(cgroup) = Limited::new() else {
        eprintln!("left out: cgroups with a limit of processes, which this user may not make here");
        return;
    };
    let temp = Temp::new();
    let job = "[[children]]\nid = 'job'\nrestart = 'transient'\nprocess = { command = ['true'] }\n";
    let file = temp.write("tree.toml", job);
    for most in (1..14).chain([200]) {
        std::fs::write(cgroup.0.join("pids.max"), most.to_string()).expect("it is the test's own");
        let script = format!("echo $$ > '{}' && exec \"$@\"", cgroup.0.join("cgroup.procs").display());
        let demo = Command::new("timeout")
            .args(["-s", "KILL", "60", "sh", "-c", &script, "sh", env!("CARGO_BIN_EXE_rootward-demo"), "run"])
            .arg(&file)
            .args(["--view", "lines"])
            .stdin(Stdio::null())
            .output()
            .expect("coreutils are there");

        let said = String::from_utf8_lossy(&demo.stderr).into_owned();
        match most {
            200 => assert_eq!(demo.status.code(), Some(0), "{said}"),
            most => {
                assert_eq!(demo.status.code(), Some(1), "{most}: {said}");
                let names_it = said.contains("pids.max") || said.contains("the system refuses a thread");
                assert!(names_it && !said.contains("bug"), "{most}: {said}");
            }
        }
    }
}

/// A cgroup of the test's own with a limit of processes, in either version. It goes when this is dropped.
struct Limited(std::path::PathBuf);

impl Limited {
    fn new() -> Option<Self> {
        ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].iter().find_map(|place| {
            let own = std::path::Path::new(place).join(format!("rootward-test-{}", std::process::id()));
            std::fs::create_dir(&own).ok()?;
            let own = Self(own);
            own.0.join("pids.max").exists().then_some(own)
        })
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        // Its processes have ended, and the kernel may take a moment to let go of them.
        while std::fs::remove_dir(&self.0)
            .is_err_and(|error| error.kind() == std::io::ErrorKind::ResourceBusy)
        {
            rootward_tests::pause();
        }
    }
}

pub(crate) fn is_open_to_others(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let is_open = |path: &std::path::Path| {
        std::fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o001 != 0 || path.is_file())
    };
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_rootward-demo"));
    file.ancestors().chain(program.ancestors()).all(is_open)
}
