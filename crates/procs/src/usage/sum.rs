//! Pure: what the system says of processes, added up.

use std::time::Duration;

use rootward_core::Usage;

/// What the kernel's `USER_HZ` is on every architecture that Rust programs run on.
const TICKS_PER_SECOND: u64 = 100;

/// What one process uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProcessUsage {
    /// Hundredths of a second, with those of its children that it has waited for.
    ticks: u64,
    pages: u64,
    /// Whether it is stopped, by a signal or a debugger.
    is_stopped: bool,
    threads: u32,
    descriptors: Option<u64>,
    read_and_written: Option<(u64, u64)>,
}

impl ProcessUsage {
    /// A process by its state and its memory (proc(5)), what it has read and written, and how many descriptors it has.
    /// `None` if it has ended.
    pub(super) fn of(
        stat: &str,
        statm: Option<&str>,
        io: Option<&str>,
        descriptors: Option<u64>,
    ) -> Option<Self> {
        // The second field is a name in parentheses that may hold anything, blanks and parentheses too.
        let (_, fields) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3).copied();
        let number = |at: usize| field(at)?.parse::<u64>().ok();
        let threads = u32::try_from(number(20)?).ok()?;
        // One whose first thread has ended while others run looks like a zombie and is none.
        if matches!(field(3)?, "Z" | "X") && threads <= 1 {
            return None;
        }
        Some(Self {
            ticks: number(14)? + number(15)? + number(16)? + number(17)?,
            // Since Linux 6.16 `statm` is exact. `stat` is rounded down, to nothing for a small process.
            pages: statm.and_then(resident).or_else(|| number(24))?,
            is_stopped: matches!(field(3)?, "T" | "t"),
            threads,
            descriptors,
            read_and_written: io.and_then(read_and_written),
        })
    }
}

fn resident(statm: &str) -> Option<u64> {
    statm.split_whitespace().nth(1)?.parse().ok()
}

fn read_and_written(io: &str) -> Option<(u64, u64)> {
    let value = |key: &str| io.lines().find_map(|line| line.strip_prefix(key))?.trim().parse().ok();
    Some((value("rchar:")?, value("wchar:")?))
}

/// The sum. `None` if there is no process.
pub(super) fn sum(processes: &[ProcessUsage], page_size: u64) -> Option<Usage> {
    if processes.is_empty() {
        return None;
    }
    let total = |of: fn(&ProcessUsage) -> u64| processes.iter().map(of).sum::<u64>();
    // The sum of what is not known of one is not known.
    let all = |of: fn(&ProcessUsage) -> Option<u64>| processes.iter().map(of).sum::<Option<u64>>();
    let ticks = total(|process| process.ticks);
    let mut usage = Usage::default();
    usage.cpu = Duration::from_millis(ticks.saturating_mul(1000 / TICKS_PER_SECOND));
    usage.memory = total(|process| process.pages).saturating_mul(page_size);
    usage.processes = u32::try_from(processes.len()).unwrap_or(u32::MAX);
    let stopped = processes.iter().filter(|process| process.is_stopped).count();
    usage.stopped = u32::try_from(stopped).unwrap_or(u32::MAX);
    usage.threads = processes.iter().map(|process| process.threads).fold(0, u32::saturating_add);
    usage.descriptors = all(|process| process.descriptors);
    usage.read = all(|process| Some(process.read_and_written?.0));
    usage.written = all(|process| Some(process.read_and_written?.1));
    Some(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process whose name looks like the fields behind it. Its fields are numbered as in proc(5).
    const STAT: &str =
        "7 (a) R 9 (b) S 1 7 7 0 -1 4 50 60 70 80 14 15 16 17 20 0 3 0 4711 900000 24 18446744073709551615";
    const IO: &str = "rchar: 100\nwchar: 20\nsyscr: 1\nsyscw: 1\nread_bytes: 0\nwrite_bytes: 0\n";

    #[test]
    fn the_fields_of_a_process_are_those_of_the_manual() {
        let process = ProcessUsage::of(STAT, None, Some(IO), Some(5)).unwrap();

        let read_and_written = Some((100, 20));
        let expected = ProcessUsage {
            ticks: 62,
            pages: 24,
            is_stopped: false,
            threads: 3,
            descriptors: Some(5),
            read_and_written,
        };
        assert_eq!(process, expected);
    }

    #[test]
    fn the_memory_is_what_is_told_exactly_if_it_is_told() {
        let pages = |statm| ProcessUsage::of(STAT, statm, None, None).unwrap().pages;

        assert_eq!((pages(Some("900 33 20 1 0 9 0\n")), pages(Some("900")), pages(None)), (33, 24, 24));
    }

    #[test]
    fn a_zombie_uses_nothing_and_one_whose_other_threads_run_is_none() {
        let zombie = STAT.replace(") S", ") Z");

        assert!(ProcessUsage::of(&zombie, None, None, None).is_some());
        assert_eq!(ProcessUsage::of(&zombie.replace(" 20 0 3 ", " 20 0 1 "), None, None, None), None);
        assert_eq!(ProcessUsage::of("", None, None, None), None);
    }

    #[test]
    fn one_that_was_stopped_by_a_signal_or_a_debugger_is_counted_among_the_stopped() {
        let states = ["S", "T", "t", "R"].map(|state| STAT.replace(") S", &format!(") {state}")));
        let processes = states.map(|stat| ProcessUsage::of(&stat, None, None, None).unwrap());

        let usage = sum(&processes, 4096).unwrap();

        assert_eq!((usage.processes, usage.stopped), (4, 2));
    }

    #[test]
    fn everything_is_added_up() {
        let process = ProcessUsage::of(STAT, None, Some(IO), Some(5)).unwrap();

        let usage = sum(&[process, process], 4096).unwrap();

        assert_eq!(usage.cpu, Duration::from_millis(1240));
        assert_eq!((usage.memory, usage.processes, usage.threads), (48 * 4096, 2, 6));
        assert_eq!((usage.descriptors, usage.read, usage.written), (Some(10), Some(200), Some(40)));
        assert_eq!(sum(&[], 4096), None);
    }

    #[test]
    fn the_sum_of_what_is_not_known_of_one_is_not_known() {
        let known = ProcessUsage::of(STAT, None, Some(IO), Some(5)).unwrap();
        let unknown = ProcessUsage::of(STAT, None, None, None).unwrap();

        let usage = sum(&[known, unknown], 4096).unwrap();

        assert_eq!((usage.descriptors, usage.read, usage.written), (None, None, None));
        assert_eq!(usage.processes, 2);
    }
}
