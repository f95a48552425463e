//! What has been measured, in a file that grows as it is.
//!
//! A line is `ROUND SUBJECT METRIC N VALUE UNIT`, `done ROUND SUBJECT METRIC N` or `absent SUBJECT METRIC WHY`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::figure::median;

/// What is said of a subject that is not here at all.
const NOT_HERE: &str = "not measured here";

pub struct Results {
    file: File,
    values: BTreeMap<Key, BTreeMap<usize, f64>>,
    units: BTreeMap<String, String>,
    done: BTreeSet<String>,
    absent: BTreeMap<(String, String), String>,
}

/// A metric, a number, a subject.
type Key = (String, usize, String);

impl Results {
    /// What is in this file, or nothing if it is not to be kept.
    pub fn open(path: &Path, keep: bool) -> Self {
        let text = if keep { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() };
        let mut options = OpenOptions::new();
        options.create(true).write(true).append(keep).truncate(!keep);
        let file = options.open(path).expect("the results can be written");
        let mut results = Self {
            file,
            values: BTreeMap::new(),
            units: BTreeMap::new(),
            done: BTreeSet::new(),
            absent: BTreeMap::new(),
        };
        text.lines().for_each(|line| results.take(line));
        results
    }

    pub fn note(&mut self, round: usize, turn: &str, lines: &str) {
        for line in lines.lines() {
            self.write(&format!("{round} {line}"));
        }
        self.write(&format!("done {turn}"));
    }

    pub fn note_absent(&mut self, subject: &str, metric: &str, why: &str) {
        if why.contains(NOT_HERE) {
            eprintln!("{why}");
        }
        self.write(&format!("absent {subject} {metric} {why}"));
    }

    pub fn has_had(&self, turn: &str) -> bool {
        self.done.contains(turn)
    }

    pub fn is_absent(&self, subject: &str, metric: &str) -> bool {
        self.absent
            .iter()
            .any(|((known, of), why)| known == subject && (of == metric || why.contains(NOT_HERE)))
    }

    /// The subjects that were not measured because they are not here, and why.
    pub fn absent(&self) -> BTreeSet<&str> {
        let not_here = self.absent.values().map(String::as_str);
        not_here.filter(|why| why.contains(NOT_HERE)).collect()
    }

    pub fn median(&self, metric: &str, n: usize, subject: &str) -> Option<f64> {
        Some(median(self.of(metric, n, subject)?.values().copied().collect()))
    }

    /// The median of the ratios of those runs that took turns.
    pub fn ratio(&self, metric: &str, n: usize, subject: &str, other: &str) -> Option<f64> {
        let (ours, theirs) = (self.of(metric, n, subject)?, self.of(metric, n, other)?);
        let pairs = ours.iter().filter_map(|(round, value)| Some(value / theirs.get(round)?));
        let ratios: Vec<f64> = pairs.collect();
        (!ratios.is_empty()).then(|| median(ratios))
    }

    pub fn unit(&self, metric: &str) -> &str {
        self.units.get(metric).map_or("", String::as_str)
    }

    /// With which numbers a metric was measured.
    pub fn sizes(&self, metric: &str) -> Vec<usize> {
        let sizes = self.values.keys().filter(|(known, ..)| known == metric).map(|(_, n, _)| *n);
        sizes.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// In how many rounds at most.
    pub fn rounds(&self, metric: &str) -> usize {
        let of_it = self.values.iter().filter(|((known, ..), _)| known == metric);
        of_it.map(|(_, rounds)| rounds.len()).max().unwrap_or(0)
    }

    fn of(&self, metric: &str, n: usize, subject: &str) -> Option<&BTreeMap<usize, f64>> {
        self.values.get(&(metric.to_owned(), n, subject.to_owned()))
    }

    fn write(&mut self, line: &str) {
        writeln!(self.file, "{line}").expect("the results can be written");
        self.take(line);
    }

    fn take(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["done", turn @ ..] => {
                self.done.insert(turn.join(" "));
            }
            ["absent", subject, metric, why @ ..] => {
                self.absent.insert(((*subject).to_owned(), (*metric).to_owned()), why.join(" "));
            }
            [round, subject, metric, n, value, unit] => {
                if let (Ok(round), Ok(n), Ok(value)) = (round.parse(), n.parse(), value.parse()) {
                    let key = ((*metric).to_owned(), n, (*subject).to_owned());
                    self.values.entry(key).or_default().insert(round, value);
                    self.units.insert((*metric).to_owned(), (*unit).to_owned());
                }
            }
            // The last line of a run that was ended may be half a line.
            _ => {}
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    #[test]
    fn a_missing_subject_is_absent_from_all_metrics_and_one_without_a_metric_only_from_that_one() {
        let results =
            results("absent a m a is not measured here: it needs b\nabsent c m m does not apply to c\n");

        assert!(results.is_absent("a", "other"));
        assert!(results.is_absent("c", "m"));
        assert!(!results.is_absent("c", "other"));
    }

    #[test]
    fn a_ratio_is_the_median_of_the_ratios_of_runs_that_took_turns() {
        let text = "0 a m 1 2.0 us\n0 b m 1 1.0 us\n1 a m 1 9.0 us\n1 b m 1 3.0 us\n2 a m 1 100.0 us\n2 b m 1 1.0 us\n3 a m 1 5.0 us\n";

        let results = results(text);

        assert_eq!(results.ratio("m", 1, "a", "b"), Some(3.0));
        assert_eq!(results.median("m", 1, "a"), Some(7.0));
    }

    #[test]
    fn half_a_line_is_no_result() {
        let results = results("done 0 a m 1\n0 b m");

        assert!(results.has_had("0 a m 1"));
        assert_eq!(results.median("m", 1, "b"), None);
    }

    pub fn results(text: &str) -> Results {
        let path = std::env::temp_dir().join(format!(
            "rootward-results-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        std::fs::write(&path, text).expect("it can be written");
        let results = Results::open(&path, true);
        std::fs::remove_file(&path).expect("it can be removed");
        results
    }
}
