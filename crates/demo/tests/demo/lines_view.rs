//! The view that writes lines: one aligned line an event, with colours on a terminal that has them and nowhere else. So
//! do the commands that show the events of another program.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::support::{Demo, Lines, Temp, Terminal, tree, until, wait_in_time};

/// Where the parts of a line begin, in characters: what happened when, a sign, who, and what.
const SIGN: usize = 11;
const NAME: usize = 13;
const WORDS: usize = 33;

/// The lines of events, which begin with a moment.
fn events(text: &str) -> Vec<Vec<char>> {
    let is_event = |line: &&str| {
        let moment: String = line.chars().take(9).collect();
        moment.trim_start().parse::<f64>().is_ok()
    };
    text.lines().filter(is_event).map(|line| line.chars().collect()).collect()
}

fn are_aligned(text: &str) {
    let events = events(text);
    let mut signs = BTreeSet::new();
    for line in &events {
        let shown: String = line.iter().collect();
        // Three decimals, two spaces, a sign, a space, a column of names, two spaces, and words.
        assert_eq!((line[5], &line[9..SIGN]), ('.', &[' ', ' '][..]), "{shown:?}");
        assert_eq!((line[SIGN + 1], &line[WORDS - 2..WORDS]), (' ', &[' ', ' '][..]), "{shown:?}");
        assert!(line[NAME..WORDS - 2].iter().any(|c| *c != ' ') && line[WORDS] != ' ', "{shown:?}");
        signs.insert(line[SIGN]);
    }
    // Starting, started, ended, failed, started again, asked to stop, gone, a signal, and output.
    let wanted = ['·', '●', '○', '✗', '↻', '↓', '↑', '!', ' '];
    assert!(signs.is_superset(&BTreeSet::from(wanted)), "{signs:?}");
}

fn is_control(c: char) -> bool {
    c.is_control() && c != '\n'
}

/// Shows lines in a terminal, and returns what was written and what stands there in the end.
fn in_a_terminal(no_color: &str) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    command.arg("run").arg(tree("watched.toml")).args(["--view", "lines"]).env("NO_COLOR", no_color);
    let mut view = Terminal::start(command, 160, 40);
    // The last event before the stop.
    view.wait_until(|screen| {
        ["is started again in 10m", "● root ", "○"].iter().all(|sign| screen.contains(sign))
    });
    assert!(!view.is_picture());
    view.press("\u{3}");
    view.wait_for("exit status 0");
    let written = String::from_utf8(view.written.clone()).expect("lines are UTF-8");
    let left = view.finish();
    assert!(left.is_as_before, "{}", left.screen);
    // The terminal shows the key as well.
    (written, left.text.replace("^C", ""))
}

#[test]
fn the_columns_of_all_events_line_up_in_a_pipe_and_have_no_colours_there() {
    let file = tree("watched.toml");
    let mut demo = Demo::start(["run".as_ref(), file.as_os_str(), "--view=lines".as_ref()]);
    demo.wait_for_start();
    demo.wait_for("restarting", "root/broken");
    demo.wait_for("exited", "root/team/ends");
    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    are_aligned(&finished.stderr);
    assert_eq!(events(&finished.stderr).len(), finished.events.len(), "one line an event");
    assert!(!finished.stderr.contains(is_control), "also not what a child has written");
    assert!(finished.stderr.contains("│ one"), "{}", finished.stderr);
}

#[test]
fn on_a_terminal_lines_have_colours_and_line_up() {
    let (written, text) = in_a_terminal("");

    are_aligned(&text);
    for colour in ["\u{1b}[2m", "\u{1b}[32m●", "\u{1b}[36m↓", "\u{1b}[33m↻", "\u{1b}[1;31m✗", "\u{1b}[0m"]
    {
        assert!(written.contains(colour), "{colour:?}: {written:?}");
    }
    assert!(!written.contains("\u{1b}]") && !written.contains('\u{7}'), "nothing of a child's: {written:?}");
}

#[test]
fn without_colours_a_terminal_gets_the_same_lines() {
    let (written, text) = in_a_terminal("1");

    are_aligned(&text);
    assert!(!written.contains('\u{1b}'), "{written:?}");
}

#[test]
fn without_unicode_a_terminal_gets_lines_reports_and_answers_in_ascii() {
    let temp = Temp::new();
    let door = temp.path("door.sock");
    let start = |arguments: &[&OsStr]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
        command.args(arguments).env("LC_ALL", "C");
        Terminal::start(command, 160, 40)
    };
    let (file, door) = (tree("calm.toml"), door.as_os_str());
    let lines = ["--view=lines".as_ref(), "--observe".as_ref(), door];
    let mut view = start(&[&["run".as_ref(), file.as_os_str()][..], &lines].concat());
    view.wait_until(|screen| screen.lines().any(|line| line.contains("* root ") && line.contains("started")));

    let answer = start(&["status".as_ref(), door]).finish();
    let events = start(&["events".as_ref(), door]).finish();
    view.press("\u{3}");
    view.wait_for("exit status 0");
    let left = view.finish();

    assert!(left.raw.is_ascii() && left.text.contains("The tree came down"), "{}", left.text);
    assert!(answer.raw.is_ascii() && answer.text.contains("running - pid "), "{}", answer.text);
    assert!(events.raw.is_ascii() && events.text.contains("* root "), "{}", events.text);
}

