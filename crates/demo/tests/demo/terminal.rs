//! The view on a terminal: keys in, screen out, and what is left when it is over.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use rootward_tests::press_again;

use crate::support::{DemoWithDoor, Lines, Temp, Terminal, tree, wait_in_time};

const CTRL_C: &str = "\u{3}";

const CTRL_Z: &str = "\u{1a}";

fn view(file: &str) -> Terminal {
    let file = tree(file);
    Terminal::demo(&["run", file.to_str().expect("its name is text"), "--view", "tui"])
}

/// The line of the screen on which a child stands.
fn line<'a>(screen: &'a str, child: &str) -> Option<&'a str> {
    screen.lines().find(|line| line.split_whitespace().take(2).any(|word| word == child))
}

fn is(screen: &str, child: &str, what: &str) -> bool {
    line(screen, child).is_some_and(|line| line.contains(what))
}

#[test]
fn the_tree_is_seen_and_ctrl_c_stops_it_and_the_report_stands_on_the_usual_screen() {
    let mut command = Command::new("sh");
    let script = "echo what stood there before; exec \"$0\" run \"$1\" --view tui";
    command.args(["-c", script, env!("CARGO_BIN_EXE_rootward-demo")]).arg(tree("calm.toml"));
    let mut view = Terminal::start(command, 80, 24);
    let screen = view
        .wait_until(|screen| ["root", "a", "b", "c", "d", "s"].iter().all(|id| is(screen, id, "● running")));
    assert!(view.is_picture() && !screen.contains("before"), "{screen}");

    view.press(CTRL_C);
    let left = view.finish();

    assert_eq!(left.status.code(), Some(0), "{}", left.screen);
    assert!(left.is_as_before, "{}", left.screen);
    assert!(left.screen.contains("what stood there before"), "{}", left.screen);
    assert!(left.screen.contains("The tree came down in"), "{}", left.screen);
    assert!(left.screen.contains("(signal SIGINT)"), "{}", left.screen);
    assert!(!left.screen.contains("● running"), "{}", left.screen);
}

#[test]
fn a_stop_names_what_it_waits_for_and_a_second_ctrl_c_forces() {
    let mut view = view("deaf.toml");
    view.wait_until(|screen| is(screen, "deaf", "● running"));

    view.press(CTRL_C);
    let screen = view.wait_for("waits for root/deaf (pid ");
    assert!(is(&screen, "deaf", "↓ ██"), "its grace is a bar: {screen}");
    press_again();
    view.press(CTRL_C);
    let left = view.finish();

    assert_eq!(left.status.code(), Some(3), "{}", left.screen);
    assert!(left.is_as_before && left.screen.contains("gone by force"), "{}", left.screen);
}

#[test]
fn a_signal_from_elsewhere_leaves_the_terminal_as_it_was() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let mut view = view("calm.toml");
        view.wait_until(|screen| is(screen, "d", "● running"));

        view.signal(signal);
        let left = view.finish();

        assert_eq!(left.status.code(), Some(0), "{signal}: {}", left.screen);
        assert!(left.is_as_before && left.screen.contains("The tree came down"), "{signal}: {}", left.screen);
    }
}

#[test]
fn a_third_signal_leaves_at_once_and_the_terminal_as_it_was() {
    let file = tree("never_yields.toml");
    let file = file.to_str().unwrap();
    let mut view = Terminal::demo(&["run", file, "--view", "tui", "--deadline", "10m"]);
    view.wait_until(|screen| is(screen, "root", "● running"));

    for heard in ["SIGINT: stop", "SIGINT: force"] {
        view.press(CTRL_C);
        view.wait_for(heard);
        press_again();
    }
    view.press(CTRL_C);
    let left = view.finish();

    assert_eq!(left.status.code(), Some(128 + 2), "{}", left.screen);
    assert!(left.is_as_before && left.screen.contains("told to leave"), "{}", left.screen);
}

