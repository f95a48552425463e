//! Tables of medians.

use std::fmt::Write;

use super::results::Results;
use crate::subjects;

/// A metric's medians and how many times the floor's they are: a line for each subject, a column for each number.
pub fn medians(results: &Results, metric: &str) -> Option<String> {
    let sizes = results.sizes(metric);
    if sizes.is_empty() {
        return None;
    }
    let mut text = format!("| `{metric}`, {} |", results.unit(metric));
    sizes.iter().for_each(|n| push(&mut text, &format!(" {} |", grouped(*n))));
    text.push_str("\n| --- |");
    sizes.iter().for_each(|_| text.push_str(" ---: |"));
    text.push('\n');
    for subject in subjects::ALL {
        if sizes.iter().all(|n| results.median(metric, *n, subject).is_none()) {
            continue;
        }
        push(&mut text, &format!("| {subject} |"));
        for n in &sizes {
            push(&mut text, &format!(" {} |", cell(results, metric, *n, subject)));
        }
        text.push('\n');
    }
    Some(text)
}

/// A number of several metrics beside each other: a line for each subject, a column for each metric.
pub fn beside(results: &Results, metrics: &[&str], n: usize) -> String {
    let mut text = String::from("| |");
    metrics.iter().for_each(|metric| push(&mut text, &format!(" `{metric}`, {} |", results.unit(metric))));
    text.push_str("\n| --- |");
    metrics.iter().for_each(|_| text.push_str(" ---: |"));
    text.push('\n');
    for subject in subjects::ALL {
        if metrics.iter().all(|metric| results.median(metric, n, subject).is_none()) {
            continue;
        }
        push(&mut text, &format!("| {subject} |"));
        metrics
            .iter()
            .for_each(|metric| push(&mut text, &format!(" {} |", cell(results, metric, n, subject))));
        text.push('\n');
    }
    text
}

fn cell(results: &Results, metric: &str, n: usize, subject: &str) -> String {
    let Some(value) = results.median(metric, n, subject) else { return String::new() };
    // Where the floor has next to nothing, how many times that it is says nothing.
    let compared = subject != "floor" && !["proc.memory", "idle."].iter().any(|it| metric.starts_with(it));
    match results.ratio(metric, n, subject, "floor") {
        Some(ratio) if compared && ratio.is_finite() => format!("{} ({ratio:.2})", number(value)),
        _ => number(value),
    }
}

/// With as many digits as mean anything.
pub fn number(value: f64) -> String {
    match value {
        infinite if infinite.is_infinite() => "never".to_owned(),
        large if large.abs() >= 10_000.0 => grouped(large.round() as usize),
        large if large.abs() >= 100.0 || large == 0.0 => format!("{large:.0}"),
        middle if middle.abs() >= 10.0 => format!("{middle:.1}"),
        small => format!("{small:.2}"),
    }
}

fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.len() > 4 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

pub fn push(text: &mut String, more: &str) {
    write!(text, "{more}").expect("a string takes anything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_digits_as_mean_anything() {
        let numbers = [0.0, 0.123, 12.34, 123.4, 9876.0, 1_234_567.8, f64::INFINITY].map(number);

        assert_eq!(numbers, ["0", "0.12", "12.3", "123", "9876", "1 234 568", "never"]);
    }
}
