//! Whether `/proc` knows processes by the numbers that they have here.
//!
//! A process in a pid namespace of its own may see the `/proc` of another namespace. Each number in there is then that
//! of a process that is no concern of ours, and a number of ours names another process, or none.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use super::raw;

/// Whether `/proc` is there, and that of our own pid namespace. As long as there is none, it is looked for each time.
pub(crate) fn proc_is_ours() -> bool {
    seen() == Some(true)
}

/// Whether `/proc` is there, and that of another pid namespace.
pub(crate) fn proc_is_foreign() -> bool {
    seen() == Some(false)
}

/// Whose `/proc` is. `None` if there is none.
fn seen() -> Option<bool> {
    static SEEN: OnceLock<bool> = OnceLock::new();
    if let Some(is_ours) = SEEN.get() {
        return Some(*is_ours);
    }
    let is_ours = match fs::read_to_string("/proc/self/status") {
        Ok(status) => is_of(&status, raw::own_pid()),
        // The /proc of a namespace in which this process has no number.
        Err(error) if error.kind() == io::ErrorKind::NotFound && Path::new("/proc/uptime").exists() => false,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        // It is not known: there may be no descriptor left for a look. What is usual is assumed, and not for good.
        Err(_) => return Some(true),
    };
    Some(*SEEN.get_or_init(|| is_ours))
}

/// Whether a process with this number, as it knows itself, is what this status tells of.
///
/// `NSpid` has the numbers in all namespaces from that of `/proc` down to the process's own. If there are two, they may
/// be equal by chance.
fn is_of(status: &str, own: i32) -> bool {
    let numbers = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.split_ascii_whitespace().filter_map(|number| number.parse().ok()).collect::<Vec<i32>>())
    };
    numbers("NSpid:").or_else(|| numbers("Pid:")).is_none_or(|numbers| numbers == [own])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_process_tells_whether_it_is_read_in_its_own_namespace() {
        assert!(is_of("Name:\tx\nPid:\t7\nNSpid:\t7\n", 7));
        assert!(!is_of("Name:\tx\nPid:\t23646\nNSpid:\t23646\t7\n", 7));
        assert!(!is_of("Name:\tx\nPid:\t7\nNSpid:\t7\t7\n", 7), "equal by chance");
        assert!(is_of("Name:\tx\nPid:\t7\n", 7) && !is_of("Name:\tx\nPid:\t8\n", 7), "an old kernel");
        assert!(is_of("", 7), "nothing is told");
    }

    #[test]
    fn the_proc_of_these_tests_is_their_own() {
        assert!(proc_is_ours() && !proc_is_foreign());
    }
}
