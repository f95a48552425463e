//! How a child is called in a line: by its id, indented by its depth, as it would stand in an outline.

use std::collections::BTreeMap;

use crate::columns::{columns, fill};
use crate::safe::safe;

/// Remembers which ids are clear, and how wide the column of names has become.
#[derive(Debug)]
pub(super) struct Names {
    /// The path that an id stands for, or `None` if there are several.
    paths: BTreeMap<String, Option<String>>,
    width: usize,
}

/// The column is never narrower, so that the first lines stand under each other, and never wider.
const WIDTHS: std::ops::RangeInclusive<usize> = 18..=40;

/// Below so many levels no child stands further right, so that there is room for its name.
const LEVELS: usize = 8;

impl Names {
    pub(super) fn new() -> Self {
        Self { paths: BTreeMap::new(), width: *WIDTHS.start() }
    }

    /// Makes the column as wide as these want it, so that it does not grow with the first line of each.
    pub(super) fn expect(&mut self, paths: &[String]) {
        // First all of them, because one that comes later may make an id unclear.
        for path in paths {
            self.name(path);
        }
        for path in paths {
            self.column(path);
        }
    }

    /// The name of a child, as wide as the column. Of one that is too long the middle is cut out.
    pub(super) fn column(&mut self, path: &str) -> String {
        let name = self.name(path);
        self.width = self.width.max(columns(&name)).min(*WIDTHS.end());
        fill(name, self.width)
    }

    fn name(&mut self, path: &str) -> String {
        let id = path.rsplit('/').next().unwrap_or(path);
        let known = self.paths.entry(id.to_owned()).or_insert_with(|| Some(path.to_owned()));
        if known.as_deref() != Some(path) {
            *known = None;
        }
        // An id that several children have says nothing without the path.
        let label = if known.is_some() { id } else { path };
        let indent = 2 * path.matches('/').count().min(LEVELS);
        format!("{:indent$}{}", "", without_middle(&safe(label), WIDTHS.end() - indent))
    }
}

/// A text that is no wider than this. Begin and end of one that is too wide say most.
fn without_middle(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    // The sign in the middle takes one, and the end gets what an odd number leaves over.
    let begin = text.char_indices().map(|(at, c)| &text[..at + c.len_utf8()]);
    let begin = begin.take_while(|begin| columns(begin) <= (room - 1) / 2).last().unwrap_or_default();
    let room = room - 1 - columns(begin);
    let end = text.char_indices().map(|(at, _)| &text[at..]).find(|end| columns(end) <= room);
    // A mark belongs to the letter that was cut off.
    let end = end.unwrap_or_default().trim_start_matches(|c: char| columns(c.encode_utf8(&mut [0; 4])) == 0);
    format!("{begin}…{end}")
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    #[test]
    fn a_child_is_called_by_its_id_as_long_as_that_is_clear() {
        let mut names = Names::new();

        assert_eq!(names.column("a/x"), "  x               ");
        assert_eq!(names.column("b/x"), "  b/x             ");
        assert_eq!(names.column("a/x"), "  a/x             ");
        assert_eq!(names.column("a/y"), "  y               ");
    }

    #[test]
    fn a_name_is_as_wide_as_a_terminal_shows_it() {
        let mut names = Names::new();

        assert_eq!(names.column("a/数据库"), format!("  数据库{}", " ".repeat(10)));
        assert_eq!(names.column("a/e\u{301}te\u{301}"), format!("  e\u{301}te\u{301}{}", " ".repeat(13)));
        assert_eq!(names.column(&"数".repeat(15)).width(), 30, "the column grows by two for each");
        assert_eq!(names.column("x").width(), 30);
    }

    #[test]
    fn no_name_is_wider_than_the_column_and_begin_and_end_of_a_long_one_stay() {
        let mut names = Names::new();
        let deep = format!("{}leaf", "level/".repeat(30));

        assert_eq!(
            names.column("fetches-the-orders-of-the-last-day-from-everywhere"),
            "fetches-the-orders-…-day-from-everywhere"
        );
        assert_eq!(names.column(&deep).width(), 40);
        assert!(names.column(&deep).contains("leaf"), "it is not all indent: {:?}", names.column(&deep));
        for length in 1..60 {
            for letter in ["x", "数", "e\u{301}", "👩\u{200d}🚀"] {
                let name = names.column(&format!("a/{}", letter.repeat(length)));
                assert_eq!(name.width(), 40, "{name:?}");
            }
        }
    }

    #[test]
    fn names_that_are_expected_stand_under_each_other_from_the_first_line_on() {
        let mut names = Names::new();
        let paths = ["root", "root/a-name-of-some-length", "root/x/same", "root/y/same"].map(str::to_owned);

        names.expect(&paths);

        let columns = paths.map(|path| names.column(&path));
        assert_eq!(columns.each_ref().map(|name| name.width()), [23; 4]);
        assert_eq!(columns[2].trim(), "root/x/same", "it is unclear from the beginning");
    }
}
