//! A process beside the view that gives the terminal back when the program dies without having done so: killed, aborted
//! or by a fault. It is this program once more, and sleeps until the view is over.
//!
//! Absent on purpose: any notion of the tree. If the system has no process for it, the view goes without.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, killpg};
use nix::sys::termios::{SetArg, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, tcgetpgrp};

/// How long a restorer may take to look at the terminal. It takes milliseconds, and longer on a machine that is busy;
/// one that dies is noticed at once.
const ANSWER: Duration = Duration::from_secs(10);

/// The command by which the program becomes a restorer.
const RESTORER: &str = "restore-terminal";

/// What the restorer is told: the terminal is the view's, or a child may have changed its modes, or it has been given
/// back.
const TAKEN: u8 = 1;
const SHARED: u8 = 2;
const GIVEN_BACK: u8 = 0;

/// What gives a terminal back: the end of a sequence that was cut off, no attributes, the cursor, and the usual screen.
const BACK: &[u8] = b"\x18\x1b[0m\x1b[?25h\x1b[?1049l";

/// A restorer that runs. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Restorer {
    child: Child,
    line: UnixStream,
}

impl Restorer {
    /// Starts the restorer of a terminal that is as it is to be afterwards.
    ///
    /// # Errors
    ///
    /// If the system has no process or descriptor for it, or it does not answer.
    pub(crate) fn start(tty: impl AsFd) -> io::Result<Self> {
        let (line, its) = UnixStream::pair()?;
        let mut command = Command::new("/proc/self/exe");
        // In a group of its own it gets no signal of the terminal, and no end of a file system waits for it.
        command.arg0("rootward-demo").arg(RESTORER).process_group(0).current_dir("/");
        command.stdin(OwnedFd::from(its)).stdout(tty.as_fd().try_clone_to_owned()?).stderr(Stdio::null());
        let child = command.spawn()?;
        // This process has the other end in the command.
        drop(command);
        let restorer = Self { child, line };
        restorer.line.set_read_timeout(Some(ANSWER))?;
        // It has looked at the terminal then.
        (&restorer.line).read_exact(&mut [0])?;
        Ok(restorer)
    }

    /// The view is about to take the terminal.
    pub(super) fn note_taken(&self) {
        self.note(TAKEN);
    }

    /// The view has given the terminal back.
    pub(super) fn note_given_back(&self) {
        self.note(GIVEN_BACK);
    }

    fn note(&self, what: u8) {
        // A restorer that was killed restores nothing.
        let _ = (&self.line).write_all(&[what]);
    }
}

/// The restorer of a terminal that has no view, and whose modes a child may change. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct ModesRestorer(Restorer);

impl ModesRestorer {
    /// Starts the restorer of the terminal on standard input.
    ///
    /// # Errors
    ///
    /// As [`Restorer::start`], and if standard input is no terminal, or one in whose foreground others are: its modes
    /// are theirs then.
    pub(crate) fn start() -> io::Result<Self> {
        let tty = io::stdin();
        tcgetattr(&tty)?;
        if tcgetpgrp(&tty)? != getpgrp() {
            return Err(Errno::ENOTTY.into());
        }
        let restorer = Restorer::start(&tty)?;
        restorer.note(SHARED);
        Ok(Self(restorer))
    }
}

impl Drop for ModesRestorer {
    fn drop(&mut self) {
        // The program gives the modes back itself.
        self.0.note_given_back();
    }
}

impl Drop for Restorer {
    fn drop(&mut self) {
        let _ = self.line.shutdown(Shutdown::Both);
        // A terminal that takes nothing any more is not waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is the restorer of the terminal on standard output, until the program at the other end of standard input is gone.
pub(crate) fn restore_terminal() -> ExitCode {
    // Whatever ends the program's group or session, the restorer outlives it. It ends with the view in any case.
    let _ = SigSet::all().thread_block();
    match restore_at_the_end() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn restore_at_the_end() -> io::Result<()> {
    let terminal = io::stdout().as_fd().try_clone_to_owned()?;
    let mut line = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let (modes, foreground) = (tcgetattr(&terminal)?, tcgetpgrp(&terminal)?);
    line.write_all(&[0])?;
    let (mut part, mut newest) = ([0; 64], GIVEN_BACK);
    // An error is an end, too: of a program that has left what was written to it.
    while let Ok(count @ 1..) = line.read(&mut part) {
        newest = part[count - 1];
    }
    if newest == GIVEN_BACK {
        return Ok(());
    }
    // A shell that stands in front meanwhile has modes of its own. With its session a terminal loses its foreground.
    let is_in_front = |group| group != foreground && killpg(group, None) != Err(Errno::ESRCH);
    let is_taken = || tcgetpgrp(&terminal).is_ok_and(is_in_front);
    // A child that has taken the foreground dies with the program, a moment later.
    let patience = if newest == SHARED { [0, 10, 100, 1000].as_slice() } else { &[0] };
    let is_free = |millis: &u64| {
        thread::park_timeout(Duration::from_millis(*millis));
        !is_taken()
    };
    if patience.iter().any(is_free) {
        tcsetattr(&terminal, SetArg::TCSANOW, &modes)?;
    }
    match newest {
        // What stands on the screen stays there.
        SHARED => Ok(()),
        _ => File::from(terminal).write_all(BACK),
    }
}
