//! A moment, and which processes came into being after it.
//!
//! The kernel tells when a process began in hundredths of a second, which is too coarse for a process that is started
//! because of a signal. Within one hundredth the process ids decide: the kernel gives them out in order, round and
//! round, and tells the last one.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// A moment, as processes tell theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProcessTime {
    /// Hundredths of a second since the system was started.
    ticks: u64,
    /// The last process id that had been given out.
    last_pid: i32,
}

/// What the kernel's `USER_HZ` is on every architecture that Rust programs run on.
const TICKS_PER_SECOND: u128 = 100;

/// More process ids than can be given out within one tick, and less than half of all there are.
const FEW: i32 = 8 * 1024;

impl ProcessTime {
    /// This moment, or `None` if the system does not tell.
    pub(crate) fn now() -> Option<Self> {
        let since_boot = Duration::from(clock_gettime(ClockId::CLOCK_BOOTTIME).ok()?);
        let ticks = since_boot.as_nanos() * TICKS_PER_SECOND / Duration::from_secs(1).as_nanos();
        Some(Self { ticks: u64::try_from(ticks).ok()?, last_pid: last_pid()? })
    }

    /// Whether a process came into being after this moment, given what it tells of its beginning.
    pub(crate) fn is_before(self, pid: i32, began: u64) -> bool {
        let later_pids = self.last_pid + 1..=self.last_pid.saturating_add(FEW);
        match began.cmp(&self.ticks) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            // After the last id there is comes a low one again.
            std::cmp::Ordering::Equal => later_pids.contains(&pid) || pid < self.last_pid.saturating_sub(FEW),
        }
    }
}

/// The last process id that has been given out, which stands at the end of the file of load averages.
///
/// The file stays open: many processes are signalled at once when a tree stops, and there may be no descriptors left
/// then.
fn last_pid() -> Option<i32> {
    static LOAD: OnceLock<File> = OnceLock::new();
    if LOAD.get().is_none() {
        // If two threads open it at the same time, one of the two is closed again.
        let _ = LOAD.set(File::open("/proc/loadavg").ok()?);
    }
    let mut text = [0; 128];
    let bytes = LOAD.get()?.read_at(&mut text, 0).ok()?;
    std::str::from_utf8(text.get(..bytes)?).ok()?.split_whitespace().next_back()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_tick_decides_for_any_process_id() {
        let time = ProcessTime { ticks: 500, last_pid: 1000 };

        assert!(time.is_before(7, 501));
        assert!(!time.is_before(1001, 499));
    }

    #[test]
    fn within_one_tick_the_order_of_the_process_ids_decides_round_and_round() {
        let early = ProcessTime { ticks: 500, last_pid: 1000 };
        let late = ProcessTime { ticks: 500, last_pid: 32_700 };

        assert!(early.is_before(1001, 500) && early.is_before(1300, 500));
        assert!(!early.is_before(1000, 500) && !early.is_before(900, 500));
        assert!(!early.is_before(32_700, 500), "an id from before the round began");
        assert!(late.is_before(300, 500), "an id from after the round began");
    }

    #[test]
    fn a_process_that_is_started_now_came_after_the_time_before() {
        let before = ProcessTime::now().unwrap();
        let mut child =
            std::process::Command::new("/bin/cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let after = ProcessTime::now().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let began = super::super::members::began_of(pid).unwrap();
        drop(child.stdin.take());
        child.wait().unwrap();

        assert!(before.is_before(pid, began));
        assert!(!after.is_before(pid, began));
    }
}
