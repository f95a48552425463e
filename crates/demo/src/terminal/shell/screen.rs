//! The terminal: taken for the view, and given back as it was, however the view ends.

use std::io::{self, BufWriter, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use crossterm::cursor::{Hide, Show};
use crossterm::execute;
use crossterm::style::ResetColor;
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use super::restorer::Restorer;
use crate::descriptor::PatientFile;

/// How long a view may take to give its terminal back. One that takes nothing any more is not waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// A terminal that shows the view. It is given back when this is dropped.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<PatientFile>>>,
    modes: Modes,
    is_ours: bool,
    /// What gives it back if the program cannot.
    restorer: Option<Restorer>,
}

/// What a terminal was like before.
#[derive(Debug)]
pub(crate) struct Modes {
    tty: OwnedFd,
    before: Termios,
}

impl Modes {
    fn of(tty: &impl AsFd) -> io::Result<Self> {
        let tty = tty.as_fd().try_clone_to_owned()?;
        let before = tcgetattr(&tty)?;
        Ok(Self { tty, before })
    }

    /// Every key comes at once and is not shown. Those that send signals go on doing that: Ctrl-C is one SIGINT, as
    /// without a view, also if the view should hang.
    fn take(&self) -> io::Result<()> {
        let mut raw = self.before.clone();
        raw.make_raw();
        // Without NOFLSH such a key throws away what has been written and not shown yet: half a picture, or what gives
        // the terminal back.
        raw.local_modes.insert(LocalModes::ISIG | LocalModes::NOFLSH);
        Ok(tcsetattr(&self.tty, OptionalActions::Now, &raw)?)
    }

    /// Makes the terminal as it was. This does not wait for what is still to be written there.
    pub(crate) fn restore(&self) {
        let _ = tcsetattr(&self.tty, OptionalActions::Now, &self.before);
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { tty: self.tty.try_clone()?, before: self.before.clone() })
    }
}

impl Screen {
    /// Takes the terminal, and says how it can be given back without it. A restorer gives it back if the program dies.
    ///
    /// # Errors
    ///
    /// If it is no terminal, or the system refuses. It is as before then.
    pub(crate) fn take(tty: impl AsFd, restorer: Option<Restorer>) -> io::Result<(Self, Modes)> {
        let modes = Modes::of(&tty)?;
        let writer = BufWriter::new(PatientFile(tty.as_fd().try_clone_to_owned()?.into()));
        // The view asks for the size itself: what would be asked otherwise is the terminal on standard output.
        let viewport = Viewport::Fixed(size(&modes.tty)?);
        let terminal = Terminal::with_options(CrosstermBackend::new(writer), TerminalOptions { viewport })?;
        let spare = modes.try_clone()?;
        let mut screen = Self { terminal, modes, is_ours: false, restorer };
        screen.enter()?;
        Ok((screen, spare))
    }

    /// Takes the terminal again. All of it has to be drawn then.
    pub(crate) fn enter(&mut self) -> io::Result<()> {
        // From here on there is something to give back.
        self.is_ours = true;
        self.restorer.iter().for_each(Restorer::note_taken);
        self.modes.take()?;
        execute!(self.terminal.backend_mut(), EnterAlternateScreen, Hide, Clear(ClearType::All))?;
        self.fit()
    }

    /// Takes over the terminal's size, and forgets what is on it.
    pub(crate) fn fit(&mut self) -> io::Result<()> {
        let size = size(&self.modes.tty)?;
        self.terminal.resize(size)
    }

    /// Gives the terminal back, with what was on it before.
    pub(crate) fn leave(&mut self) {
        if !self.is_ours {
            return;
        }
        self.is_ours = false;
        let _ = execute!(self.terminal.backend_mut(), ResetColor, Show, LeaveAlternateScreen);
        self.modes.restore();
        self.restorer.iter().for_each(Restorer::note_given_back);
    }

    pub(crate) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw)?;
        Ok(())
    }

    /// Sends something that is no part of the picture.
    pub(crate) fn send(&mut self, text: &str) -> io::Result<()> {
        let writer = self.terminal.backend_mut();
        writer.write_all(text.as_bytes())?;
        io::Write::flush(writer)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}

fn size(tty: &impl AsFd) -> io::Result<Rect> {
    let size = tcgetwinsize(tty)?;
    // Some terminals on serial lines do not know.
    let or = |known: u16, usual: u16| if known == 0 { usual } else { known };
    Ok(Rect::new(0, 0, or(size.ws_col, 80), or(size.ws_row, 24)))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read as _;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use nix::pty::openpty;

    use super::*;

    const BACK: &str = "\u{1b}[?1049l";

    /// Nothing is drawn after the terminal has been given back.
    fn ends_well(text: &str) -> bool {
        text.trim_end_matches("\u{1b}[?25h").ends_with(BACK)
    }

    /// What a terminal has got, and whether its modes are those before.
    fn after(view: impl FnOnce(Screen)) -> (String, bool) {
        let pty = openpty(None, None).unwrap();
        let before = tcgetattr(&pty.slave).unwrap();
        let (screen, _) = Screen::take(&pty.slave, None).unwrap();
        let taken = tcgetattr(&pty.slave).unwrap();
        assert!(!taken.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO));
        assert!(taken.local_modes.contains(LocalModes::ISIG), "Ctrl-C stays a signal");
        assert!(taken.local_modes.contains(LocalModes::NOFLSH), "and takes nothing of the picture with it");

        view(screen);

        let after = tcgetattr(&pty.slave).unwrap();
        drop(pty.slave);
        let mut text = Vec::new();
        // The end of a terminal is an error.
        let _ = File::from(pty.master).read_to_end(&mut text);
        let is_as_before = format!("{before:?}") == format!("{after:?}");
        (String::from_utf8(text).unwrap(), is_as_before)
    }

    #[test]
    fn the_terminal_is_given_back_when_the_view_is_over() {
        let (text, is_as_before) = after(|mut screen| {
            screen.draw(|frame| frame.render_widget("picture", frame.area())).unwrap();
        });

        assert!(text.contains("picture") && ends_well(&text) && is_as_before, "{text:?}");
    }

    #[test]
    fn the_terminal_is_given_back_after_a_panic() {
        let (text, is_as_before) = after(|mut screen| {
            let panicked =
                catch_unwind(AssertUnwindSafe(move || screen.draw(|_| panic!("a bug in the view"))));
            assert!(panicked.is_err());
        });

        assert!(ends_well(&text) && is_as_before, "{text:?}");
    }

    #[test]
    fn the_terminal_is_given_back_and_taken_again() {
        let (text, is_as_before) = after(|mut screen| {
            screen.leave();
            screen.enter().unwrap();
        });

        assert_eq!(text.matches(BACK).count(), 2, "{text:?}");
        assert!(is_as_before);
    }
}
