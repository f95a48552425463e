//! TOML text becomes values that know their lines.

use std::path::Path;

use ::toml::Spanned;
use ::toml::de::{DeInteger, DeTable, DeValue, Error};

use super::error::{FileError, Problem};
use super::locate;
use super::value::{FileValue, KeyValue, LineIndex, What};

pub(super) fn parse(file: &Path, text: &str) -> Result<FileValue, FileError> {
    let lines = LineIndex::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let top = FileValue { line: 1, span: 0..0, what: entries(&lines, table.into_inner()) };
    match errors.first() {
        None => Ok(top),
        Some(error) => Err(syntax_error(file, &lines, &top, error)),
    }
}

/// `top` is what could be read in spite of the error.
fn syntax_error(file: &Path, lines: &LineIndex<'_>, top: &FileValue, error: &Error) -> FileError {
    let problem = Problem::Syntax { format: "TOML", message: error.message().to_owned() };
    match error.span() {
        Some(span) => {
            let line = lines.line(span.start);
            let error = FileError::text(file, line, lines.column(span.start), problem).at(span);
            match locate::child_at(top, line) {
                Some(child) => error.in_child(&child),
                None => error,
            }
        }
        None => FileError::whole(file, problem),
    }
}

fn value(lines: &LineIndex<'_>, value: Spanned<DeValue<'_>>) -> FileValue {
    let span = value.span();
    let line = lines.line(span.start);
    let what = match value.into_inner() {
        DeValue::String(text) => What::Text(text.into_owned()),
        DeValue::Integer(number) => What::Number(decimal(&number)),
        DeValue::Float(number) => What::Number(number.as_str().to_owned()),
        DeValue::Boolean(flag) => What::Flag(flag),
        DeValue::Datetime(_) => What::DateTime,
        DeValue::Array(list) => {
            What::List(list.into_iter().map(|element| self::value(lines, element)).collect())
        }
        DeValue::Table(table) => entries(lines, table),
    };
    FileValue { line, span, what }
}

/// A table's entries in the order of the file: the parser hands them out sorted by their keys.
fn entries(lines: &LineIndex<'_>, table: DeTable<'_>) -> What {
    let mut entries: Vec<KeyValue> = table
        .into_iter()
        .map(|(key, element)| {
            let span = key.span();
            let line = lines.line(span.start);
            KeyValue { key: key.into_inner().into_owned(), line, span, value: value(lines, element) }
        })
        .collect();
    entries.sort_by_key(|entry| entry.span.start);
    What::Table(entries)
}

fn decimal(number: &DeInteger<'_>) -> String {
    match i64::from_str_radix(number.as_str(), number.radix()) {
        Ok(number) => number.to_string(),
        Err(_) => number.to_string(),
    }
}