/// A demo that shows lines itself, and has a door.
fn with_a_door(door: &Path) -> Demo {
    let file = tree("watched.toml");
    let observe = ["--view=lines".as_ref(), "--observe".as_ref(), door.as_os_str()];
    let mut demo = Demo::start(["run".as_ref(), file.as_os_str()].into_iter().chain(observe));
    demo.wait_for_start();
    demo.wait_for("restarting", "root/broken");
    demo.wait_for("exited", "root/team/ends");
    until("the door is open", || UnixStream::connect(door).is_ok());
    demo
}

fn look_in(door: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    command.arg(args[0]).arg(door).args(&args[1..]);
    command
}

#[test]
fn events_of_another_program_are_the_lines_that_it_shows_itself() {
    let temp = Temp::new();
    let door = temp.path("door.sock");
    let demo = with_a_door(&door);
    let mut follow = look_in(&door, &["events", "--follow"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut attach =
        look_in(&door, &["attach"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut followed = Lines::of(follow.stdout.take().expect("it is piped"));
    let mut attached = Lines::of(attach.stdout.take().expect("it is piped"));
    followed.wait_for("is started again in 10m");
    // Unless it has ended before that.
    if !followed.seen().contains('○') {
        followed.wait_for("○");
    }
    // What comes after the tree as it is.
    attached.wait_for("broken");

    demo.signal(Signal::SIGTERM);
    // The event of a signal may come after that of the stop, which has no name of its own for a watcher.
    let named = |text: String| text.replace("asked to stop · a signal", "asked to stop · SIGTERM");
    let followed = named(format!("{}{}", followed.seen().to_owned(), followed.rest()));
    let attached = named(attached.rest());
    let finished = demo.finish();

    assert!(wait_in_time(&mut follow).success() && wait_in_time(&mut attach).success());
    are_aligned(&followed);
    assert_eq!(events(&followed), events(&finished.stderr));
    let newest = events(&attached);
    assert!(attached.contains("↓ root                asked to stop · SIGTERM"), "{attached}");
    assert_eq!(newest, events(&finished.stderr)[finished.events.len() - newest.len()..], "{attached}");
}

#[test]
fn events_of_another_program_have_colours_on_a_terminal_that_has_them() {
    for (no_color, is_coloured) in [("", true), ("1", false)] {
        let temp = Temp::new();
        let door = temp.path("door.sock");
        let demo = with_a_door(&door);
        let mut command = look_in(&door, &["events", "--follow"]);
        command.env("NO_COLOR", no_color);
        let mut view = Terminal::start(command, 160, 40);
        view.wait_until(|screen| screen.contains("is started again in 10m") && screen.contains("○"));

        demo.signal(Signal::SIGTERM);
        view.wait_for("↑ root ");
        let written = String::from_utf8(view.written.clone()).expect("lines are UTF-8");
        let left = view.finish();

        assert_eq!(demo.finish().code(), 0);
        are_aligned(&left.text);
        for colour in ["\u{1b}[32m●", "\u{1b}[36m↓", "\u{1b}[33m↻", "\u{1b}[1;31m✗"] {
            assert_eq!(written.contains(colour), is_coloured, "{colour:?}: {written:?}");
        }
        assert_eq!(written.contains('\u{1b}'), is_coloured, "{written:?}");
    }
}

/// Case P21.
#[test]
fn the_end_of_a_program_that_goes_to_the_background_says_what_keeps_it_in_the_foreground() {
    let temp = Temp::new();
    let file = temp.path("tree.toml");
    let text = "id = \"root\"\n[[children]]\nid = \"a\"\nrestart = \"temporary\"\n\
                process.command = [\"sh\", \"-c\", \"sleep 1000 &\"]\n";
    std::fs::write(&file, text).expect("it is ours");

    let mut demo = Demo::start(["run".as_ref(), file.as_os_str(), "--view=lines".as_ref()]);
    let exited = demo.wait_for("exited", "root/a");
    demo.signal(Signal::SIGTERM);
    let finished = demo.finish();

    let hint = exited["hint"].as_str().expect("it left a process behind");
    assert!(hint.contains("daemon off;") && hint.contains("--foreground"), "{hint}");
    assert!(finished.stderr.contains(hint), "{}", finished.stderr);
}
