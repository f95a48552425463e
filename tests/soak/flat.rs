//! Whether what was held stayed the same. No looking here.

/// Something of which a program holds so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    /// How much more there may be near the end than near the beginning.
    pub(crate) slack: Slack,
}

/// How much growth counts as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slack {
    /// This many.
    Count(u64),
    /// Kibibytes, or this part of what there was, whatever is more: an allocator keeps what it was given back as it
    /// likes.
    Memory { kib: u64, percent: u64 },
}

/// How one measure went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) measure: Measure,
    /// When everything that is made once had been made.
    pub(crate) early: u64,
    /// Half-way from there to the end.
    pub(crate) middle: u64,
    /// At the end.
    pub(crate) late: u64,
}

impl Course {
    pub(crate) fn is_flat(&self) -> bool {
        self.measure.is_flat(self.early, self.middle) && self.measure.is_flat(self.early, self.late)
    }
}

impl Measure {
    /// Whether there is no more now than there was, but for the slack.
    pub(crate) fn is_flat(&self, before: u64, now: u64) -> bool {
        let slack = match self.slack {
            Slack::Count(count) => count,
            Slack::Memory { kib, percent } => kib.max(before * percent / 100),
        };
        now <= before + slack
    }

    pub(crate) fn is_memory(&self) -> bool {
        matches!(self.slack, Slack::Memory { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: Measure = Measure { name: "descriptors", slack: Slack::Count(0) };

    fn is_flat(measure: Measure, early: u64, middle: u64, late: u64) -> bool {
        Course { measure, early, middle, late }.is_flat()
    }

    #[test]
    fn what_stays_the_same_or_becomes_less_is_flat() {
        assert!(is_flat(COUNT, 5, 5, 5));
        assert!(is_flat(COUNT, 5, 4, 5));
    }

    #[test]
    fn one_more_is_not_flat_in_the_middle_and_not_at_the_end() {
        assert!(!is_flat(COUNT, 5, 6, 5));
        assert!(!is_flat(COUNT, 5, 5, 6));
    }

    #[test]
    fn memory_may_grow_by_so_much_or_by_a_part() {
        let memory = Measure { name: "memory", slack: Slack::Memory { kib: 10, percent: 5 } };

        assert!(is_flat(memory, 100, 110, 110));
        assert!(!is_flat(memory, 100, 100, 111));
        assert!(is_flat(memory, 1000, 1000, 1050));
    }
}
