//! Texts from outside, without anything that would take control of a terminal.
//!
//! Whatever the demo shows to people and has not made up itself goes through here: what processes write, their
//! arguments, names of files, errors. The event record and the report are JSON, whose escapes keep what was there.

use std::fmt;

use rootward::sibling::is_printable;

/// A text from outside on one line. What would move the cursor, end the line, change the colour or turn the direction
/// of writing is shown as `�`.
pub(crate) fn safe(text: &str) -> String {
    text.chars().map(|c| if is_safe(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// The same for a text of several lines: its ends of lines stay.
pub(crate) fn safe_lines(text: &str) -> String {
    text.chars().map(|c| if is_safe(c) || c == '\n' { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// A JSON document in which everything of that kind is an escape. A serialiser escapes C0 and no others.
pub(crate) fn safe_json(json: String) -> String {
    // All others are not ASCII, but for DEL.
    if json.bytes().all(|byte| byte.is_ascii() && byte != 0x7f) {
        return json;
    }
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        // Outside of its texts there is nothing but ASCII.
        match is_safe(c) || c == '\n' {
            true => text.push(c),
            false => text.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    text
}

/// Something that is safe when it is shown.
pub(crate) struct Safe<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for Safe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&safe(&self.0.to_string()))
    }
}

fn is_safe(c: char) -> bool {
    c == '\t' || is_printable(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_a_terminal_is_replaced() {
        assert_eq!(safe("a\u{1b}[31mb\rc\td\u{9b}e\u{7f}"), "a�[31mb�c\td�e�");
        assert_eq!(safe("one\nexit status 0\u{202e}"), "one�exit status 0�");
        assert_eq!(safe("übliche Wörter, 日本語, עברית"), "übliche Wörter, 日本語, עברית");
    }

    #[test]
    fn a_json_document_keeps_what_would_control_a_terminal_as_escapes() {
        let hostile = "a\u{1b}[31m\u{7f}\u{9b}2J\u{202e}\u{2028}\nü, 日本語";

        let json = safe_json(serde_json::to_string_pretty(&[hostile]).unwrap());

        assert!(json.contains(r"\u007f\u009b2J\u202e\u2028\nü, 日本語"), "{json}");
        assert!(json.chars().all(|c| is_safe(c) || c == '\n'), "{json}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap(), [hostile]);
    }

    #[test]
    fn ends_of_lines_stay_where_a_text_has_lines() {
        assert_eq!(safe_lines("one\r\n\u{1b}two\n"), "one�\n�two\n");
    }
}
