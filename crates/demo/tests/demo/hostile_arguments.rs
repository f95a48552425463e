//! R21: no text from outside reaches a terminal with its control characters, here in messages about arguments.

use crate::files::demo;
use crate::support::{InTime as _, Temp, Terminal, tree};

/// One kind each, because what is done about one must not hang on another that is there as well.
const HOSTILE: [(&str, &str); 7] = [
    ("ESC", "evil\u{1b}]0;pwn"),
    ("BEL", "evil\u{7}"),
    ("end of line", "evil\nexit status 0: FAKE"),
    ("CR", "evil\rexit status 0: FAKE"),
    ("C1", "evil\u{9b}2J"),
    ("bidi", "evil\u{202e}x"),
    ("all", "\u{1b}[31mevil\u{7}\u{9b}2J\u{202e}\nexit status 0: FAKE"),
];

/// Whatever a command line may repeat: a command, a file, the value of an option, of one that takes one of a list, of a
/// number and of an address, an option that there is not, and what a program is called that does not exist.
fn command_lines(hostile: &str) -> Vec<(i32, Vec<String>)> {
    let lines: [(i32, &[&str]); 11] = [
        (2, &["{}"]),
        (2, &["run", "{}"]),
        (2, &["check", "{}"]),
        (2, &["run", "x.toml", "--deadline", "{}"]),
        (2, &["run", "x.toml", "--view", "{}"]),
        (2, &["run", "x.toml", "--chaos", "{}"]),
        (2, &["run", "x.toml", "--{}"]),
        (2, &["probe", "{}", "live"]),
        (2, &["exec", "--stop-signal", "{}", "true"]),
        (127, &["exec", "{}"]),
        (2, &["attach", "http://{}"]),
    ];
    let fill = |words: &[&str]| words.iter().map(|word| word.replace("{}", hostile)).collect();
    lines.into_iter().map(|(status, words)| (status, fill(words))).collect()
}

/// Nothing controls the terminal but the colours that are the demo's own, and no line is the argument's.
fn assert_is_harmless(said: &str, what: &str) {
    let mut rest = said.replace("\r\n", "\n");
    for colour in ["1", "4", "22", "24", "31", "32", "33", "36", "1;31", "0", ""] {
        rest = rest.replace(&format!("\u{1b}[{colour}m"), "");
    }
    assert!(rest.contains("evil"), "{what}: {rest:?}");
    assert!(!rest.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{what}: {rest:?}");
    assert!(!rest.contains("\nexit status"), "{what}: {rest:?}");
}

#[test]
fn arguments_do_not_drive_the_terminal_through_a_pipe() {
    for (kind, hostile) in HOSTILE {
        for (status, args) in command_lines(hostile) {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();

            let output = demo(&args).output_in_time();

            let what = format!("{kind} in {args:?}");
            assert_eq!(output.status.code(), Some(status), "{what}");
            assert_is_harmless(str::from_utf8(&output.stderr).expect("messages are UTF-8"), &what);
        }
    }
}

#[test]
fn arguments_do_not_drive_the_terminal_itself() {
    for (kind, hostile) in HOSTILE {
        for (status, args) in command_lines(&hostile.replace("[31m", "[5m")) {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();

            let left = Terminal::demo(&args).finish();

            let what = format!("{kind} in {args:?}");
            assert_eq!(left.status.code(), Some(status), "{what}");
            assert_is_harmless(&left.raw, &what);
        }
    }
}

#[test]
fn the_name_by_which_the_demo_is_called_does_not_drive_the_terminal() {
    let temp = Temp::new();
    let name = temp.path("evil\u{1b}]0;pwn\u{7}\nexit status 0: FAKE");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rootward-demo"), &name).unwrap();

    let mut called = std::process::Command::new(&name);
    let output = called.arg("walk").output_in_time();

    assert_eq!(output.status.code(), Some(2));
    assert_is_harmless(&format!("evil{}", str::from_utf8(&output.stderr).unwrap()), "the name");
}

#[test]
fn the_place_of_a_door_does_not_drive_the_terminal() {
    let temp = Temp::new();
    let idle = tree("idle.toml");
    for (kind, hostile) in HOSTILE {
        let door = temp.path(hostile);

        let output =
            demo(&["run", idle.to_str().unwrap(), "--observe", door.to_str().unwrap()]).output_in_time();

        assert_eq!(output.status.code(), Some(0), "{kind}");
        assert_is_harmless(str::from_utf8(&output.stderr).expect("messages are UTF-8"), kind);
    }
}
