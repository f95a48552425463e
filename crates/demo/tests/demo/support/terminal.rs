//! A program in a terminal of its own: keys in, screen out.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::Once;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, Termios, tcgetattr};
use nix::unistd::Pid;
use rootward_tests::{BACKSTOP, InTerminal, resize_terminal, start_in_terminal, wait_in_time};

use super::mask;

/// What the view writes when a picture is complete: the cursor stays hidden.
const END_OF_PICTURE: &[u8] = b"\x1b[?25l";

/// A program in a terminal.
pub(crate) struct Terminal {
    child: Child,
    master: OwnedFd,
    before: Termios,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// All that has been written.
    pub(crate) written: Vec<u8>,
    over: bool,
    /// Whether nothing but the demo writes there.
    is_demo: bool,
}

/// What a program left on its terminal.
pub(crate) struct Left {
    pub(crate) status: ExitStatus,
    pub(crate) screen: String,
    /// All that stands on the usual screen and above it, without breaks in lines that are too long for it.
    pub(crate) text: String,
    /// All that was written to it, with what controls it.
    pub(crate) raw: String,
    /// Whether the terminal is in every respect as it was before.
    pub(crate) is_as_before: bool,
}

impl Terminal {
    /// Starts the demo with these arguments in a terminal of 80 columns and 24 rows.
    pub(crate) fn demo(args: &[&str]) -> Self {
        Self::demo_in(args, (80, 24))
    }

    /// The same in a terminal of so many columns and rows.
    pub(crate) fn demo_in(args: &[&str], (columns, rows): (u16, u16)) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
        command.args(args);
        let mut terminal = Self::start(command, columns, rows);
        terminal.is_demo = true;
        terminal
    }

    pub(crate) fn start(mut command: Command, columns: u16, rows: u16) -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(rootward_tests::hear_the_terminal);
        for (name, usual) in [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8"), ("NO_COLOR", "")] {
            if !command.get_envs().any(|(known, _)| known == name) {
                command.env(name, usual);
            }
        }
        let started = start_in_terminal(command, columns, rows).expect("the system has terminals");
        let InTerminal { child, terminal: master, modes: before } = started;
        let mut reader = File::from(master.try_clone().expect("a descriptor is left"));
        let (sender, output) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end of a terminal is an error.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let screen = vt100::Parser::new(size(rows), size(columns), 500);
        Self { child, master, before, output, screen, written: Vec::new(), over: false, is_demo: false }
    }

    /// Waits until the screen is as it should be, and returns it.
    pub(crate) fn wait_until(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let backstop = now() + BACKSTOP;
        loop {
            let screen = self.screen.screen().contents();
            if wanted(&screen) {
                return screen;
            }
            // Some screens never come to rest.
            match self.output.recv_timeout(backstop.saturating_duration_since(now())) {
                Ok(written) => self.take(&written),
                Err(error) => panic!("{error}; the screen is\n{screen}"),
            }
        }
    }

    /// Waits until a picture that was drawn to its end is as it should be, and returns its lines, masked.
    pub(crate) fn picture(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let backstop = now() + BACKSTOP;
        loop {
            let screen = self.screen.screen();
            let (_, columns) = screen.size();
            let picture = mask(&screen.rows(0, columns.into()).collect::<Vec<_>>().join("\n"));
            if self.written.ends_with(END_OF_PICTURE) && wanted(&picture) {
                return picture;
            }
            match self.output.recv_timeout(backstop.saturating_duration_since(now())) {
                Ok(written) => self.take(&written),
                Err(error) => panic!("{error}; the screen is\n{picture}"),
            }
        }
    }

    /// Waits until this is so after more has been written.
    pub(crate) fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let backstop = now() + BACKSTOP;
        while !(self.written.ends_with(END_OF_PICTURE) && is_so(self)) {
            match self.output.recv_timeout(backstop.saturating_duration_since(now())) {
                Ok(written) => self.take(&written),
                Err(error) => panic!("{error}: {what}; the screen is\n{}", self.screen.screen().contents()),
            }
        }
    }

    /// Has something stand on the screen that the program has not written.
    pub(crate) fn overwrite(&mut self, text: &str) {
        self.screen.process(text.as_bytes());
    }

    /// Waits until a text stands on the screen.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        self.wait_until(|screen| screen.contains(text))
    }

    /// The screen as it is, with its colours.
    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// Whether a picture is shown, and not what the shell shows.
    /// Whether it hands on each key at once, and shows none.
    pub(crate) fn is_raw(&self) -> bool {
        let modes = tcgetattr(&self.master).expect("it is a terminal").local_flags;
        !modes.intersects(LocalFlags::ECHO | LocalFlags::ICANON)
    }

    pub(crate) fn is_picture(&self) -> bool {
        self.screen.screen().alternate_screen()
    }

    pub(crate) fn press(&self, keys: &str) {
        let mut master = File::from(self.master.try_clone().expect("a descriptor is left"));
        master.write_all(keys.as_bytes()).expect("a terminal takes keys");
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.screen.set_size(size(rows), size(columns));
        resize_terminal(&self.master, columns, rows).expect("it is a terminal");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("the program is our child and has not been waited for");
    }

    /// Waits until the program has ended.
    pub(crate) fn finish(mut self) -> Left {
        loop {
            match self.output.recv_timeout(BACKSTOP) {
                Ok(written) => self.take(&written),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("{error}; the screen is\n{}", self.screen.screen().contents()),
            }
        }
        let status = wait_in_time(&mut self.child);
        self.over = true;
        let after = tcgetattr(&self.master).expect("it is a terminal");
        // Whatever the demo shows, the mouse and pasting stay the terminal's own. A shell may take them.
        let written = String::from_utf8_lossy(&self.written);
        for mode in ["1000", "1002", "1003", "1005", "1006", "1015", "2004"] {
            let takes = self.is_demo && written.contains(&format!("\u{1b}[?{mode}h"));
            assert!(!takes, "{mode}: {written:?}");
        }
        let screen = self.screen.screen();
        let is_as_before = !screen.alternate_screen() && !screen.hide_cursor() && after == self.before;
        let (contents, (_, columns)) = (screen.contents(), screen.size());
        let mut high = vt100::Parser::new(size(500), columns, 0);
        high.process(&self.written);
        let text = high.screen().contents();
        Left { status, screen: contents, text, raw: written.into_owned(), is_as_before }
    }

    fn take(&mut self, written: &[u8]) {
        self.written.extend_from_slice(written);
        self.screen.process(written);
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a process id"))
    }
}

impl Drop for Terminal {
    /// A test that fails leaves nothing behind. What the program has started ends with it.
    fn drop(&mut self) {
        if !self.over {
            let _ = kill(self.pid(), Signal::SIGKILL);
            let _ = self.child.wait();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the backstop of a test is real time")]
fn now() -> Instant {
    Instant::now()
}

fn size(cells: u16) -> std::num::NonZeroU16 {
    cells.try_into().expect("a screen has cells")
}
