//! Walks a tree file's tables, and knows at every step where it is: in which file, which child, at
//! which key.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use super::duration;
use super::error::{FileError, Problem};
use super::suggest;
use super::value::{FileValue, KeyValue, What};

/// Which keys a table may have.
#[derive(Debug)]
pub(super) struct Keys {
    /// What the table is called in messages.
    pub(super) of: &'static str,
    /// The keys that work.
    pub(super) known: &'static [&'static str],
    /// The keys that belong to the tree file and have no effect yet. They are refused, never ignored.
    pub(super) not_yet: &'static [&'static str],
}

/// A table whose keys have been checked.
#[derive(Debug)]
pub(super) struct TableSection<'a>(Field<'a>);

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    file: &'a Path,
    /// The path of the child in which it stands.
    child: String,
    /// The keys from the child down to it, joined by dots. Empty for the child itself.
    place: String,
    value: &'a FileValue,
}

impl<'a> TableSection<'a> {
    /// The value of a key, if the table has it.
    pub(super) fn field(&self, key: &str) -> Option<Field<'a>> {
        let value = self.0.value.get(key)?;
        Some(self.0.below(key, value))
    }

    /// The value of a key that has to be there. `why` completes the sentence "missing; …".
    pub(super) fn required(&self, key: &str, why: &'static str) -> Result<Field<'a>, FileError> {
        self.field(key).ok_or_else(|| self.0.below(key, self.0.value).error(Problem::MissingKey { why }))
    }

    /// What `read` makes of a key's value, or the default if the table does not have the key.
    pub(super) fn or<T>(
        &self,
        key: &str,
        default: T,
        read: impl FnOnce(&Field<'a>) -> Result<T, FileError>,
    ) -> Result<T, FileError> {
        self.field(key).map_or(Ok(default), |field| read(&field))
    }

    /// Something is wrong with the table as a whole.
    pub(super) fn error(&self, problem: Problem) -> FileError {
        self.0.error(problem)
    }

    /// The path of the child in which the table stands.
    pub(super) fn child(&self) -> &str {
        self.0.child()
    }
}

impl<'a> Field<'a> {
    /// The whole file, which describes the child at this path: the root.
    pub(super) fn top(file: &'a Path, root: &str, value: &'a FileValue) -> Self {
        Self { file, child: root.to_owned(), place: String::new(), value }
    }

    /// The same value, seen as the description of a child of its own.
    pub(super) fn as_child(&self, path: String) -> Self {
        Self { file: self.file, child: path, place: String::new(), value: self.value }
    }

    pub(super) fn error(&self, problem: Problem) -> FileError {
        FileError::child(self.file, self.value.line, &self.child, &self.place, problem)
            .at(self.value.span.clone())
    }

    /// The path of the child in which it stands.
    pub(super) fn child(&self) -> &str {
        &self.child
    }

    /// What stands below it at these keys, one below the other, in a file that has been checked.
    pub(super) fn at(&self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self.clone(), |field, key| Some(field.below(key, field.value.get(key)?)))
    }

    /// An element of it, if it is a list that is so long.
    pub(super) fn element(&self, number: usize) -> Option<Self> {
        self.list().ok()?.into_iter().nth(number)
    }

    pub(super) fn line(&self) -> usize {
        self.value.line
    }

    /// The bytes of it in the text.
    pub(super) fn span(&self) -> Range<usize> {
        self.value.span.clone()
    }

    pub(super) fn value(&self) -> &'a FileValue {
        self.value
    }

    /// A table with these keys and no others.
    pub(super) fn section(&self, keys: &Keys) -> Result<TableSection<'a>, FileError> {
        for entry in self.entries()? {
            let key = entry.key.as_str();
            if !keys.known.contains(&key) {
                let problem = if keys.not_yet.contains(&key) { Problem::NotYet } else { unknown(key, keys) };
                return Err(self.error_at(entry, problem));
            }
        }
        Ok(TableSection(self.clone()))
    }

    /// The fields of a table whose keys are free.
    pub(super) fn members(&self) -> Result<Vec<(&'a str, Field<'a>)>, FileError> {
        Ok(self
            .entries()?
            .iter()
            .map(|entry| (entry.key.as_str(), self.below(&entry.key, &entry.value)))
            .collect())
    }

    pub(super) fn list(&self) -> Result<Vec<Field<'a>>, FileError> {
        let What::List(elements) = &self.value.what else {
            return Err(self.expected("a list"));
        };
        let element =
            |(index, value)| Field { place: format!("{}[{index}]", self.place), value, ..self.clone() };
        Ok(elements.iter().enumerate().map(element).collect())
    }

    pub(super) fn text(&self) -> Result<&'a str, FileError> {
        match &self.value.what {
            What::Text(text) => Ok(text),
            What::Number(_)
            | What::Flag(_)
            | What::List(_)
            | What::Table(_)
            | What::DateTime
            | What::Null => Err(self.expected("a text in quotes")),
        }
    }

    /// A text that can be handed to a program or to the system: not empty, and without NUL.
    pub(super) fn system_text(&self) -> Result<&'a str, FileError> {
        let text = self.text_without_nul()?;
        if text.is_empty() { Err(self.error(Problem::EmptyText)) } else { Ok(text) }
    }

    pub(super) fn text_without_nul(&self) -> Result<&'a str, FileError> {
        let text = self.text()?;
        if text.contains('\0') { Err(self.error(Problem::Nul)) } else { Ok(text) }
    }

    pub(super) fn flag(&self) -> Result<bool, FileError> {
        match self.value.what {
            What::Flag(flag) => Ok(flag),
            What::Number(_)
            | What::Text(_)
            | What::List(_)
            | What::Table(_)
            | What::DateTime
            | What::Null => Err(self.expected("true or false")),
        }
    }

    pub(super) fn count(&self) -> Result<u32, FileError> {
        let number = match &self.value.what {
            What::Number(number) => number.parse().ok(),
            What::Flag(_) | What::Text(_) | What::List(_) | What::Table(_) | What::DateTime | What::Null => {
                None
            }
        };
        number.ok_or_else(|| self.expected("a whole number from 0 to 4294967295"))
    }

    /// A number that satisfies this condition.
    pub(super) fn fraction(
        &self,
        expected: &'static str,
        is_valid: impl FnOnce(f64) -> bool,
    ) -> Result<f64, FileError> {
        let number = match &self.value.what {
            What::Number(number) => number.parse().ok(),
            What::Flag(_) | What::Text(_) | What::List(_) | What::Table(_) | What::DateTime | What::Null => {
                None
            }
        };
        number.filter(|number| is_valid(*number)).ok_or_else(|| self.expected(expected))
    }

    pub(super) fn duration(&self) -> Result<Duration, FileError> {
        let What::Text(text) = &self.value.what else {
            return Err(self.expected("a duration in quotes, such as \"5s\""));
        };
        duration::parse(text).map_err(|problem| self.error(problem))
    }

    /// A duration in which something has to have a chance to happen.
    pub(super) fn positive_duration(&self) -> Result<Duration, FileError> {
        let duration = self.duration()?;
        duration::positive(duration).map_err(|problem| self.error(problem))
    }

    /// One of several names.
    pub(super) fn name<T: Copy>(&self, names: &[(&'static str, T)]) -> Result<T, FileError> {
        let text = self.text()?;
        names
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, meaning)| *meaning)
            .ok_or_else(|| self.error(unknown_name(text, names.iter().map(|(name, _)| *name))))
    }

    /// The entries of a table, each key of which stands there once. TOML's parser has seen to that;
    /// JSON's has not.
    fn entries(&self) -> Result<&'a [KeyValue], FileError> {
        let entries = self.value.entries().ok_or_else(|| self.expected("a table"))?;
        let mut seen = BTreeSet::new();
        match entries.iter().find(|entry| !seen.insert(&entry.key)) {
            Some(twice) => Err(self.error_at(twice, Problem::DuplicateKey)),
            None => Ok(entries),
        }
    }

    /// Something is wrong with this key.
    fn error_at(&self, entry: &KeyValue, problem: Problem) -> FileError {
        let place = self.below(&entry.key, &entry.value).place;
        FileError::child(self.file, entry.line, &self.child, &place, problem).at(entry.span.clone())
    }

    fn below(&self, key: &str, value: &'a FileValue) -> Field<'a> {
        let place = if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) };
        Field { place, value, ..self.clone() }
    }

    pub(super) fn expected(&self, expected: &'static str) -> FileError {
        self.error(Problem::WrongType { expected, found: self.value.describe() })
    }
}

/// A name that is none of the known ones.
pub(super) fn unknown_name(written: &str, known: impl Iterator<Item = &'static str>) -> Problem {
    let known: Vec<_> = known.collect();
    let near = suggest::nearest(written, known.iter().copied()).map(str::to_owned);
    Problem::UnknownName { name: written.to_owned(), near, known }
}

fn unknown(key: &str, keys: &Keys) -> Problem {
    let near = suggest::nearest(key, keys.known.iter().copied());
    Problem::UnknownKey { place: keys.of, near, known: keys.known }
}
