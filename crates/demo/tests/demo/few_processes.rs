//! A system on which there may be only a few processes.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use nix::unistd::Uid;

use crate::support::tree;

/// R15: it hung without a message, or said that this is a bug in the demo, with status 70.
#[test]
fn too_few_processes_are_an_error_that_names_the_limit() {
    let file = tree("leaver.toml");
    if !Uid::effective().is_root() || !is_open_to_others(&file) {
        return; // For root there is no limit, and another user has processes already.
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

fn is_open_to_others(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let is_open = |path: &std::path::Path| {
        std::fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o001 != 0 || path.is_file())
    };
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_rootward-demo"));
    file.ancestors().chain(program.ancestors()).all(is_open)
}
