//! JSON text becomes values that know their lines.
//!
//! serde_json says where a syntax error is, but not where a value stands. So each level of nesting is
//! read by itself: the values in it are taken as the pieces of text they are, and a piece of text knows
//! its place in the whole.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{FileError, Problem};
use super::value::{FileValue, KeyValue, LineIndex, What};

/// Each level is read again by every level above it, and takes its part of the stack.
const DEEPEST: usize = 384;

pub(super) fn parse(file: &Path, text: &str) -> Result<FileValue, FileError> {
    // This finds every mistake of syntax at its place, and does not recurse.
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|error| syntax_error(file, &LineIndex::of(text), error.line(), &error))?;
    let reader = Reader { file, text, lines: LineIndex::of(text) };
    match too_deep(text) {
        Some(at) => {
            let (line, column) = (reader.lines.line(at), reader.lines.column(at));
            Err(FileError::text(file, line, column, Problem::TooDeep { limit: DEEPEST }).at(at..at + 1))
        }
        None => reader.value(text.trim()),
    }
}

/// Where a text that is valid JSON opens more brackets than are accepted, if it does.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
        if depth > DEEPEST {
            return Some(at);
        }
    }
    None
}

struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    lines: LineIndex<'a>,
}

impl<'a> Reader<'a> {
    fn value(&self, piece: &'a str) -> Result<FileValue, FileError> {
        let what = match piece.as_bytes().first() {
            Some(b'{') => self.table(piece)?,
            Some(b'[') => self.list(piece)?,
            Some(b'"') => What::Text(self.read(piece)?),
            Some(b't' | b'f') => What::Flag(self.read(piece)?),
            Some(b'n') => What::Null,
            Some(_) | None => What::Number(piece.to_owned()),
        };
        let start = self.offset(piece);
        Ok(FileValue { line: self.lines.line(start), span: start..start + piece.len(), what })
    }

    fn list(&self, piece: &'a str) -> Result<What, FileError> {
        let elements: Vec<&RawValue> = self.read(piece)?;
        let elements = elements.into_iter().map(|element| self.value(element.get()));
        Ok(What::List(elements.collect::<Result<_, _>>()?))
    }

    fn table(&self, piece: &'a str) -> Result<What, FileError> {
        let JsonObject(members) = self.read(piece)?;
        let entries = members.into_iter().map(|(key, element)| {
            let value = self.value(element.get())?;
            Ok(KeyValue { key, line: value.line, span: key_before(self.text, value.span.start), value })
        });
        Ok(What::Table(entries.collect::<Result<_, _>>()?))
    }

    fn read<T: Deserialize<'a>>(&self, piece: &'a str) -> Result<T, FileError> {
        serde_json::from_str(piece).map_err(|error| {
            // The error counts its lines from the beginning of the piece.
            let line = self.lines.line(self.offset(piece)) + error.line().saturating_sub(1);
            syntax_error(self.file, &self.lines, line, &error)
        })
    }

    /// Where in the whole text a piece of it begins.
    fn offset(&self, piece: &str) -> usize {
        piece.as_ptr() as usize - self.text.as_ptr() as usize
    }
}

/// The members of an object, in order.
struct JsonObject<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for JsonObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(JsonObjectVisitor)
    }
}

struct JsonObjectVisitor;

impl<'de> Visitor<'de> for JsonObjectVisitor {
    type Value = JsonObject<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(String, &'de RawValue)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
            members.push((key, value));
        }
        Ok(JsonObject(members))
    }
}

/// Where the key stands whose value begins here, in a text that is valid JSON.
fn key_before(text: &str, value: usize) -> Range<usize> {
    let before = text[..value].trim_end().trim_end_matches(':').trim_end();
    let end = before.len();
    let quotes = before[..end.saturating_sub(1)].rmatch_indices('"').map(|(at, _)| at);
    let is_escaped =
        |at: &usize| before[..*at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    let start = quotes.into_iter().find(|at| !is_escaped(at)).unwrap_or(end);
    start..end
}

/// serde_json counts columns in bytes, and a text that ends too early behind its last.
fn syntax_error(file: &Path, lines: &LineIndex<'_>, line: usize, error: &serde_json::Error) -> FileError {
    let column = error.column();
    let message = error.to_string();
    // The position stands in front of our message already.
    let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
    let at = lines.offset(line, column);
    FileError::text(file, line, column, Problem::Syntax { format: "JSON", message }).at(at..at + 1)
}
