//! Times and texts as people read them.

use std::time::Duration;

use rootward_core::sibling::is_printable;

/// A time, as precise as it is interesting: `0.31 ms`, `412 ms`, `2.04 s`, `1 m 12 s`.
pub(super) fn short(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    let seconds = time.as_secs();
    match time.as_micros() {
        0 => "0 ms".to_owned(),
        1..1_000 => format!("{millis:.2} ms"),
        1_000..9_950 => format!("{millis:.1} ms"),
        9_950..999_500 => format!("{millis:.0} ms"),
        999_500..59_995_000 => format!("{:.2} s", time.as_secs_f64()),
        59_995_000..3_600_000_000 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} m", seconds / 3600, seconds / 60 % 60),
    }
}

/// A share of a whole, in percent.
pub(super) fn percent(part: Duration, whole: Duration) -> String {
    if whole.is_zero() {
        return "100 %".to_owned();
    }
    match 100.0 * part.as_secs_f64() / whole.as_secs_f64() {
        none if none <= 0.0 => "0 %".to_owned(),
        little if little < 0.5 => "< 1 %".to_owned(),
        share => format!("{share:.0} %"),
    }
}

/// A number and what it counts.
pub(super) fn count(number: u64, one: &str, several: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {several}") }
}

/// A text from outside on one line, without anything that would take control of a terminal or turn the direction of the
/// text around it.
pub(super) fn tame(text: &str) -> String {
    // What XML does not have, and a mark that is no part of a text.
    let is_wild = |c: char| !is_printable(c) || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{feff}');
    text.chars()
        .map(|c| {
            if c == '\t' {
                ' '
            } else if is_wild(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// A text with at most so many characters. If it is longer, its end is cut off.
pub(super) fn cut_end(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The same for a path, of which the end says most.
pub(super) fn cut_begin(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    ['…'].into_iter().chain(text.chars().skip(length + 1 - most.max(1))).collect()
}
