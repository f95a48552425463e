//! The terminal that the demo was started on, as it was then.
//!
//! A child that inherits standard input may make the terminal raw, or take the foreground, and be gone before it has
//! given either back. The shell behind the demo would then have no echo, or no keyboard.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, killpg};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};

/// A terminal that is given back as it was when this is dropped.
pub(crate) struct OwnTerminal {
    device: OwnedFd,
    modes: Termios,
    foreground: Pid,
}

impl OwnTerminal {
    /// The terminal among the standard streams, if there is one and the demo is in its foreground. From the background
    /// it would be that of others.
    pub(crate) fn remember() -> Option<Self> {
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

impl Drop for OwnTerminal {
    fn drop(&mut self) {
        // A group that is not in the foreground is suspended for this, unless the signal is blocked.
        let mask = SigSet::from(Signal::SIGTTOU).thread_swap_mask(SigmaskHow::SIG_BLOCK);
        // A terminal that has been closed needs nothing.
        let _ = self.give_back();
        if let Ok(mask) = mask {
            let _ = mask.thread_set_mask();
        }
    }
}
