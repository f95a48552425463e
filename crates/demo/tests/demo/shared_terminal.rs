//! A terminal that a child shares and has made non-blocking, as node and asyncio do: what the demo writes there is
//! whole.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rootward_tests::{InTerminal, hear_the_terminal, pause, start_in_terminal};

use crate::support::{Temp, happens, until, wait_in_time};

/// How many lines the other child writes: many times what a terminal holds.
const LINES: usize = 5000;

#[test]
fn lines_on_a_terminal_that_a_child_has_made_non_blocking_are_whole_and_all_there() {
    let mut demo = Demo::show("lines");
    let text = demo.read_until(|text| text.contains(&format!("│ {LINES}\r\n")));
    let lines: Vec<_> = text.lines().filter_map(|line| Some(line.split_once("│ ")?.1)).collect();
    let numbers = lines.iter().filter(|line| line.parse::<usize>().is_ok());
    assert!(numbers.copied().eq((1..=LINES).map(|n| n.to_string())), "{lines:?}");

    demo.interrupt();

    let text = demo.read_until(|text| text.contains("exit status 0: every child"));
    assert!(text.contains("The tree came down in "), "{text}");
    assert_eq!(wait_in_time(&mut demo.child).code(), Some(0));
}

#[test]
fn a_picture_on_a_terminal_that_a_child_has_made_non_blocking_goes_on_and_is_taken_away_at_the_end() {
    let mut demo = Demo::show("tui");
    demo.fill();
    let writes = demo.writes_of_the_view().expect("there is a view");
    // All of the picture is to be drawn again.
    demo.press(b"\x0c");
    // It has tried to show the tree meanwhile, and waits for room, or tries it now.
    let _ = (0..500).any(|_| {
        pause();
        demo.writes_of_the_view().is_none_or(|more| more > writes)
    });

    // The newest line, which was written while nothing was read.
    demo.read_until(|text| screen(text).contents().contains(&LINES.to_string()));
    demo.press(b"?");
    demo.read_until(|text| screen(text).contents().contains("─ keys ─"));
    demo.press(b"?");

    demo.interrupt();

    let text = demo.read_until(|text| text.contains("exit status 0: every child"));
    let screen = screen(&text);
    assert!(!screen.alternate_screen() && !screen.hide_cursor(), "{}", screen.contents());
    assert_eq!(wait_in_time(&mut demo.child).code(), Some(0));
}

/// A demo of which nothing is read until its children have done their part.
struct Demo {
    child: Child,
    terminal: File,
    seen: Vec<u8>,
}

impl Demo {
    /// Has one child make the terminal non-blocking, and then another one write a lot.
    fn show(view: &str) -> Self {
        hear_the_terminal();
        let temp = Temp::new();
        let script = temp.write(
            "non-blocking.pl",
            "use Fcntl; $| = 1; fcntl(STDERR, F_SETFL, fcntl(STDERR, F_GETFL, 0) | O_NONBLOCK) or die;\n\
             print \"done\\n\"; sleep 1000;\n",
        );
        let file = temp.write(
            "tree.toml",
            format!(
                "[[children]]\nid = 'a'\n[children.process]\ncommand = ['perl', '{}']\nstderr = 'inherit'\n\
                 ready = {{ line = 'done' }}\n[[children]]\nid = 'b'\n[children.process]\n\
                 command = ['sh', '-c', 'seq {LINES}; echo > written; exec sleep 1000']\n",
                script.display()
            ),
        );
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
        command.arg("run").arg(file).args(["--view", view, "--containment", "group"]);
        command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env("NO_COLOR", "1");
        command.current_dir(temp.path(""));
        let started = start_in_terminal(command, 80, 24).expect("there are terminals");
        let InTerminal { child, terminal, .. } = started;
        let demo = Self { child, terminal: terminal.into(), seen: Vec::new() };
        until("all is written", || temp.path("written").exists());
        assert!(demo.is_non_blocking(), "the child has done it");
        demo
    }

    /// Whether the demo's standard error is.
    fn is_non_blocking(&self) -> bool {
        let told = fs::read_to_string(format!("/proc/{}/fdinfo/2", self.child.id())).expect("it is there");
        let flags = told.lines().find_map(|line| line.strip_prefix("flags:")).expect("there are flags");
        let flags = i32::from_str_radix(flags.trim(), 8).expect("they are octal");
        flags & OFlag::O_NONBLOCK.bits() != 0
    }

    /// Writes what shows nothing until the terminal takes no more.
    fn fill(&self) {
        let mut options = OpenOptions::new();
        options.write(true).custom_flags((OFlag::O_NOCTTY | OFlag::O_NONBLOCK).bits());
        let side = options.open(format!("/proc/{}/fd/2", self.child.id())).expect("it is there");
        // The system passes on in the background what is written, so that there is room again.
        let mut refusals = 0;
        while refusals < 100 {
            if (&side).write(&[0; 1024]).or_else(|_| (&side).write(&[0])).is_ok() {
                refusals = 0;
            } else {
                refusals += 1;
                pause();
            }
        }
    }

    /// How many times the thread of the view has begun to write. `None` if there is none any more.
    fn writes_of_the_view(&self) -> Option<u64> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("it is there");
        let mut threads = threads.flatten().map(|thread| thread.path());
        let view = threads.find(|it| fs::read_to_string(it.join("comm")).is_ok_and(|it| it == "view\n"))?;
        let told = fs::read_to_string(view.join("io")).ok()?;
        told.lines().find_map(|line| line.strip_prefix("syscw: "))?.parse().ok()
    }

    /// Reads what is shown until all of it is so. A picture never comes to rest.
    fn read_until(&mut self, is_so: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        let shown = happens(|| {
            self.read();
            text = String::from_utf8_lossy(&self.seen).into_owned();
            is_so(&text)
        });
        assert!(shown, "in vain: {}", screen(&text).contents());
        text
    }

    /// Reads what is there. The end of a terminal is an error.
    fn read(&mut self) {
        let mut buffer = [0; 64 * 1024];
        let mut place = [PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN)];
        if poll(&mut place, PollTimeout::ZERO).is_ok_and(|ready| ready > 0) {
            let count = self.terminal.read(&mut buffer).unwrap_or_default();
            self.seen.extend_from_slice(&buffer[..count]);
        }
    }

    fn press(&mut self, keys: &[u8]) {
        self.terminal.write_all(keys).expect("a terminal takes keys");
    }

    /// Ctrl-C.
    fn interrupt(&mut self) {
        self.press(b"\x03");
    }
}

/// What stands on a screen where this was written.
fn screen(text: &str) -> vt100::Screen {
    let mut parser = vt100::Parser::default();
    parser.process(text.as_bytes());
    parser.screen().clone()
}

impl Drop for Demo {
    fn drop(&mut self) {
        // After it has ended these do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
