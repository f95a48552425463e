//! Views whose program dies without giving the terminal back, and one that is suspended and continued at once.

use std::fs;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rootward_tests::until_some;

use crate::support::{DemoWithDoor, Terminal, tree};

/// What a process dies of that has no time for anything. Rust's runtime takes the first SIGSEGV for a fault of its own.
const FATAL: [Signal; 3] = [Signal::SIGKILL, Signal::SIGABRT, Signal::SIGILL];

fn view(args: &[&str]) -> Terminal {
    let mut view = Terminal::demo(args);
    runs(&mut view);
    assert!(view.is_picture());
    view
}

fn runs(view: &mut Terminal) {
    view.wait_until(|screen| screen.lines().any(|line| line.contains(" d  ") && line.contains("● running")));
}

/// The only child of a process.
fn child_of(pid: Pid) -> Pid {
    until_some("it has a child", || {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok().map(Pid::from_raw)
    })
}

#[test]
fn a_program_below_its_init_that_dies_leaves_the_terminal_as_it_was() {
    let file = tree("calm.toml");
    for signal in FATAL {
        let view = view(&["run", file.to_str().unwrap(), "--view", "tui"]);

        kill(child_of(view.pid()), signal).unwrap();
        let left = view.finish();

        assert!(left.is_as_before && !left.status.success(), "{signal}: {}", left.screen);
    }
}

#[test]
fn a_program_without_an_init_that_dies_leaves_the_terminal_as_it_was() {
    let file = tree("calm.toml");
    for signal in FATAL {
        let view = view(&["run", file.to_str().unwrap(), "--view", "tui", "--containment", "group"]);

        view.signal(signal);
        let left = view.finish();

        assert!(left.is_as_before && !left.status.success(), "{signal}: {}", left.screen);
    }
}

#[test]
fn a_watcher_that_dies_leaves_the_terminal_as_it_was() {
    let watched = DemoWithDoor::run(&tree("calm.toml"), &[]);

    for signal in FATAL {
        let view = view(&["attach", &watched.door]);

        view.signal(signal);
        let left = view.finish();

        assert!(left.is_as_before && !left.status.success(), "{signal}: {}", left.screen);
    }
    watched.stop();
}

/// A shell that goes on with what was suspended has the terminal then.
#[test]
fn a_view_that_is_killed_while_it_is_suspended_takes_nothing_from_the_shell() {
    let mut command = Command::new("sh");
    let script = "\"$0\" run \"$1\" --view tui --containment group; echo suspended; stty -echo; read go; \
                  kill -9 %1; wait; read end; stty -a; stty echo";
    command.args(["-mc", script, env!("CARGO_BIN_EXE_rootward-demo")]).arg(tree("calm.toml"));
    let mut view = Terminal::start(command, 80, 24);
    runs(&mut view);

    view.press("\u{1a}");
    view.wait_for("suspended");
    let before = view.written.len();
    view.press("\n\n");
    view.wait_for("-echo ");
    let since = String::from_utf8_lossy(&view.written[before..]).into_owned();
    let left = view.finish();

    assert!(!since.contains("\u{1b}[?1049l"), "{since:?}");
    assert!(left.is_as_before, "{}", left.screen);
}

/// The shell that could go on with it is suspended itself meanwhile, and so takes no terminal from it.
#[test]
fn a_sigcont_that_follows_at_once_leaves_no_view_suspended() {
    let mut command = Command::new("sh");
    let script = "\"$0\" run \"$1\" --view tui --containment group; while fg; do :; done";
    command.args(["-mc", script, env!("CARGO_BIN_EXE_rootward-demo")]).arg(tree("calm.toml"));
    let mut view = Terminal::start(command, 80, 24);
    runs(&mut view);
    let demo = child_of(view.pid());

    view.signal(Signal::SIGSTOP);
    for round in 0..60 {
        kill(demo, Signal::SIGTSTP).unwrap();
        // Sooner or later it comes between the moment in which the view hears of the first and its suspension.
        (0..round * 500).for_each(|_| std::hint::spin_loop());
        kill(demo, Signal::SIGCONT).unwrap();
        view.press("?");
        view.wait_for("─ keys ");
        view.press("z");
        view.wait_until(|screen| !screen.contains("─ keys ") && screen.contains("● running"));
    }
    view.signal(Signal::SIGCONT);
    view.press("\u{3}");
    let left = view.finish();

    assert!(left.is_as_before && left.screen.contains("The tree came down"), "{}", left.screen);
}
