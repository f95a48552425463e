//! What the program says on standard error.
//!
//! A pipe may be full there, and a terminal may be stopped, for ever. So another thread writes, and the program waits
//! for it only as long as it gets on: neither the program's end nor the next signal depends on what reads there.

use std::io::Write as _;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rootward_core::sibling::on_lines;

/// How long a piece of a text may take before the rest of it is not waited for.
const PATIENCE: Duration = Duration::from_millis(100);

/// How much is written at once.
const PIECE: usize = 4096;

/// The one text that is being written. Standard error is the process's, and so is this.
static QUEUE: Mutex<StderrQueue> = Mutex::new(StderrQueue { is_busy: false, pieces: 0, lost: 0 });
static CHANGED: Condvar = Condvar::new();

struct StderrQueue {
    is_busy: bool,
    /// How many pieces have been written, of all texts.
    pieces: u64,
    /// How many texts have not been written since one was.
    lost: u64,
}

/// Writes to standard error, and nothing that would take control of a terminal. What reads there may have gone, or be
/// busy for ever: then the text is lost, and the next one says so.
pub(super) fn write_to_stderr(text: &str) {
    if text.is_empty() || is_busy() {
        return;
    }
    let text = {
        let mut queue = queue();
        if std::mem::replace(&mut queue.is_busy, true) {
            queue.lost += 1;
            return;
        }
        let text = on_lines(text);
        match std::mem::take(&mut queue.lost) {
            0 => text,
            lost => format!("({lost} earlier messages were lost)\n{text}"),
        }
    };
    match thread::Builder::new().name("rootward-tell".to_owned()).spawn(move || write(&text)) {
        Ok(_) => drop(wait_while_it_gets_on()),
        // A program that may have no more threads has other worries than this text.
        Err(_) => {
            let mut queue = queue();
            (queue.is_busy, queue.lost) = (false, queue.lost + 1);
        }
    }
}

/// Waits for the text before this one. Whether it is still being written then, so that this one is lost.
fn is_busy() -> bool {
    let mut queue = wait_while_it_gets_on();
    queue.lost += u64::from(queue.is_busy);
    queue.is_busy
}

fn wait_while_it_gets_on() -> MutexGuard<'static, StderrQueue> {
    let mut queue = queue();
    loop {
        let before = queue.pieces;
        let waited =
            CHANGED.wait_timeout_while(queue, PATIENCE, |queue| queue.is_busy && queue.pieces == before);
        queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        if !queue.is_busy || queue.pieces == before {
            return queue;
        }
    }
}

fn write(text: &str) {
    for piece in text.as_bytes().chunks(PIECE) {
        if std::io::stderr().write_all(piece).is_err() {
            break;
        }
        queue().pieces += 1;
        CHANGED.notify_all();
    }
    queue().is_busy = false;
    CHANGED.notify_all();
}

fn queue() -> MutexGuard<'static, StderrQueue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}