#[test]
fn a_signal_that_ends_the_program_at_once_leaves_the_terminal_as_it_was() {
    for signal in [Signal::SIGUSR2, Signal::SIGALRM, Signal::SIGVTALRM, Signal::SIGPROF] {
        let mut view = view("calm.toml");
        view.wait_until(|screen| is(screen, "d", "● running"));

        view.signal(signal);
        let left = view.finish();

        assert_eq!(left.status.signal(), Some(signal as i32), "as without a view: {}", left.screen);
        assert!(left.is_as_before, "{signal}: {}", left.screen);
    }
}

/// `trap '' USR2` before the demo, which a view leaves as it is.
#[test]
fn a_signal_that_was_ignored_from_the_start_ends_no_view() {
    let (watched, file) = (watched(), tree("calm.toml"));
    let file = file.to_str().expect("its name is text");

    for (args, key) in [(&["run", file, "--view", "tui"][..], CTRL_C), (&["attach", &watched.door], "q")] {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' USR2 ALRM; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_rootward-demo")]);
        command.args(args);
        let mut view = Terminal::start(command, 80, 24);
        view.wait_until(|screen| is(screen, "d", "● running"));

        view.signal(Signal::SIGUSR2);
        view.signal(Signal::SIGALRM);
        view.press("?");
        view.wait_for("redraw");
        view.press("z");
        view.press(key);

        assert_eq!(view.finish().status.code(), Some(0), "{args:?}");
    }
    watched.stop();
}

#[test]
fn a_copy_is_sent_to_the_terminal_as_it_expects_it() {
    let mut view = view("calm.toml");
    view.wait_until(|screen| is(screen, "d", "● running"));

    view.press("jy");
    view.wait_for("copied");

    let copied = "\u{1b}]52;c;cm9vdC9h\u{7}";
    assert!(String::from_utf8_lossy(&view.written).contains(copied), "root/a, in base64");
    view.press(CTRL_C);
    assert!(view.finish().is_as_before);
}

#[test]
fn keys_restart_a_child_and_send_it_signals() {
    let mut view = view("calm.toml");
    view.wait_until(|screen| is(screen, "d", "● running"));

    view.press("jr");
    view.wait_until(|screen| screen.contains("root/a runs again"));
    view.press("x");
    view.wait_for("8 SIGKILL");
    view.press("8");
    view.wait_for("SIGKILL sent to root/a");
    let screen =
        view.wait_until(|screen| is(screen, "a", "killed by SIGKILL") && is(screen, "a", "● running"));
    assert!(is(&screen, "a", " 3 "), "it is the third incarnation: {screen}");
    view.press("t");
    view.wait_until(|screen| is(screen, "a", "↑ gone"));
    view.press("s");
    view.wait_until(|screen| is(screen, "a", "● running"));

    view.press("S");
    let left = view.finish();

    assert!(left.is_as_before, "{}", left.screen);
    assert!(left.screen.contains("The tree came down"), "{}", left.screen);
}

/// Nothing runs between the stop and the start.
#[test]
fn a_key_restarts_the_only_child_and_the_demo_goes_on() {
    let temp = Temp::new();
    let only = "id = 'root'\n[[children]]\nid = 'a'\nprocess = { command = ['sleep', '1000'] }\n";
    let file = temp.write("only.toml", only);
    let mut view = Terminal::demo(&["run", file.to_str().unwrap(), "--view", "tui"]);
    view.wait_until(|screen| is(screen, "a", "● running"));

    view.press("jr");
    view.wait_for("root/a runs again");
    view.press(CTRL_C);

    assert!(view.finish().screen.contains("(signal SIGINT)"));
}

