//! Whether counts have become many more. No counting and no files here.

use crate::recorded::Counts;

/// By how many percent a count may have grown.
const MARGIN: u64 = 25;

/// The same if another compiler has made the program, which by itself has been seen to change counts by some percent.
const MARGIN_OF_ANOTHER_COMPILER: u64 = 50;

/// By how many percent a count has to have fallen before it is worth to be recorded.
const GAIN: u64 = 10;

/// What is said when a count is beyond its margin.
pub(crate) const ADVICE: &str = "a way has become longer than its margin allows. Look for the reason, with \
    `valgrind --tool=callgrind --collect-atstart=no '--toggle-collect=*counted_section*' \
    target/release/rootward-counts take WAY` and callgrind_annotate. If it has to be so, record the counts anew";

/// What came of a comparison.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) is_good: bool,
    pub(crate) lines: Vec<String>,
}

pub(crate) fn compare(recorded: &Counts, counted: &Counts) -> Verdict {
    let mut verdict = Verdict { is_good: true, lines: Vec::new() };
    if recorded.compiler.machine != counted.compiler.machine {
        verdict.lines.push(format!(
            "NOTHING IS COMPARED: the counts were recorded on {}, and this is {}",
            recorded.compiler.machine, counted.compiler.machine
        ));
        return verdict;
    }
    let mut margin = MARGIN;
    if recorded.compiler != counted.compiler {
        margin = MARGIN_OF_ANOTHER_COMPILER;
        verdict.lines.push(format!(
            "recorded with rustc {}, counted with {}: the margin is {margin} instead of {MARGIN} percent",
            recorded.compiler.release, counted.compiler.release
        ));
    }
    verdict.lines.push(format!("{:<14} {:>9} {:>9}", "way", "recorded", "counted"));
    for (way, now) in &counted.counts {
        let Some(then) = recorded.of(way) else {
            verdict.is_good = false;
            verdict.lines.push(format!("{way:<14} {:>9} {now:>9}   not recorded", "-"));
            continue;
        };
        let percent = percent(then, *now);
        let grown_too_much = *now * 100 > then * (100 + margin);
        verdict.is_good &= !grown_too_much;
        let remark = if grown_too_much {
            "   TOO MANY"
        } else if *now * 100 < then * (100 - GAIN) {
            "   a gain: record it, or it can be lost again unseen"
        } else {
            ""
        };
        verdict.lines.push(format!("{way:<14} {then:>9} {now:>9} {percent:>+5.1} %{remark}"));
    }
    verdict
}

#[expect(clippy::cast_precision_loss, reason = "it is shown with one digit behind the point")]
fn percent(then: u64, now: u64) -> f64 {
    (now as f64 / then as f64 - 1.0) * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::Compiler;

    fn counts(release: &str, machine: &str, start: u64) -> Counts {
        let compiler = Compiler { release: release.into(), machine: machine.into() };
        Counts { compiler, counts: vec![("start".into(), start)] }
    }

    fn compared(recorded: &Counts, counted: &Counts) -> (bool, String) {
        let verdict = compare(recorded, counted);
        (verdict.is_good, verdict.lines.join("\n"))
    }

    #[test]
    fn a_count_that_grows_within_the_margin_is_good() {
        let (is_good, told) = compared(&counts("1.95.0", "x", 1000), &counts("1.95.0", "x", 1250));

        assert!(is_good, "{told}");
        assert!(told.contains("+25.0 %"), "{told}");
    }

    #[test]
    fn a_count_that_grows_beyond_the_margin_is_not() {
        let (is_good, told) = compared(&counts("1.95.0", "x", 1000), &counts("1.95.0", "x", 1251));

        assert!(!is_good && told.contains("TOO MANY"), "{told}");
    }

    #[test]
    fn a_count_that_falls_is_good_and_worth_recording() {
        let (is_good, told) = compared(&counts("1.95.0", "x", 1000), &counts("1.95.0", "x", 899));

        assert!(is_good && told.contains("record it"), "{told}");
    }

    #[test]
    fn another_compiler_is_told_and_has_a_wider_margin() {
        let (is_good, told) = compared(&counts("1.95.0", "x", 1000), &counts("1.96.0", "x", 1500));

        assert!(is_good && told.contains("rustc 1.95.0"), "{told}");
        assert!(!compared(&counts("1.95.0", "x", 1000), &counts("1.96.0", "x", 1501)).0);
    }

    #[test]
    fn on_another_kind_of_machine_nothing_is_compared_and_that_is_said() {
        let (is_good, told) = compared(&counts("1.95.0", "x", 1), &counts("1.95.0", "y", 1000));

        assert!(is_good && told.starts_with("NOTHING IS COMPARED"), "{told}");
    }

    #[test]
    fn a_way_that_was_never_recorded_is_not_good() {
        let mut recorded = counts("1.95.0", "x", 1000);
        recorded.counts.clear();

        assert!(!compare(&recorded, &counts("1.95.0", "x", 1000)).is_good);
    }
}
