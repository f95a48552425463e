//! Pure: texts from outside, without anything that would take control of a terminal.
//!
//! Errors, panics, arguments of processes and what they write may hold any character. What the library writes for
//! people goes through here. Events and reports keep their texts as they are, because a program may want them.

/// A text on one line: each end of a line and each tab is a space, and what would move the cursor, change the colour or
/// turn the direction of writing is shown as `�`.
pub fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() && !is_printable(c) { ' ' } else { printable(c) }).collect()
}

/// The same for a text of several lines: its ends of lines and its tabs stay.
pub fn on_lines(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '\n' | '\t') { c } else { printable(c) }).collect()
}

/// The same for a text that stands among others: a further line has a margin, which tells it from a line that the
/// program has written.
pub fn with_margin(text: &str) -> String {
    on_lines(text).trim_end().replace('\n', "\n     | ")
}

fn printable(c: char) -> char {
    if is_printable(c) { c } else { char::REPLACEMENT_CHARACTER }
}

/// Whether a terminal shows a character, and does nothing else with it: a tab and an end of a line move its cursor.
pub fn is_printable(c: char) -> bool {
    match c {
        // Marks, embeddings, overrides and isolates of direction; ends of lines and paragraphs.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
        // C0, DEL and C1.
        c => !c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_drive_a_terminal_is_replaced() {
        let table = [
            ("a\u{1b}[31mb\u{7}", "a�[31mb�"),
            ("c\u{9b}2Jd\u{7f}", "c�2Jd�"),
            ("e\u{202e}f\u{2066}g", "e�f�g"),
            ("übliche Wörter, 日本語, עברית", "übliche Wörter, 日本語, עברית"),
        ];
        for (text, shown) in table {
            assert_eq!([on_one_line(text), on_lines(text), with_margin(text)], [shown; 3], "{text:?}");
        }
    }

    #[test]
    fn ends_of_lines_are_spaces_or_stay_or_get_a_margin() {
        let text = "one\r\n\ttwo\u{2028}three\u{85}\n";

        assert_eq!(on_one_line(text), "one   two three  ");
        assert_eq!(on_lines(text), "one�\n\ttwo�three�\n");
        assert_eq!(with_margin(text), "one�\n     | \ttwo�three�");
    }
}
