//! The view in a file that has no room: it is written by the rules of the record.

use std::fs::{File, OpenOptions};
use std::process::{Command, Stdio};

use crate::files::{can_mount, demo, once};
use crate::support::{InTime as _, Temp, tree};

#[test]
fn a_view_that_finds_no_room_until_the_end_is_status_1() {
    let idle = tree("idle.toml");
    for (view, code) in [("auto", 1), ("lines", 1), ("none", 0)] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = demo(&["run", idle.to_str().unwrap(), "--view", view]);
        let output = command.stdout(Stdio::null()).stderr(full).run_in_time();

        assert_eq!(output.status.code(), Some(code), "{view}");
    }
}

/// What there is room for is there, up to the end of a line, and no message is cut behind it.
#[test]
fn a_view_that_outgrows_its_file_ends_with_a_whole_line() {
    let temp = Temp::new();
    let tree = once(&temp, "seq 1000 1199");
    let view = temp.path("view");
    let limited = "ulimit -f 8; exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", limited, "sh", env!("CARGO_BIN_EXE_rootward-demo"), "run", &tree, "--view=lines"])
        .stdout(Stdio::null())
        .stderr(File::create(&view).unwrap())
        .run_in_time();

    assert_eq!(output.status.code(), Some(1));
    let text = std::fs::read_to_string(view).unwrap();
    let lines: Vec<_> = text.lines().filter_map(|line| line.split_once("│ ")).collect();
    assert!(text.ends_with('\n') && (1..200).contains(&lines.len()), "{text}");
    assert!(lines.iter().zip(1000..).all(|((_, line), n)| *line == n.to_string()), "{text}");
    assert!(!text.contains("warning: "), "{text}");
}

/// A disk that is full for a while costs the view nothing. The child frees the disk when the view has filled it.
#[test]
fn a_view_goes_on_when_the_disk_has_room_again() {
    if !can_mount() {
        return;
    }
    let temp = Temp::new();
    std::fs::create_dir(temp.path("disk")).unwrap();
    let full = "until [ \"$(stat -c %s disk/view)\" -gt 8000 ]; do sleep 0.05; done";
    let tree = once(&temp, &format!("seq 1000 1599; {full}; rm disk/filler; echo after"));
    let script = "mount -t tmpfs -o size=64k none disk && head -c 57344 /dev/zero > disk/filler || exit 99\n\
                  \"$@\" 2> disk/view; code=$?; cat disk/view; exit $code";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .args([env!("CARGO_BIN_EXE_rootward-demo"), "run", &tree, "--view=lines"])
        .current_dir(temp.path(""))
        .stdin(Stdio::null())
        .output_in_time();

    let view = String::from_utf8(output.stdout.clone()).unwrap();
    let lines: Vec<_> = view.lines().filter_map(|line| Some(line.split_once("│ ")?.1)).collect();
    let expected: Vec<_> = (1000..1600).map(|n| n.to_string()).chain(["after".to_owned()]).collect();
    assert_eq!((lines, output.status.code()), (Vec::from_iter(expected.iter().map(String::as_str)), Some(0)));
    assert!(view.ends_with("nothing had to be forced\n"), "{view}");
}