#[test]
fn a_terminal_may_change_its_size() {
    let mut view = view("calm.toml");
    view.wait_until(|screen| is(screen, "d", "● running"));

    view.resize(40, 10);
    // The last line of a picture of this size. What is left of the one before has another line there.
    let is_drawn_anew = |screen: &str| screen.lines().nth(9).is_some_and(|line| line.starts_with("? keys"));
    let screen = view.wait_until(|screen| is(screen, "a", "● running") && is_drawn_anew(screen));
    assert!(!screen.contains("EVENTS"), "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 40), "{screen}");
    view.press("\t");
    view.wait_for("EVENTS");
    view.resize(120, 40);
    view.wait_until(|screen| is(screen, "a", "● running") && screen.contains("EVENTS"));
    view.press("?");
    view.wait_for("─ keys ");
    view.press("\u{1b}");
    view.wait_until(|screen| !screen.contains("─ keys "));

    view.press(CTRL_C);
    assert!(view.finish().is_as_before);
}

#[test]
fn without_colours_and_unicode_the_view_has_none() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    command.arg("run").arg(tree("calm.toml")).args(["--view", "tui"]);
    command.env("NO_COLOR", "1").env("LC_ALL", "C");
    let mut view = Terminal::start(command, 80, 24);
    view.wait_until(|screen| is(screen, "d", "* running"));

    let written = String::from_utf8(view.written.clone()).unwrap();
    view.press(CTRL_C);

    let left = view.finish();
    assert!(left.is_as_before);
    assert!(written.is_ascii(), "{written:?}");
    assert!(left.raw.is_ascii() && left.text.contains("The tree came down"), "the report too: {}", left.text);
    // 39 is the usual colour.
    for colour in (30..39).chain(40..48) {
        for sequence in [format!("[{colour}m"), format!(";{colour}m"), format!("[{colour};")] {
            assert!(!written.contains(&sequence), "{sequence}: {written:?}");
        }
    }
}

#[test]
fn a_dumb_terminal_gets_lines_and_is_told_why() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    command.arg("run").arg(tree("calm.toml")).args(["--view", "tui"]).env("TERM", "dumb");
    let mut view = Terminal::start(command, 120, 40);
    let screen = view.wait_for("press Ctrl-C");
    assert!(
        screen.contains("note: lines in place of a picture: the terminal says that it is a dumb one"),
        "{screen}"
    );
    assert!(!view.is_picture());

    view.wait_until(|screen| screen.lines().any(|line| line.contains("● root ") && line.contains("started")));
    view.press(CTRL_C);
    let left = view.finish();

    assert!(left.is_as_before && left.screen.contains("The tree came down"), "{}", left.screen);
}

#[test]
fn a_view_that_is_suspended_gives_the_terminal_back_and_takes_it_again() {
    let mut command = Command::new("sh");
    let script = "\"$0\" run \"$1\" --view tui; echo suspended; read wait; fg; echo over";
    command.args(["-mc", script, env!("CARGO_BIN_EXE_rootward-demo")]).arg(tree("calm.toml"));
    let mut view = Terminal::start(command, 80, 24);
    view.wait_until(|screen| is(screen, "d", "● running"));

    view.press(CTRL_Z);
    view.wait_for("suspended");
    assert!(!view.is_picture(), "the shell has its screen again");
    view.press("\n");
    view.wait_until(|screen| is(screen, "d", "● running"));
    assert!(view.is_picture());
    view.press(CTRL_C);
    view.wait_for("over");
    let left = view.finish();

    assert!(left.is_as_before && left.screen.contains("The tree came down"), "{}", left.screen);
}

#[test]
fn where_no_shell_could_go_on_with_it_ctrl_z_suspends_nothing() {
    let mut view = view("calm.toml");
    view.wait_until(|screen| is(screen, "d", "● running"));

    view.press(CTRL_Z);
    view.press("/still here");
    view.wait_for("/still here_");
    view.press("\u{1b}");
    view.press(CTRL_C);

    assert!(view.finish().is_as_before);
}

