//! Pure: how wide a text is on a terminal. A character of Chinese takes two columns, and a mark above a letter none.

use unicode_width::UnicodeWidthStr as _;

/// How many columns a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// A text with blanks behind it, so that it takes as many columns. One that takes more stays as it is.
pub(crate) fn fill(mut text: String, width: usize) -> String {
    text.extend(std::iter::repeat_n(' ', width.saturating_sub(columns(&text))));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_filled_to_its_columns() {
        for (text, expected) in
            [("ab", "ab  "), ("数", "数  "), ("e\u{301}", "e\u{301}   "), ("longer", "longer")]
        {
            assert_eq!(fill(text.to_owned(), 4), expected);
        }
    }
}
