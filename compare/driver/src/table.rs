//! Outcomes become Markdown. Pure.

use std::fmt::Write as _;
use std::time::Duration;

use crate::outcome::{Ending, Outcome};
use crate::scenario::{Scenario, Then};

/// A scenario's table: a row for each library.
pub fn table(scenario: &Scenario, rows: &[(&str, Vec<Outcome>)]) -> String {
    let mut text = format!("**`{}`**: {}.\n\n", scenario.name, scenario.title);
    let columns = columns(scenario.then);
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let _ = writeln!(text, "| library | {} |", names.join(" | "));
    let _ = writeln!(text, "| --- |{}", " --- |".repeat(columns.len()));
    for (library, outcomes) in rows {
        let cells: Vec<_> = columns.iter().map(|(_, cell)| cell(outcomes)).collect();
        let _ = writeln!(text, "| {library} | {} |", cells.join(" | "));
    }
    text
}

type Cell = fn(&[Outcome]) -> String;

fn columns(then: Then) -> Vec<(&'static str, Cell)> {
    let ending: (&str, Cell) = ("program", |runs| tally(runs.iter().map(|run| run.ending.to_string())));
    let left: (&str, Cell) = ("left behind", |runs| tally(runs.iter().map(left)));
    match then {
        Then::AwaitRestart => vec![
            ("worker", |runs| tally(runs.iter().map(starts))),
            ("again after", |runs| spread(runs.iter().filter_map(|run| run.gap))),
            ("process", |runs| tally(runs.iter().map(stores))),
            ending,
            left,
        ],
        Then::AwaitEnd => vec![
            ("worker", |runs| tally(runs.iter().map(starts))),
            ("process", |runs| tally(runs.iter().map(|run| run.store.into()))),
            ending,
            ("after", took),
            left,
        ],
        Then::Terminate => vec![
            ("worker", |runs| tally(runs.iter().map(|run| run.worker.into()))),
            ("process", |runs| tally(runs.iter().map(|run| run.store.into()))),
            ending,
            ("after", took),
            left,
        ],
        Then::Kill => vec![left, ("everything gone after", gone)],
    }
}

fn starts(run: &Outcome) -> String {
    match run.starts {
        1 => "not started again".into(),
        2 => "started again".into(),
        many => format!("started {many} times"),
    }
}

fn stores(run: &Outcome) -> String {
    if run.stores == 1 { "untouched".into() } else { format!("started {} times", run.stores) }
}

fn left(run: &Outcome) -> String {
    if run.left.is_empty() { "nothing".into() } else { format!("**{}**", run.left.join(", ")) }
}

fn took(runs: &[Outcome]) -> String {
    spread(runs.iter().filter(|run| !matches!(run.ending, Ending::Runs(_))).map(|run| run.took))
}

fn gone(runs: &[Outcome]) -> String {
    spread(runs.iter().filter(|run| run.left.is_empty()).map(|run| run.gone))
}

/// What all runs agree on, or how often each was seen, in the order in which they were.
fn tally(values: impl Iterator<Item = String>) -> String {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for value in values {
        match counts.iter_mut().find(|(known, _)| *known == value) {
            Some((_, count)) => *count += 1,
            None => counts.push((value, 1)),
        }
    }
    match counts.as_slice() {
        [] => "–".into(),
        [(value, _)] => value.clone(),
        many => {
            many.iter().map(|(value, count)| format!("{value} ({count}×)")).collect::<Vec<_>>().join(", ")
        }
    }
}

/// The median, with the least and the greatest.
fn spread(times: impl Iterator<Item = Duration>) -> String {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    let (Some(least), Some(greatest)) = (times.first(), times.last()) else { return "–".into() };
    let median = times[times.len() / 2];
    let unit = if median < Duration::from_secs(1) { "ms" } else { "s" };
    format!("{} {unit} ({}–{})", number(median, unit), number(*least, unit), number(*greatest, unit))
}

fn number(time: Duration, unit: &str) -> String {
    match unit {
        "ms" if time < Duration::from_millis(10) => format!("{:.1}", time.as_secs_f64() * 1000.0),
        "ms" => time.as_millis().to_string(),
        _ => format!("{:.2}", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SCENARIOS;

    fn outcome(ending: Ending, millis: u64) -> Outcome {
        Outcome {
            ending,
            took: Duration::from_millis(millis),
            gone: Duration::from_millis(millis),
            starts: 1,
            stores: 1,
            gap: None,
            worker: "flushed",
            store: "asked after the flush",
            left: Vec::new(),
        }
    }

    #[test]
    fn what_all_agree_on_is_said_once() {
        assert_eq!(tally(["a", "a", "a"].into_iter().map(String::from)), "a");
    }

    #[test]
    fn what_they_do_not_agree_on_is_counted() {
        assert_eq!(tally(["a", "b", "a"].into_iter().map(String::from)), "a (2×), b (1×)");
    }

    #[test]
    fn times_are_a_median_with_its_bounds() {
        assert_eq!(spread([9, 3, 5].into_iter().map(Duration::from_millis)), "5.0 ms (3.0–9.0)");
        assert_eq!(spread([2500, 1000, 3000].into_iter().map(Duration::from_millis)), "2.50 s (1.00–3.00)");
        assert_eq!(spread(std::iter::empty()), "–");
    }

    #[test]
    fn a_program_that_still_runs_has_no_time() {
        let runs = [outcome(Ending::Runs(Duration::from_secs(12)), 12_000), outcome(Ending::Exited(0), 7)];

        assert_eq!(took(&runs), "7.0 ms (7.0–7.0)");
        assert_eq!(took(&runs[..1]), "–");
    }

    #[test]
    fn a_table_has_a_row_for_each_library() {
        let rows =
            [("one", vec![outcome(Ending::Exited(0), 120)]), ("two", vec![outcome(Ending::Killed(9), 1)])];

        let text = table(&SCENARIOS[0], &rows);

        assert!(
            text.contains(
                "| one | flushed | asked after the flush | status 0 | 120 ms (120–120) | nothing |"
            )
        );
        assert!(
            text.contains(
                "| two | flushed | asked after the flush | killed by signal 9 | 1.0 ms (1.0–1.0) |"
            )
        );
    }
}
