//! Files and descriptors in a bad state: full, shared, limited, strangely named. What is written goes on when it can,
//! what could not be written is said, and nothing is cut within a line.

use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::Value;

use crate::support::{
    InTime as _, Lines, Temp, as_process_1, check_order, collect_in_time, tree, until, wait_in_time,
};

/// A tree with one process, which runs once.
pub(crate) fn once(temp: &Temp, script: &str) -> String {
    let text = format!(
        "id = 'root'\n[[children]]\nid = 'a'\nrestart = 'temporary'\nprocess = {{ command = ['sh', '-c', '''{script}'''] }}\n"
    );
    temp.write("tree.toml", text).to_str().expect("the path is UTF-8").to_owned()
}

pub(crate) fn demo(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    command.args(args).process_group(0).stdin(Stdio::null());
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("messages are UTF-8")
}

/// Every line is one whole JSON object, and together they keep the rules of a record.
fn record(text: &str) -> Vec<Value> {
    assert!(text.ends_with('\n'), "the last line is cut: {:?}", text.lines().next_back());
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    check_order(&events);
    events
}

/// R8: a child that shares standard error or output may make it non-blocking, as node and asyncio do. The descriptor of
/// the test's is the same one.
#[test]
fn what_a_child_has_made_non_blocking_is_written_to_the_end() {
    for stream in ["view", "events"] {
        let temp = Temp::new();
        let (reader, writer) = std::io::pipe().unwrap();
        fcntl(writer.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        // A quick child is done before anything is read: then the pipe has long been full.
        let mut command = demo(&["run", &once(&temp, "seq 20000; echo > done; cat gate")]);
        mkfifo(&temp.path("gate"), Mode::S_IRWXU).unwrap();
        command.current_dir(temp.path(""));
        match stream {
            "view" => command.stderr(writer).stdout(Stdio::null()),
            _ => command.args(["--view=none", "--events=-"]).stdout(writer).stderr(Stdio::null()),
        };
        let mut child = command.spawn().unwrap();
        drop(command);
        // Opens when the child has written everything.
        open_the_gate(&temp);

        let text = Lines::of(reader).rest();

        let lines = text.lines().filter(|line| line.contains("│ ") || line.contains(r#""event":"output""#));
        assert_eq!((wait_in_time(&mut child).code(), lines.count()), (Some(0), 20_000), "{stream}");
    }
}

/// R9: the record and the report that cannot be written are said, and are no success.
#[test]
fn what_finds_no_room_until_the_end_is_said_and_is_status_1() {
    for (option, words) in
        [("--events", "the events are not complete"), ("--report", "the report is not complete")]
    {
        let output = demo(&["run", tree("idle.toml").to_str().unwrap(), "--view=none", option, "/dev/full"])
            .output_in_time();

        assert_eq!(output.status.code(), Some(1), "{option}");
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}

/// R9: a disk that is full for a while costs nothing: the record waits, ends with a whole line, and goes on. The disk
/// is a small one of the test's own, where the system allows that.
#[test]
fn a_record_goes_on_when_the_disk_has_room_again() {
    if !can_mount() {
        return;
    }
    let temp = Temp::new();
    let disk = temp.path("disk");
    std::fs::create_dir(&disk).unwrap();
    mkfifo(&temp.path("gate"), Mode::S_IRWXU).unwrap();
    let tree = once(&temp, "seq 200; read -r line < gate; rm disk/filler; echo after");
    let script = "mount -t tmpfs -o size=64k none disk && head -c 57344 /dev/zero > disk/filler || exit 99\n\
                  \"$@\"; code=$?; cat disk/events; exit $code";
    let mut child = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .args([env!("CARGO_BIN_EXE_rootward-demo"), "run", &tree, "--view=none", "--events=disk/events"])
        .current_dir(temp.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = Lines::of(child.stderr.take().unwrap());
    lines.wait_for("No space left on device");
    open_the_gate(&temp);

    let output = collect_in_time(child);

    let events = record(&String::from_utf8(output.stdout).unwrap());
    let written = events.iter().filter(|event| event["event"] == "output").count();
    assert_eq!((output.status.code(), written, lines.rest()), (Some(0), 201, String::new()));
}

/// Lets a child go on that reads from the pipe `gate`, as soon as it does.
fn open_the_gate(temp: &Temp) {
    let mut writes = OpenOptions::new();
    writes.write(true).custom_flags(OFlag::O_NONBLOCK.bits());
    until("the child comes to the gate", || writes.open(temp.path("gate")).is_ok());
}

/// Whether the system lets an ordinary user mount a file system in a namespace.
pub(crate) fn can_mount() -> bool {
    let script = "mount -t tmpfs none /mnt";
    let probe = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .stderr(Stdio::null())
        .status();
    probe.is_ok_and(|status| status.success())
}

/// R9: a limit of the size of files is an error of the write, ends within no line, and does not kill.
#[test]
fn a_limit_of_the_size_of_files_does_not_end_the_demo() {
    let temp = Temp::new();
    let tree = once(&temp, "seq 200");
    let events = temp.path("events");
    let limited = "ulimit -f 8; exec \"$@\"";
    let output = Command::new("sh")
        .args([
            "-c",
            limited,
            "sh",
            env!("CARGO_BIN_EXE_rootward-demo"),
            "run",
            &tree,
            "--view=none",
            "--events",
        ])
        .arg(&events)
        .output_in_time();

    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("File too large"), "{}", stderr(&output));
    let text = std::fs::read_to_string(events).unwrap();
    assert!(text.ends_with("}\n"), "the last line is cut: {:?}", text.lines().next_back());
}

/// R9: children get the default back.
#[test]
fn a_child_that_outgrows_its_files_limit_is_killed_as_usual() {
    let temp = Temp::new();
    let script = format!("ulimit -f 0; exec sh -c 'echo too much > {}'", temp.path("file").display());
    let tree = once(&temp, &script);
    let output = demo(&["run", &tree, "--view=none", "--events=-"]).output_in_time();

    let events = record(&String::from_utf8(output.stdout).unwrap());
    let exited = events.iter().find(|event| event["event"] == "exited").unwrap();
    assert_eq!(exited["status"], serde_json::json!({ "signal": "SIGXFSZ" }));
}

/// R9: `check` says that its answer could not be written.
#[test]
fn an_answer_that_finds_no_room_is_status_1() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = demo(&["check", tree("idle.toml").to_str().unwrap()])
        .stdout(full)
        .stderr(Stdio::piped())
        .run_in_time();

    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot write to standard output"), "{}", stderr(&output));
}

/// R23: whatever name standard output is given, what it holds stays, and events and view stand in whole lines.
#[test]
fn standard_output_is_appended_to_under_each_of_its_names() {
    let temp = Temp::new();
    for (number, name) in
        ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "itself", "-"].into_iter().enumerate()
    {
        let log = temp.write(&number.to_string(), "before\n");
        let target = if name == "itself" { log.to_str().unwrap() } else { name };
        let file = OpenOptions::new().append(true).open(&log).unwrap();
        let [stdout, stderr] = [(); 2].map(|()| file.try_clone().unwrap());
        let status = demo(&["run", &once(&temp, "seq 3000"), "--events", target])
            .stdout(stdout)
            .stderr(stderr)
            .run_in_time()
            .status;

        let text = std::fs::read_to_string(&log).unwrap();
        let rest = text.strip_prefix("before\n").unwrap_or_else(|| panic!("{name} was truncated"));
        let (events, view): (Vec<_>, Vec<_>) = rest.lines().partition(|line| line.starts_with('{'));
        let events = record(&format!("{}\n", events.join("\n")));
        let outputs = events.iter().filter(|event| event["event"] == "output").count();
        assert_eq!((status.code(), outputs), (Some(0), 3000), "{name}");
        assert_eq!(view.iter().filter(|line| line.contains("│ ")).count(), 3000, "{name}");
    }
}

/// R23: a socket cannot be opened, and need not be.
#[test]
fn a_socket_as_standard_output_is_written_to_by_any_name() {
    let temp = Temp::new();
    for name in ["-", "/dev/stdout"] {
        let (reader, writer) = UnixStream::pair().unwrap();
        let mut command = demo(&["run", &once(&temp, "seq 100"), "--view=none", "--events", name]);
        let mut child = command.stdout(OwnedFd::from(writer)).spawn().unwrap();
        drop(command);

        let text = Lines::of(reader).rest();

        record(&text);
        assert_eq!(wait_in_time(&mut child).code(), Some(0), "{name}");
    }
}

/// R16: a pipe that has no reader is said at once, holds up nothing, and a report in it is not written.
#[test]
fn a_pipe_without_a_reader_is_said() {
    let temp = Temp::new();
    let pipe = temp.path("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    for (option, code) in [("--events", 0), ("--report", 1)] {
        let output = demo(&["run", tree("idle.toml").to_str().unwrap(), "--view=none", option])
            .arg(&pipe)
            .output_in_time();

        assert_eq!(output.status.code(), Some(code), "{option}");
        assert!(stderr(&output).contains("this pipe has no reader yet"), "{}", stderr(&output));
    }
}

/// R16: a reader of the view and of the events that leaves early.
#[test]
fn a_pipe_that_closes_early_changes_no_status() {
    for args in [&["--events=-", "--view=none"][..], &["--report=-"], &["--view=lines"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let both = writer.try_clone().unwrap();
        let status = demo(&[&["run", tree("idle.toml").to_str().unwrap()], args].concat())
            .stdout(writer)
            .stderr(both)
            .run_in_time()
            .status;

        assert_eq!(status.code(), Some(0), "{args:?}");
    }
}

/// `| head -1`: a reader takes one line and goes, while a lot is still to be written. As process 1 as well.
#[test]
fn a_reader_that_takes_one_line_and_goes_changes_nothing() {
    let temp = Temp::new();
    mkfifo(&temp.path("gate"), Mode::S_IRWXU).unwrap();
    let tree = once(&temp, "seq 1000; read -r line < gate; seq 20000");
    for unshare in [Some(Vec::new()), as_process_1()].into_iter().flatten() {
        for (view, stream) in [("none", 1), ("lines", 2)] {
            let program = [env!("CARGO_BIN_EXE_rootward-demo"), "run", &tree, "--view", view, "--events=-"];
            let words: Vec<_> = unshare.iter().map(String::as_str).chain(program).collect();
            let (reader, writer) = std::io::pipe().unwrap();
            let mut command = Command::new(words[0]);
            command.args(&words[1..]).current_dir(temp.path("")).process_group(0).stdin(Stdio::null());
            match stream {
                1 => command.stdout(writer).stderr(Stdio::null()),
                _ => command.stdout(Stdio::null()).stderr(writer),
            };
            let mut child = command.spawn().unwrap();
            drop(command);
            let mut lines = Lines::of(reader);

            assert!(lines.next_line().is_some());
            drop(lines);
            open_the_gate(&temp);

            assert_eq!(wait_in_time(&mut child).code(), Some(0), "{words:?}");
        }
    }
}

/// R16: files as other systems write them.
#[test]
fn a_tree_file_may_have_windows_line_ends_and_a_byte_order_mark() {
    let temp = Temp::new();
    let idle = std::fs::read_to_string(tree("idle.toml")).unwrap().replace('\n', "\r\n");
    let json = r#"{ "id": "root", "children": [{ "id": "a", "task": { "run": "finish" } }] }"#;
    for (name, text) in [
        ("crlf.toml", idle.clone()),
        ("mark.toml", format!("\u{feff}{idle}")),
        ("mark.json", format!("\u{feff}{}", json.replace(' ', "\r\n"))),
    ] {
        let file = temp.write(name, text);

        let output = demo(&["run", file.to_str().unwrap(), "--view=none"]).output_in_time();

        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{name}");
    }
}

/// R16: the name of a stream says nothing about its format.
#[test]
fn a_tree_file_may_be_standard_input() {
    let temp = Temp::new();
    let toml = tree("idle.toml");
    let json = temp.write("t.json", r#"{ "id": "root", "children": [] }"#);
    let from = |file: &Path| File::open(file).unwrap();
    for file in [&toml, &json] {
        let output = demo(&["check", "/dev/stdin"]).stdin(from(file)).output_in_time();
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));

        let (reader, mut writer) = std::io::pipe().unwrap();
        std::io::copy(&mut from(file), &mut writer).unwrap();
        drop(writer);
        let output = demo(&["check", "/dev/stdin"]).stdin(reader).output_in_time();
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    }
}

/// P6: on a busy machine files and views in files lose nothing, however short the lines are.
#[test]
fn a_burst_into_files_loses_no_line() {
    let temp = Temp::new();
    let [events, view] = ["events", "view"].map(|name| temp.path(name));
    let status = demo(&["run", &once(&temp, "seq 60000"), "--events", events.to_str().unwrap()])
        .stderr(File::create(&view).unwrap())
        .run_in_time()
        .status;

    let events = record(&std::fs::read_to_string(events).unwrap());
    let lines =
        events.iter().filter(|event| event["event"] == "output").map(|event| event["line"].as_str().unwrap());
    assert!(lines.eq((1..=60_000).map(|n| n.to_string())), "every line is there, in order");
    let view = std::fs::read_to_string(view).unwrap();
    assert_eq!((status.code(), view.lines().filter(|line| line.contains("│ ")).count()), (Some(0), 60_000));
}

/// P6, as it was reported: the demo shares one processor with two programs that never pause.
#[test]
fn a_burst_beside_two_busy_programs_on_one_processor_loses_no_line() {
    let temp = Temp::new();
    let events = temp.path("events");
    let script = "one=$(taskset -cp $$ | sed 's/.*[ ,-]//'); taskset -cp \"$one\" $$ >&2; \
                  for n in 1 2; do timeout 120 sh -c 'while :; do :; done' & busy=\"$busy $!\"; done; \
                  \"$@\"; status=$?; kill $busy; wait; exit $status";
    let output = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_rootward-demo"), "run", &once(&temp, "seq 20000")])
        .args(["--view", "none", "--events", events.to_str().unwrap()])
        .stdin(Stdio::null())
        .output_in_time();

    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("new affinity list"), "{}", stderr(&output));
    let events = record(&std::fs::read_to_string(events).unwrap());
    let lines =
        events.iter().filter(|event| event["event"] == "output").map(|event| event["line"].as_str().unwrap());
    assert!(lines.eq((1..=20_000).map(|n| n.to_string())), "every line is there, in order");
}

/// R21: the summary shows what a straggler calls itself.
#[test]
fn a_straggler_does_not_drive_the_terminal_by_its_arguments() {
    let temp = Temp::new();
    let name = "evil\u{1b}]0;pwn\u{7}\u{1b}[31mred\nexit status 0: FAKE\u{85}";
    // A descendant that is deaf, ready before its parent goes. Within the grace the parent's end is noticed, also on a
    // busy machine: if all were killed together there would be no straggler.
    let script = format!(
        "(exec 3>ready; exec sh -c 'trap \"\" TERM; echo >&3; exec 3>&-; while :; do sleep 1; done' \"{name}\") & \
         read -r line < ready; echo up; exec sleep 1000"
    );
    let text = format!(
        "id = 'root'\n[[children]]\nid = 'a'\nshutdown = '3s'\n\
         process = {{ command = ['sh', '-c', {}], ready = {{ line = 'up' }} }}\n",
        serde_json::to_string(&script).unwrap()
    );
    mkfifo(&temp.path("ready"), Mode::S_IRWXU).unwrap();
    let tree = temp.write("tree.toml", text);
    let mut child = demo(&["run", tree.to_str().unwrap()])
        .current_dir(temp.path(""))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = Lines::of(child.stderr.take().unwrap());
    lines.wait_for("root                started");
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();

    let text = lines.rest();

    wait_in_time(&mut child);
    assert!(text.contains("evil"), "{text}");
    assert!(!text.chars().any(|c| c != '\n' && c.is_control()), "{text:?}");
    assert!(!text.contains("\nexit status 0: FAKE"), "{text}");
}
