//! The terminal that the demo was started on, as it was then.
//!
//! A child that inherits standard input may make the terminal raw, or take the foreground, and be gone before it has
//! given either back. The shell behind the demo would then have no echo, or no keyboard. And while others still run, a
//! foreground whose processes are gone is heard by no process: Ctrl-C would be lost.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, killpg};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};
use rootward::event::Events;
use rootward::{Event, EventKind};

/// A terminal that is given back as it was when this is dropped.
pub(crate) struct OwnTerminal(SeenTerminal);

impl OwnTerminal {
    /// The terminal among the standard streams, if there is one and the demo is in its foreground. From the background
    /// it would be that of others.
    pub(crate) fn remember() -> Option<Self> {
        SeenTerminal::now().map(Self)
    }
}

/// Takes the foreground back, as long as these events come, as soon as the processes are gone that a child had taken
/// it for.
///
/// # Errors
///
/// There may be no more threads.
pub(crate) fn follow_foreground(mut events: Events, modes: ModesAfterwards) -> io::Result<()> {
    let Some(terminal) = SeenTerminal::now() else { return Ok(()) };
    rootward::sibling::leave_out_output(&events);
    let follow = move || {
        // A group that is not in the foreground would be suspended for taking it.
        let _ = SigSet::from(Signal::SIGTTOU).thread_block();
        loop {
            match events.blocking_next() {
                Ok(Some(event)) if !is_end(&event) => {}
                // Of events that were lost some may have been ends.
                Ok(Some(_)) | Err(_) => terminal.take_back(modes),
                Ok(None) => return,
            }
        }
    };
    thread::Builder::new().name("rootward-tty".into()).spawn(follow).map(drop)
}

/// A terminal, as it was when the demo looked at it.
struct SeenTerminal {
    device: OwnedFd,
    modes: Termios,
    foreground: Pid,
}

impl SeenTerminal {
    fn now() -> Option<Self> {
        let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
        let device = if stdin.is_terminal() {
            stdin.as_fd()
        } else if stdout.is_terminal() {
            stdout.as_fd()
        } else if stderr.is_terminal() {
            stderr.as_fd()
        } else {
            return None;
        };
        let foreground = tcgetpgrp(device).ok().filter(|group| *group == getpgrp())?;
        let modes = tcgetattr(device).ok()?;
        Some(Self { device: device.try_clone_to_owned().ok()?, modes, foreground })
    }

    /// Gives the foreground back to the demo's group if the group that has it has no process any more.
    fn take_back(&self, modes: ModesAfterwards) {
        // An orphan that has ended belongs to its group until an init has reaped it, of which nothing tells.
        for patience in [0, 10, 100, 1000].map(Duration::from_millis) {
            thread::park_timeout(patience);
            match tcgetpgrp(&self.device) {
                Ok(foreground) if foreground != self.foreground => {
                    if killpg(foreground, None) != Err(Errno::ESRCH) {
                        continue;
                    }
                    let _ = tcsetpgrp(&self.device, self.foreground);
                    if modes == ModesAfterwards::GivenBack {
                        let _ = tcsetattr(&self.device, SetArg::TCSANOW, &self.modes);
                    }
                }
                // It is ours, or the terminal has been closed.
                Ok(_) | Err(_) => {}
            }
            return;
        }
    }

    fn give_back(&self) -> nix::Result<()> {
        let foreground = tcgetpgrp(&self.device)?;
        // An init above a session leader gives the program a group of its own.
        if foreground != self.foreground && foreground != getpgrp() {
            if killpg(foreground, None) != Err(Errno::ESRCH) {
                // A shell has it, which put the demo into the background, and its modes are the shell's.
                return Ok(());
            }
            tcsetpgrp(&self.device, self.foreground)?;
        }
        // Without waiting for what was written: a terminal that is paused would never take it.
        tcsetattr(&self.device, SetArg::TCSANOW, &self.modes)
    }
}

/// What becomes of the terminal's modes when the demo takes the foreground back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModesAfterwards {
    /// They stay as they are.
    Kept,
    /// They are as they were at the beginning: in a raw terminal Ctrl-C is a character like any other.
    GivenBack,
}

/// Whether a process may be gone.
fn is_end(event: &Event) -> bool {
    matches!(event.what, EventKind::Exited { .. } | EventKind::Stopped { .. } | EventKind::StartFailed { .. })
}

impl Drop for OwnTerminal {
    fn drop(&mut self) {
        // A group that is not in the foreground is suspended for this, unless the signal is blocked.
        let mask = SigSet::from(Signal::SIGTTOU).thread_swap_mask(SigmaskHow::SIG_BLOCK);
        // A terminal that has been closed needs nothing.
        let _ = self.0.give_back();
        if let Ok(mask) = mask {
            let _ = mask.thread_set_mask();
        }
    }
}
