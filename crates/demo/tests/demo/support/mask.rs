//! A screen as a picture of text that is the same in every run: without the numbers that differ.

use regex::Regex;

/// Replaces times, process ids and the lengths of bars. What stands in columns behind them stays in its place.
pub(crate) fn mask(screen: &str) -> String {
    let numbers = Regex::new(r"\d+\.\d+s?|\d+(?:\.\d+)? ?(?:ms|s|m|h)\b|\b\d\d+\b").expect("a pattern");
    let lines = screen.lines().map(|line| {
        let line: String = line.chars().map(|c| if c == '░' { '█' } else { c }).collect();
        let (mut masked, mut end) = (String::new(), 0);
        for number in numbers.find_iter(&line) {
            masked.push_str(&line[end..number.start()]);
            end = number.end();
            let (before, behind) = (&line[..number.start()], &line[end..]);
            let rest = " ".repeat(number.len() - 1);
            masked.push_str(&if before.ends_with("  ") {
                // It ends where its column does.
                format!("{rest}#")
            } else if behind.starts_with("  ") {
                format!("#{rest}")
            } else {
                "#".to_owned()
            });
        }
        masked.push_str(&line[end..]);
        masked.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_number_is_masked_and_its_column_stays_where_it_is() {
    let table = [
        ("a  ● running   4711    1    4s", "a  ● running      #    1     #"),
        ("a  ● running  47119    1   44s", "a  ● running      #    1     #"),
        ("    1.20 a ● running · pid 47", "       # a ● running · pid #"),
        ("↓ ███░ 9.5s     4711   1", "↓ ████ #           #   1"),
        ("↓ ███░ 10.0s    4711   1", "↓ ████ #           #   1"),
        ("gone after 40 ms · 4/5", "gone after # · 4/5"),
    ];

    for (screen, expected) in table {
        assert_eq!(mask(screen), expected);
    }
}
