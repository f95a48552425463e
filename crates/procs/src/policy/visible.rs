//! What a person sees of a line that was written for a terminal.
//!
//! Colours, titles and other sequences have no place on the screen, `\r` begins the line anew, and what is written then
//! covers what was there. Pure: it reads no terminal, and draws one line of unlimited width.

use std::borrow::Cow;

use vte::{Params, Parser, Perform};

/// What a person sees of a line: its text without escape sequences and other control characters.
///
/// Colours and titles are left out. What is written after a carriage return, a backspace or a movement within the line
/// covers what was there. A byte order mark at the beginning is left out, and tabs stay. Events keep lines as they were
/// written; views show them through this. A text in which there is nothing to be done is borrowed.
///
/// # Examples
///
/// ```
/// use rootward_procs::visible_text;
///
/// assert_eq!(visible_text("\u{1b}[32mok\u{1b}[0m"), "ok");
/// assert_eq!(visible_text("loading 10 %\rloading 99 %"), "loading 99 %");
/// ```
pub fn visible_text(line: &str) -> Cow<'_, str> {
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    if !line.chars().any(|c| (c.is_control() && c != '\t') || c == '\u{feff}') {
        return Cow::Borrowed(line);
    }
    let mut drawn = Drawn::default();
    Parser::new().advance(&mut drawn, line.as_bytes());
    Cow::Owned(drawn.cells.into_iter().collect())
}

/// How far to the right a line is drawn. A movement beyond it ends there.
const WIDEST: usize = 128 * 1024;

/// One line of a terminal.
#[derive(Default)]
struct Drawn {
    cells: Vec<char>,
    cursor: usize,
}

impl Drawn {
    fn move_to(&mut self, column: usize) {
        self.cursor = column.min(WIDEST);
    }
}

impl Perform for Drawn {
    fn print(&mut self, c: char) {
        // A byte order mark and the C1 controls take no place.
        if c == '\u{feff}' || c.is_control() {
            return;
        }
        while self.cells.len() < self.cursor {
            self.cells.push(' ');
        }
        match self.cells.get_mut(self.cursor) {
            Some(cell) => *cell = c,
            None => self.cells.push(c),
        }
        self.move_to(self.cursor + 1);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\r' => self.cursor = 0,
            b'\x08' => self.cursor = self.cursor.saturating_sub(1),
            b'\t' => self.print_tab(),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _ignore: bool, action: char) {
        if !intermediates.is_empty() {
            return;
        }
        let first = params.iter().next().and_then(|param| param.first()).copied().map_or(0, usize::from);
        match action {
            'C' => self.move_to(self.cursor + first.max(1)),
            'D' => self.cursor = self.cursor.saturating_sub(first.max(1)),
            'G' => self.move_to(first.max(1) - 1),
            'K' => self.erase(first),
            _ => {}
        }
    }
}

impl Drawn {
    /// A tab is kept as one character, because where it leads is the view's to say.
    fn print_tab(&mut self) {
        match self.cells.get_mut(self.cursor) {
            // On a terminal it moves over what is there.
            Some(_) => {}
            None => {
                while self.cells.len() < self.cursor {
                    self.cells.push(' ');
                }
                self.cells.push('\t');
            }
        }
        self.move_to(self.cursor + 1);
    }

    /// Erases to the end of the line, from its beginning, or all of it.
    fn erase(&mut self, which: usize) {
        match which {
            0 => self.cells.truncate(self.cursor),
            1 => {
                let end = self.cells.len().min(self.cursor + 1);
                self.cells[..end].fill(' ');
            }
            _ => self.cells.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_person_sees_no_colour_no_title_and_no_byte_order_mark() {
        let table = [
            ("plain", "plain"),
            ("a\tb", "a\tb"),
            ("\u{1b}[32mok\u{1b}[0m", "ok"),
            ("\u{1b}[1;38;5;208mbold\u{1b}[m text", "bold text"),
            ("\u{1b}]0;a title\u{7}Listening", "Listening"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{feff}Listening", "Listening"),
            ("\u{1b}[0m\u{feff}Listening", "Listening"),
            ("Listening on \u{1b}[1mhttp://0:80\u{1b}[0m", "Listening on http://0:80"),
            ("\u{1b}(Bplain\u{1b}7\u{1b}8", "plain"),
            ("bell\u{7} and null\0", "bell and null"),
            ("grün\u{1b}[K", "grün"),
            ("an end that is missing \u{1b}[3", "an end that is missing "),
        ];

        for (line, seen) in table {
            assert_eq!(visible_text(line), seen, "{line:?}");
        }
    }

    #[test]
    fn what_is_written_later_covers_what_was_there() {
        let table = [
            ("starting…\rListening", "Listening"),
            ("100 %\rab", "ab0 %"),
            ("100 %\r\u{1b}[Kab", "ab"),
            ("wait\u{1b}[2K\rdone", "done"),
            ("|\u{8}/\u{8}-", "-"),
            ("ab\u{1b}[3Cc\u{1b}[1Gx", "xb   c"),
            ("abc\u{1b}[2D\u{1b}[Kx", "ax"),
            ("abc\u{1b}[1K", "   "),
            ("abcd\u{1b}[2D\u{1b}[1K", "   d"),
            ("10%\r", "10%"),
        ];

        for (line, seen) in table {
            assert_eq!(visible_text(line), seen, "{line:?}");
        }
    }

    #[test]
    fn a_tab_is_kept_unless_it_leads_over_what_was_there() {
        let table = [("\u{1b}[1ma\tb", "a\tb"), ("a\u{1b}[3C\tb", "a   \tb"), ("ab\r\tx", "ax")];

        for (line, seen) in table {
            assert_eq!(visible_text(line), seen, "{line:?}");
        }
    }

    #[test]
    fn a_text_in_which_there_is_nothing_to_be_done_is_borrowed() {
        assert!(matches!(visible_text("a\tb"), Cow::Borrowed(_)));
        assert!(matches!(visible_text("\u{feff}ab"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_line_may_be_wide() {
        assert_eq!(visible_text("\u{1b}[5000Cx").len(), 5001);
    }

    #[test]
    fn a_movement_far_to_the_right_takes_no_memory() {
        let far = "\u{1b}[65535C".repeat(1000) + "x";

        assert!(visible_text(&far).len() <= WIDEST + 1);
    }

    proptest! {
        #[test]
        fn nothing_that_is_seen_controls_a_terminal(line in "[ -~ü\u{1b}\\[\\]\r\t\u{7}\u{8}\u{9b}0-9;mKG]{0,40}") {
            let seen = visible_text(&line);

            prop_assert!(seen.chars().all(|c| !c.is_control() || c == '\t'), "{seen:?}");
        }

        #[test]
        fn what_has_been_made_visible_stays_as_it_is(line in "[ -~ü\u{1b}\r\t]{0,40}") {
            let seen = visible_text(&line).into_owned();

            prop_assert_eq!(visible_text(&seen), seen.as_str());
        }
    }
}