#[test]
fn a_running_tree_is_watched_and_changed_through_its_door() {
    let mut watched = watched();

    let mut view = Terminal::demo(&["attach", &watched.door]);
    view.wait_until(|screen| is(screen, "d", "● running") && screen.contains("door.sock running"));
    view.press("jt");
    view.wait_for("stop root/a and leave it down? y/n");
    view.press("y");
    watched.demo.wait_for("stopped", "root/a");
    view.wait_until(|screen| is(screen, "a", "↑ gone"));
    view.press("q");
    let left = view.finish();
    assert!(left.status.success() && left.is_as_before, "{}", left.screen);
    assert!(left.screen.contains("The program goes on."), "{}", left.screen);

    let mut view = Terminal::demo(&["attach", &watched.door]);
    view.wait_until(|screen| is(screen, "d", "● running") && !is(screen, "a", "● running"));
    watched.demo.signal(Signal::SIGTERM);
    let left = view.finish();
    assert!(left.status.success() && left.is_as_before, "{}", left.screen);
    assert!(left.screen.contains("The tree is gone."), "{}", left.screen);
    assert_eq!(watched.demo.finish().code(), 0);
}

/// A demo whose tree may be changed through its door.
fn watched() -> DemoWithDoor {
    DemoWithDoor::run(&tree("calm.toml"), &["--allow-control"])
}

#[test]
fn a_watcher_is_ended_by_signals_and_the_tree_is_not() {
    let watched = watched();

    let signals = [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT];
    for signal in signals.into_iter().chain([Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGALRM]) {
        let mut view = Terminal::demo(&["attach", &watched.door]);
        view.wait_until(|screen| is(screen, "d", "● running"));
        if signal == Signal::SIGINT {
            view.press(CTRL_C)
        } else {
            view.signal(signal)
        }
        let left = view.finish();

        assert!(left.is_as_before && left.screen.contains("The program goes on."), "{}", left.screen);
    }
    watched.stop();
}

#[test]
fn a_restart_that_is_confirmed_and_left_at_once_is_done_all_the_same() {
    let mut watched = watched();
    let mut view = Terminal::demo(&["attach", &watched.door]);
    view.wait_until(|screen| is(screen, "d", "● running"));

    view.press("jryq");
    let left = view.finish();

    assert!(left.is_as_before && left.screen.contains("The program goes on."), "{}", left.screen);
    watched.demo.wait_until(|event| {
        event["event"] == "started" && event["path"] == "root/a" && event["incarnation"] == 2
    });
    watched.stop();
}

#[test]
fn a_program_that_is_killed_is_said_to_be_gone() {
    let watched = DemoWithDoor::run(&tree("calm.toml"), &["--containment=group", "--allow-control"]);
    let mut view = Terminal::demo(&["attach", &watched.door]);
    view.wait_until(|screen| is(screen, "d", "● running"));

    watched.demo.signal(Signal::SIGKILL);
    let left = view.finish();

    assert_eq!(left.status.code(), Some(1), "{}", left.screen);
    assert!(left.is_as_before && left.screen.contains("error: "), "{}", left.screen);
}

#[test]
fn where_there_is_no_door_the_terminal_is_not_touched() {
    let view = Terminal::demo(&["attach", "/no/such/door"]);

    let left = view.finish();

    assert_eq!(left.status.code(), Some(1), "{}", left.screen);
    assert!(left.screen.contains("error: the door of the program: cannot connect to "), "{}", left.screen);
}

#[test]
fn attach_writes_lines_where_there_is_no_terminal() {
    let watched = watched();
    let mut watcher = Command::new(env!("CARGO_BIN_EXE_rootward-demo"))
        .arg("attach")
        .arg(&watched.door)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = Lines::of(watcher.stdout.take().unwrap());
    lines.wait_for("The tree as it is:");
    lines.wait_for("starting · task");

    watched.demo.signal(Signal::SIGTERM);
    lines.wait_for("↑ root                gone");

    assert!(wait_in_time(&mut watcher).success());
    assert_eq!(watched.demo.finish().code(), 0);
}
