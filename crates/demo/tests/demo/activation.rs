//! Sockets that a service manager has opened for the demo, on their way to a process.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;

use serde_json::Value;

use crate::support::{Demo, Temp};

/// Puts its standard input in the place of the first socket, as the process that systemd would have started.
const ACTIVATED: &str =
    "exec 3<&0 4<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=other:web; exec \"$@\"";

#[test]
fn a_socket_of_systemd_is_handed_to_a_process_by_its_name_also_below_an_init() {
    for level in ["group", "auto"] {
        let (finished, inode) = run(level, "web", ACTIVATED);

        assert_eq!(finished.code(), 0, "{level}: {}", finished.stderr);
        let lines: Vec<_> = finished.events.iter().filter(|event| event["event"] == "output").collect();
        let lines: Vec<_> = lines.iter().map(|event| event["line"].as_str().expect("a text")).collect();
        assert_eq!(lines, ["1 web own", &format!("socket:[{inode}]")], "{level}");
    }
}

#[test]
fn a_socket_that_is_not_there_or_meant_for_another_process_is_a_start_that_fails_and_says_so() {
    let another = ACTIVATED.replace("LISTEN_PID=$$", "LISTEN_PID=1");
    for (name, script, expected) in [
        ("none", ACTIVATED, "has opened none of this name, only other, web"),
        ("web", &another, "are those of process 1"),
    ] {
        let (finished, _) = run("group", name, script);

        let failed: Vec<&Value> = finished.events.iter().filter(|it| it["event"] == "start_failed").collect();
        assert!(failed[0]["error"].as_str().expect("a text").contains(expected), "{failed:?}");
        assert_eq!(finished.code(), 1);
    }
}

/// Runs a process that says what it has been given. Says which socket there was.
fn run(level: &str, name: &str, script: &str) -> (crate::support::Finished, u64) {
    let temp = Temp::new();
    let says =
        "[ $LISTEN_PID = $$ ] && own=own; echo $LISTEN_FDS $LISTEN_FDNAMES $own; readlink /proc/$$/fd/3";
    let file = temp.write(
        "tree.toml",
        format!(
            "[[children]]\nid = 'job'\nrestart = 'temporary'\n\
             process = {{ command = ['sh', '-c', '{says}'], listen = [{{ systemd = '{name}' }}] }}\n"
        ),
    );
    let socket = OwnedFd::from(TcpListener::bind("127.0.0.1:0").expect("the system has ports"));
    let copy = std::fs::File::from(socket.try_clone().expect("a descriptor is left"));
    let inode = copy.metadata().expect("it is open").ino();
    let file = file.to_str().expect("a text").to_owned();
    let demo = Demo::start_with(["run", &file, "--view=none", "--containment", level], move |command| {
        let mut wrapped = std::process::Command::new("sh");
        wrapped.args(["-c", script, "sh"]).arg(command.get_program()).args(command.get_args());
        wrapped.stdin(socket).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        *command = wrapped;
    });
    (demo.finish(), inode)
}
