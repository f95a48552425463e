//! What a program says.

use std::fmt::Display;
use std::io::{Write as _, stdout};

use crate::limit_life;

/// Writes one line, at once.
///
/// If the listener is gone the line is lost: a fixture that has to outlive its listener must not die
/// of it.
pub fn say(line: impl Display) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Does nothing until a signal ends the program, which happens some day in any case.
pub fn sleep_for_ever() -> ! {
    limit_life();
    loop {
        std::thread::park();
    }
}
