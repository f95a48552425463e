//! What becomes of a program's signals.

use crate::say;

/// Says which signals the calling thread blocks, and which the program ignores and catches, as the system writes it.
///
/// # Panics
///
/// If there is no `/proc`.
pub fn say_what_becomes_of_signals(when: &str) {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux shows a program's status");
    let of = |field: &str| {
        let mask = status.lines().find_map(|line| line.strip_prefix(field)).expect("a process has a mask");
        // The last eight digits: what is beyond are the C library's own, which it takes for its threads.
        mask.trim().to_owned().split_off(8)
    };
    say(format_args!("{when} {} {} {}", of("SigBlk:"), of("SigIgn:"), of("SigCgt:")));
}
