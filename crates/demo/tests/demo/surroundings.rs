//! Systems that hide or refuse what the demo would look at: the next weaker level, said aloud, and never a hang.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::Uid;
use serde_json::Value;

use crate::few_processes::is_open_to_others;
use crate::support::{InTime as _, Temp};

/// What is done to the surroundings, and what a run within them says.
struct Case {
    name: &'static str,
    /// A script that ends in the demo.
    script: &'static str,
    /// The levels of which one is in force.
    levels: &'static [&'static str],
    /// Whether it is said that this is weaker than usual.
    is_weaker: bool,
}

/// Whatever root sees, another user does not.
const AS_A_USER: &str = "setpriv --reuid=65534 --regid=65534 --clear-groups";

const USUAL: &[&str] = &["tree", "tree+cgroup"];

const CASES: [Case; 6] = [
    Case {
        name: "a /proc that cannot be written to",
        script: "mount -o remount,bind,ro /proc && exec \"$@\"",
        levels: USUAL,
        is_weaker: false,
    },
    Case {
        name: "no /proc",
        script: "mount -t tmpfs none /proc && exec \"$@\"",
        levels: &["group"],
        is_weaker: true,
    },
    Case {
        name: "the /proc of another pid namespace",
        // What `unshare` has mounted lies above it.
        script: "umount /proc && exec \"$@\"",
        levels: &["group"],
        is_weaker: true,
    },
    Case {
        name: "a /proc that shows a user its own processes alone",
        script: "mount -t proc -o hidepid=2 none /proc && exec $AS_A_USER \"$@\"",
        levels: USUAL,
        is_weaker: false,
    },
    Case {
        name: "cgroups that cannot be written to",
        script: "grep ' - cgroup2 ' /proc/self/mountinfo | cut -d ' ' -f 5 | while read -r place; do \
                 mount -o remount,bind,ro \"$place\" || exit; done && exec \"$@\"",
        levels: &["tree"],
        is_weaker: false,
    },
    Case {
        name: "neither /proc nor cgroups, as process 1",
        script: "mount -t tmpfs none /sys/fs && mount -t tmpfs none /proc && exec \"$@\"",
        levels: &["group"],
        is_weaker: true,
    },
];

#[test]
fn what_is_hidden_or_refused_leads_to_the_next_weaker_level_and_to_no_hang() {
    // A user of the system makes a user namespace for it.
    let unshare: &[&str] = if Uid::effective().is_root() { &["-mpf"] } else { &["-Urmpf"] };
    let is_possible = Command::new("unshare").args(unshare).args(["--kill-child", "true"]).output();
    if !is_possible.is_ok_and(|output| output.status.success()) {
        eprintln!("left out: `unshare {}`, which this user may not call here", unshare.concat());
        return;
    }
    let temp = Temp::new();
    let file = for_each_user(
        &temp,
        "[[children]]\nid = 'job'\nrestart = 'transient'\nprocess = { command = ['sh', '-c', 'exit 0'] }\n",
    );
    for case in CASES {
        run(&case, unshare, &file);
    }
}

#[expect(clippy::print_stderr, reason = "a test says what it has left out")]
fn run(case: &Case, unshare: &[&str], file: &Path) {
    let Case { name, script, levels, is_weaker } = case;
    let demo = Command::new("timeout")
        .args(["-s", "KILL", "60", "unshare"])
        .args(unshare)
        .args(["--kill-child", "--mount-proc", "sh", "-c", script, "sh"])
        .args([env!("CARGO_BIN_EXE_rootward-demo"), "run"])
        .arg(file)
        .args(["--view", "lines", "--events", "-"])
        .env("AS_A_USER", if Uid::effective().is_root() { AS_A_USER } else { "" })
        .stdin(Stdio::null())
        .output()
        .expect("util-linux is there");

    let (said, events) = (String::from_utf8_lossy(&demo.stderr), String::from_utf8_lossy(&demo.stdout));
    if said.starts_with("mount: ") || said.starts_with("umount: ") {
        eprintln!("left out: {name}, which this system does not let be made: {said}");
        return;
    }
    assert_eq!(demo.status.code(), Some(0), "{name}: {said}");
    // At the start, and in the report.
    let levels_said: Vec<_> =
        said.lines().filter_map(|line| line.trim().strip_prefix("containment: ")).collect();
    assert!(levels_said.len() == 2 && levels_said[0] == levels_said[1], "{name}: {said}");
    let level = said.lines().find_map(|line| line.trim().strip_prefix("containment: ")).expect("it is said");
    assert!(levels.contains(&level), "{name}: {said}");
    let is_degraded = |line: &str| {
        let event: Value = serde_json::from_str(line).expect("an event is an object");
        event["event"] == "degraded" && event["what"] == "containment"
    };
    assert_eq!(events.lines().any(is_degraded), *is_weaker, "{name}: {said}");
}

/// A file that each user may read.
fn for_each_user(temp: &Temp, text: &str) -> PathBuf {
    let file = temp.write("tree.toml", text);
    let directory = file.parent().expect("it is in a directory");
    std::fs::set_permissions(directory, Permissions::from_mode(0o755)).expect("it is the test's own");
    file
}

/// A user that is not root does not see what root's processes have.
#[test]
fn a_listener_of_another_user_makes_no_process_ready() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let temp = Temp::new();
    let file = for_each_user(
        &temp,
        &format!(
            "[[children]]\nid = 'web'\nprocess = {{ command = ['sleep', '1000'], ready = {{ tcp = '{address}' }}, \
             ready_timeout = '10s' }}\n"
        ),
    );
    if !Uid::effective().is_root() || !is_open_to_others(&file) {
        eprintln!(
            "left out: a listener of another user, which root alone can make, and a demo that each user may run"
        );
        return;
    }

    let demo = Command::new("sh")
        .args(["-c", &format!("exec {AS_A_USER} \"$@\""), "sh", env!("CARGO_BIN_EXE_rootward-demo"), "run"])
        .arg(file)
        .args(["--view", "lines"])
        .stdin(Stdio::null())
        .output_in_time();

    let said = String::from_utf8_lossy(&demo.stderr);
    let expected = "the last look: a process of another user or PID namespace listens there, which is none of its \
                    processes";
    assert!(demo.status.code() == Some(1) && said.contains(expected), "{:?}: {said}", demo.status);
}
