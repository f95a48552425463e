//! A child that the demo's terminal has stopped: case P10.

use std::os::unix::net::UnixStream;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rootward_tests::{InTerminal, hear_the_terminal, start_in_terminal};

use crate::remote::ask;
use crate::support::{Temp, until, wait_in_time};

/// It reads from the terminal, and is not in the foreground. A program that is asked what it waits for says so.
#[test]
fn a_child_that_is_stopped_because_it_reads_from_the_terminal_is_shown_as_stopped() {
    hear_the_terminal();
    let temp = Temp::new();
    let file = temp.write(
        "tree.toml",
        "id = 'root'\n[[children]]\nid = 'asks'\nprocess = { command = ['sh', '-c', 'read -r line </dev/tty'] }\n",
    );
    let door = temp.path("door.sock");
    let door = door.to_str().expect("a path of this test is text");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    command.arg("run").arg(file).args(["--view=none", "--containment=group", "--observe", door]);
    let InTerminal { mut child, terminal, .. } =
        start_in_terminal(command, 80, 24).expect("there are terminals");
    until("the door is open", || UnixStream::connect(door).is_ok());

    let mut said = String::new();
    until("it is shown as stopped", || {
        said = ask(&["why", door, "root/asks"]).stdout;
        said.contains("1 process · 1 thread · 1 stopped")
    });

    // A process that is stopped hears nothing: SIGCONT comes with the first signal.
    kill(Pid::from_raw(child.id().try_into().expect("a process id")), Signal::SIGTERM).expect("it runs");
    assert_eq!(wait_in_time(&mut child).code(), Some(0), "{said}");
    drop(terminal);
}
