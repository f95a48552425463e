//! Memory of this program, of others, and of the whole machine, in bytes.

use std::fs;

/// Resident memory of a process.
pub fn resident(pid: u32) -> f64 {
    field(&format!("/proc/{pid}/smaps_rollup"), "Rss:")
}

/// What the machine has.
pub fn total() -> f64 {
    field("/proc/meminfo", "MemTotal:")
}

/// What is not used at all.
pub fn free() -> f64 {
    field("/proc/meminfo", "MemFree:")
}

/// What can be had without taking anything away from others.
pub fn available() -> f64 {
    field("/proc/meminfo", "MemAvailable:")
}

/// Zero for a process that is not there any more.
fn field(path: &str, name: &str) -> f64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let kibibytes = line.split_whitespace().next().and_then(|number| number.parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) * 1024.0
}
