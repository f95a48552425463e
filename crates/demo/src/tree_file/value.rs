//! The values of a tree file, whatever its format, with the places at which they stand.

use std::ops::Range;

/// A value and its place: its line, and its bytes in the text.
#[derive(Debug)]
pub(super) struct FileValue {
    pub(super) line: usize,
    pub(super) span: Range<usize>,
    pub(super) what: What,
}

/// What TOML and JSON have in common, and the little that only one of them has.
#[derive(Debug)]
pub(super) enum What {
    Text(String),
    /// As it was written: only the key that wants it knows its range.
    Number(String),
    Flag(bool),
    List(Vec<FileValue>),
    Table(Vec<KeyValue>),
    /// TOML's dates and times.
    DateTime,
    /// JSON's `null`.
    Null,
}

/// A key and its value, in the order of the file.
#[derive(Debug)]
pub(super) struct KeyValue {
    pub(super) key: String,
    pub(super) line: usize,
    /// The bytes of the key.
    pub(super) span: Range<usize>,
    pub(super) value: FileValue,
}

impl FileValue {
    /// What was found, in a message that says what was expected.
    pub(super) fn describe(&self) -> String {
        match &self.what {
            What::Text(text) => format!("the text {text:?}"),
            What::Number(number) => format!("the number {number}"),
            What::Flag(flag) => flag.to_string(),
            What::List(_) => "a list".to_owned(),
            What::Table(_) => "a table".to_owned(),
            What::DateTime => "a date or time".to_owned(),
            What::Null => "null".to_owned(),
        }
    }

    pub(super) fn entries(&self) -> Option<&[KeyValue]> {
        match &self.what {
            What::Table(entries) => Some(entries),
            What::Text(_) | What::Number(_) | What::Flag(_) | What::List(_) | What::DateTime | What::Null => {
                None
            }
        }
    }

    /// The value of a key, if this is a table that has it.
    pub(super) fn get(&self, key: &str) -> Option<&FileValue> {
        self.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }
}

/// Finds the line and the column of a place in a text.
#[derive(Debug)]
pub(super) struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// The byte at a line and a column of it in bytes, both counted from 1.
    pub(super) fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        start + column.saturating_sub(1)
    }

    /// The column of a byte, in characters, counted from 1.
    pub(super) fn column(&self, offset: usize) -> usize {
        let start = self.starts[self.line(offset) - 1];
        self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let lines = LineIndex::of("id\nü = 1\n");

        assert_eq!((lines.line(0), lines.column(0)), (1, 1));
        assert_eq!((lines.line(3), lines.column(3)), (2, 1));
        assert_eq!((lines.line(6), lines.column(6)), (2, 3));
        assert_eq!(lines.line(1000), 3);
    }
}
