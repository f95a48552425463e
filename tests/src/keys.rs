//! Keys that a person presses one after the other.

use std::thread;
use std::time::Duration;

/// Lets so much time pass that a key which is pressed now is pressed once more: two SIGINTs within a tenth of a second
/// are one key press. To be called when the program has heard the signal before.
#[expect(
    clippy::disallowed_methods,
    reason = "the time between two keys is what is meant, and more does no harm"
)]
pub fn press_again() {
    thread::sleep(Duration::from_millis(110));
}
