//! What the system says of one process: its state in `/proc`, read as far as it is needed.

use std::fs;
use std::io::Read;

/// How much is read of a command line.
const LONGEST_COMMAND: u64 = 1024;

/// A field of a process's state, counted as in proc(5), from the third on.
pub(super) fn field(stat: &str, number: usize) -> Option<&str> {
    // The second field is a name in parentheses that may hold anything, blanks and parentheses too.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(number - 3)
}

/// The beginning of a file, or nothing if it cannot be read.
pub(super) fn read_start(path: &str) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = fs::File::open(path) {
        // What could be read before an error is better than nothing.
        let _ = file.take(LONGEST_COMMAND).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
