//! The threads that hear the keys, the terminal's size, and the signals that concern a view.

use std::io;
use std::sync::Arc;
use std::thread;

use crossterm::event::{Event, read};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use super::inbox::{Inbox, Mail};
use crate::terminal::state::Input;

/// Hears the keys until the program ends. A terminal that has gone is heard no more.
///
/// # Errors
///
/// If the system has no thread left.
pub(crate) fn hear_keys(inbox: &Arc<Inbox>) -> io::Result<()> {
    let inbox = Arc::clone(inbox);
    thread::Builder::new().name("keys".to_owned()).spawn(move || {
        while let Ok(event) = read() {
            match event {
                Event::Key(key) => inbox.input(Input::Key(key)),
                Event::Resize(..) => inbox.input(Input::Resize),
                Event::FocusGained | Event::FocusLost | Event::Mouse(_) | Event::Paste(_) => {}
            }
        }
    })?;
    Ok(())
}

/// Hears Ctrl-Z, and, if it is the view that they are to end, the signals that end a program.
///
/// # Errors
///
/// If the system refuses the signals or the thread.
pub(crate) fn hear_signals(inbox: &Arc<Inbox>, ends: bool) -> io::Result<()> {
    let ending: &[i32] = if ends { &[SIGINT, SIGTERM, SIGHUP, SIGQUIT] } else { &[] };
    let mut signals = Signals::new(ending.iter().chain(&[SIGTSTP]))?;
    let inbox = Arc::clone(inbox);
    thread::Builder::new().name("view-signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            inbox.push(if signal == SIGTSTP { Mail::Suspend } else { Mail::Input(Input::Leave) });
        }
    })?;
    Ok(())
}
