//! What the program says on standard error.
//!
//! A pipe may be full there, and a terminal may be stopped, for ever. So another thread writes, and the program waits
//! for it only as long as it gets on: neither the program's end nor the next signal depends on what reads there.

use std::io::Write as _;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a piece of a text may take before the rest of it is not waited for.
const PATIENCE: Duration = Duration::from_millis(100);

/// How much is written at once.
const PIECE: usize = 4096;

/// The one text that is being written. Standard error is the process's, and so is this.
static DESK: Mutex<Desk> = Mutex::new(Desk { is_busy: false, pieces: 0, lost: 0 });
static NEWS: Condvar = Condvar::new();

struct Desk {
    is_busy: bool,
    /// How many pieces have been written, of all texts.
    pieces: u64,
    /// How many texts have not been written since one was.
    lost: u64,
}

/// Writes to standard error. What reads there may have gone, or be busy for ever: then the text is lost, and the next
/// one says so.
pub(super) fn tell(text: &str) {
    if text.is_empty() || is_busy() {
        return;
    }
    let text = {
        let mut desk = desk();
        if std::mem::replace(&mut desk.is_busy, true) {
            desk.lost += 1;
            return;
        }
        match std::mem::take(&mut desk.lost) {
            0 => text.to_owned(),
            lost => format!("({lost} earlier messages were lost)\n{text}"),
        }
    };
    match thread::Builder::new().name("rootward-tell".to_owned()).spawn(move || write(&text)) {
        Ok(_) => drop(wait_while_it_gets_on()),
        // A program that may have no more threads has other worries than this text.
        Err(_) => {
            let mut desk = desk();
            (desk.is_busy, desk.lost) = (false, desk.lost + 1);
        }
    }
}

/// Waits for the text before this one. Whether it is still being written then, so that this one is lost.
fn is_busy() -> bool {
    let mut desk = wait_while_it_gets_on();
    desk.lost += u64::from(desk.is_busy);
    desk.is_busy
}

fn wait_while_it_gets_on() -> MutexGuard<'static, Desk> {
    let mut desk = desk();
    loop {
        let before = desk.pieces;
        let waited = NEWS.wait_timeout_while(desk, PATIENCE, |desk| desk.is_busy && desk.pieces == before);
        desk = waited.unwrap_or_else(PoisonError::into_inner).0;
        if !desk.is_busy || desk.pieces == before {
            return desk;
        }
    }
}

fn write(text: &str) {
    for piece in text.as_bytes().chunks(PIECE) {
        if std::io::stderr().write_all(piece).is_err() {
            break;
        }
        desk().pieces += 1;
        NEWS.notify_all();
    }
    desk().is_busy = false;
    NEWS.notify_all();
}

fn desk() -> MutexGuard<'static, Desk> {
    DESK.lock().unwrap_or_else(PoisonError::into_inner)
}
