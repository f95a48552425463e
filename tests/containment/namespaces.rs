//! A pid namespace that sees the `/proc` of another one: what stands there is of other processes.

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use nix::unistd::Uid;
use rootward_tests::InTime as _;

use crate::place::nothing_to_show;

#[test]
fn in_a_pid_namespace_without_a_proc_of_its_own_processes_get_ready_and_end_and_none_is_taken_for_another() {
    // The namespace of processes alone: mounts, networks and files are those of the test.
    let unshare: &[&str] = if Uid::effective().is_root() { &["-pf"] } else { &["-Urpf"] };
    if !unshared(unshare, "true", &[]).status.success() {
        return nothing_to_show("no namespace of processes may be made here");
    }
    let server = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port is free");

    let program = unshared(unshare, env!("CARGO_BIN_EXE_is_in_a_namespace"), &[&server.to_string()]);

    let said = String::from_utf8_lossy(&program.stdout);
    assert_eq!(program.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&program.stderr));
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "weaker: the level is `group` and not `tree`: /proc is that of another pid namespace",
            "server started",
            "says started",
            "leaves started",
            "root started",
            "leaves exited, left []",
        ]
    );
}

fn unshared(unshare: &[&str], program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new("unshare");
    command.args(unshare).args(["--kill-child", program]).args(arguments).stdin(Stdio::null());
    command.output_in_time()
}
