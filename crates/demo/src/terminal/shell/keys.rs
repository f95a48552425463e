//! The threads that hear the keys, the terminal's size, and the signals that concern a view.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use crossterm::event::{Event, poll, read};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use signal_hook::consts::{
    SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGVTALRM,
    SIGWINCH, SIGXCPU,
};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::inbox::{Inbox, Mail};
use super::screen::{Modes, PATIENCE};
use super::suspend::now;
use crate::sys::is_ignored;
use crate::terminal::state::ViewInput;

/// The signals that end a program which does nothing about them, and that are not sent to stop it.
const DEADLY: [i32; 5] = [SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU];

/// Those of them that the program has not been started to ignore: they would not end it.
fn deadly() -> impl Iterator<Item = i32> {
    DEADLY.into_iter().filter(|signal| !is_ignored(*signal))
}

/// Hears the keys until the program ends. A terminal that has gone is heard no more.
///
/// # Errors
///
/// If the system has no thread left, or refuses the signal that tells of another size.
pub(crate) fn hear_keys(inbox: &Arc<Inbox>) -> io::Result<()> {
    let inbox = Arc::clone(inbox);
    let mut terminal = WatchedTerminal::open()?;
    thread::Builder::new().name("keys".to_owned()).spawn(move || {
        let mut unread = UnreadKeys::None;
        while let Some(woken) = terminal.wait(unread) {
            let Ok(count) = take_keys(&inbox) else { return };
            // Afterwards: crossterm has heard of it when a picture of the new size is seen, and keeps no later key from
            // it.
            if woken.has_other_size {
                inbox.input(ViewInput::Resize);
            }
            unread = if woken.has_keys && count == 0 { UnreadKeys::Withheld } else { UnreadKeys::None };
        }
    })?;
    Ok(())
}

/// Takes the keys that have come, and says how many those were.
fn take_keys(inbox: &Inbox) -> io::Result<usize> {
    let mut count = 0;
    while poll(Duration::ZERO)? {
        match read()? {
            Event::Key(key) => {
                inbox.input(ViewInput::Key(key));
                count += 1;
            }
            Event::Resize(..) => inbox.input(ViewInput::Resize),
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) | Event::Paste(_) => {}
        }
    }
    Ok(count)
}

/// The keys that the terminal still has.
#[derive(Clone, Copy, PartialEq)]
enum UnreadKeys {
    None,
    /// Crossterm hears of the keys only when more of them come, and takes 1024 bytes then: what is behind those in a
    /// long paste stays in the terminal.
    Withheld,
}

/// How long the terminal is not asked for keys that are withheld. It would answer at once, again and again.
const PAUSE_IN_MS: u8 = 100;

/// Why a wait is over.
struct Woken {
    has_keys: bool,
    has_other_size: bool,
}

/// The terminal that keys come from. `read` never returns when that has gone, and takes all of a processor.
struct WatchedTerminal {
    terminal: OwnedFd,
    sizes: UnixStream,
}

impl WatchedTerminal {
    /// The one that `read` reads from.
    fn open() -> io::Result<Self> {
        let input = io::stdin();
        let terminal = if input.is_terminal() {
            input.as_fd().try_clone_to_owned()?
        } else {
            File::open("/dev/tty")?.into()
        };
        // Crossterm registers for the signal first, so that it knows of another size by the time at which this does.
        // One that it heard of together with a key would keep it from the key.
        poll(Duration::ZERO)?;
        let (sizes, sender) = UnixStream::pair()?;
        sizes.set_nonblocking(true)?;
        signal_hook::low_level::pipe::register(SIGWINCH, sender)?;
        Ok(Self { terminal, sizes })
    }

    /// Waits until there are keys or another size, or a pause for keys that are withheld is over. `None` says that the
    /// terminal has gone, which is told at once in any case.
    fn wait(&mut self, unread: UnreadKeys) -> Option<Woken> {
        let (flags, timeout) = match unread {
            UnreadKeys::None => (PollFlags::POLLIN, PollTimeout::NONE),
            UnreadKeys::Withheld => (PollFlags::empty(), PAUSE_IN_MS.into()),
        };
        let mut both =
            [PollFd::new(self.terminal.as_fd(), flags), PollFd::new(self.sizes.as_fd(), PollFlags::POLLIN)];
        loop {
            match nix::poll::poll(&mut both, timeout) {
                Err(Errno::EINTR) => {}
                Err(_) => return None,
                Ok(_) => break,
            }
        }
        let [keys, sizes] = both.map(|place| place.revents().unwrap_or(PollFlags::empty()));
        if keys.intersects(PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL) {
            return None;
        }
        // All that have come are one.
        while self.sizes.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
        Some(Woken { has_keys: keys.contains(PollFlags::POLLIN), has_other_size: !sizes.is_empty() })
    }
}

/// Hears Ctrl-Z, and, if it is the view that they are to end, the signals that end a program.
///
/// # Errors
///
/// If the system refuses the signals or the thread.
pub(crate) fn hear_signals(inbox: &Arc<Inbox>, ends: bool) -> io::Result<()> {
    // A program that runs a tree shows it at SIGUSR1. A watcher has nothing to show.
    let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1].into_iter().chain(deadly()).filter(|_| ends);
    signal_hook::flag::register(SIGCONT, Arc::clone(&inbox.arrivals.is_continued))?;
    let mut signals = Signals::new(ending.chain([SIGTSTP, SIGCONT]))?;
    let inbox = Arc::clone(inbox);
    thread::Builder::new().name("view-signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGTSTP => {
                    inbox.arrivals.suspended(now());
                    inbox.push(Mail::Suspend);
                }
                SIGCONT => inbox.arrivals.continued(now()),
                _ => inbox.input(ViewInput::Leave),
            }
        }
    })?;
    Ok(())
}

/// Has a signal that ends the program end it as it would without a view, after the terminal has been given back. The
/// view has given it back when nothing can be received any more.
///
/// # Errors
///
/// If the system refuses the signals or the thread.
pub(crate) fn hear_deadly_signals(inbox: &Arc<Inbox>, modes: Modes, ended: Receiver<()>) -> io::Result<()> {
    let mut signals = Signals::new(deadly())?;
    let inbox = Arc::clone(inbox);
    thread::Builder::new().name("view-deadly".to_owned()).spawn(move || {
        let Some(signal) = signals.forever().next() else { return };
        inbox.input(ViewInput::Leave);
        // A view that takes nothing any more is not waited for. Either outcome means the same.
        let _ = ended.recv_timeout(PATIENCE);
        modes.restore();
        // It does not come back, or there is nothing else to be done.
        let _ = emulate_default_handler(signal);
    })?;
    Ok(())
}
