//! The one clock that this program shares with the programs that it starts.

use nix::time::{ClockId, clock_gettime};

/// Nanoseconds of the system's monotonic clock.
pub fn now() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("there is such a clock");
    time.tv_sec().unsigned_abs() * 1_000_000_000 + time.tv_nsec().unsigned_abs()
}
