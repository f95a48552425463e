//! Pure: which variables the lines of a dotenv file set, at which line, and which others their values name.
//!
//! `dotenvy` reads the values. It says neither at which line a value stands nor that a value names a variable that is
//! not set. A text that it refuses is not scanned. A property test holds what is found here against what it reads.

use std::str::Chars;

/// A variable that a file sets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// At which line it begins, from 1.
    pub(super) line: usize,
    pub(super) references: Vec<Reference>,
}

/// Where a value is to have the value of another variable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// What follows the `$`: the empty text if no name does.
    pub(super) name: String,
    /// Whether it stands in braces.
    pub(super) is_braced: bool,
    pub(super) line: usize,
}

/// The variables that a text sets, in its order.
pub(super) fn entries(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let (mut begin, mut line, mut end) = (0, 1, LineEnd::default());
    let mut next_line = 1;
    let mut at = 0;
    for part in text.split_inclusive('\n') {
        let comment = end.advance(part);
        let so_far = at + comment.unwrap_or(part.len());
        at += part.len();
        next_line += 1;
        let is_comment = text[begin..at].trim_start().starts_with('#');
        if !(is_comment || comment.is_some() || end.is_there()) {
            continue;
        }
        if !is_comment {
            entries.extend(entry(&text[begin..so_far], line));
        }
        (begin, line, end) = (at, next_line, LineEnd::default());
    }
    entries
}

/// Decides whether a line goes on behind its newline, since a quote is open or the newline is escaped.
#[derive(Default)]
struct LineEnd {
    open: Open,
    is_escaped: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Open {
    #[default]
    Nothing,
    /// Nothing, and a space is the last.
    Space,
    Quote(char),
}

impl LineEnd {
    fn is_there(&self) -> bool {
        self.open == Open::Nothing && !self.is_escaped
    }

    /// Goes on by a part of a line. Answers where a comment begins that ends the line.
    fn advance(&mut self, part: &str) -> Option<usize> {
        for (at, c) in part.char_indices() {
            if std::mem::take(&mut self.is_escaped) {
                continue;
            }
            match (self.open, c) {
                (Open::Space, '#') => return Some(at),
                // Also in single quotes, where it escapes nothing in the value.
                (Open::Quote(_), '\\') => self.is_escaped = true,
                (Open::Quote(quote), c) if c == quote => self.open = Open::Nothing,
                (Open::Quote(_), _) => {}
                (Open::Nothing | Open::Space, '\\') => (self.open, self.is_escaped) = (Open::Nothing, true),
                (Open::Nothing | Open::Space, '"' | '\'') => self.open = Open::Quote(c),
                (Open::Nothing, c) if c.is_whitespace() && !matches!(c, '\n' | '\r') => {
                    self.open = Open::Space;
                }
                (Open::Nothing | Open::Space, _) => self.open = Open::Nothing,
            }
        }
        None
    }
}

/// The variable that a whole line sets, if it is one that sets one.
fn entry(text: &str, line: usize) -> Option<Entry> {
    let (before, text) = skipped(text.trim_end());
    let (key, rest) = key(text)?;
    let (mut between, rest) = skipped(rest);
    let (key, rest) = match rest.strip_prefix('=') {
        Some(value) => (key, value),
        None if key == "export" => {
            let (key, rest) = self::key(rest)?;
            let (more, rest) = skipped(rest);
            between += more;
            (key, rest.strip_prefix('=')?)
        }
        None => return None,
    };
    let (after, value) = skipped(rest);
    let is_empty = value.is_empty() || value.starts_with('#');
    let references = if is_empty { Vec::new() } else { references(value, line + before + between + after) };
    Some(Entry { key: key.to_owned(), line: line + before, references })
}

/// A text without the white space at its beginning, and how many newlines that has.
fn skipped(text: &str) -> (usize, &str) {
    let rest = text.trim_start();
    (text[..text.len() - rest.len()].matches('\n').count(), rest)
}

fn key(text: &str) -> Option<(&str, &str)> {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_').then_some(())?;
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    Some(text.split_at(text.find(|c| !is_of_key(c)).unwrap_or(text.len())))
}

/// The references in a value, which begins at this line.
fn references(value: &str, line: usize) -> Vec<Reference> {
    let mut walk = ValueWalk { rest: value.chars(), line, found: Vec::new() };
    walk.value();
    walk.found
}

struct ValueWalk<'a> {
    rest: Chars<'a>,
    line: usize,
    found: Vec<Reference>,
}

impl ValueWalk<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn value(&mut self) {
        let mut in_double = false;
        while let Some(c) = self.next() {
            match c {
                '\\' => drop(self.next()),
                '$' => self.reference(),
                '"' => in_double = !in_double,
                '\'' if !in_double => while self.next().is_some_and(|c| c != '\'') {},
                // Behind it there is nothing but a comment.
                ' ' | '\t' if !in_double => return,
                _ => {}
            }
        }
    }

    /// What follows a `$`. A name without braces has no underscore, and takes the sign behind it into the value as it
    /// is, also a quote.
    fn reference(&mut self) {
        let mut name = String::new();
        loop {
            match self.next() {
                Some(c) if c.is_alphanumeric() => name.push(c),
                Some('{') if name.is_empty() => return self.braced(),
                ended_by => {
                    let name = std::mem::take(&mut name);
                    self.found.push(Reference { name, is_braced: false, line: self.line });
                    if ended_by != Some('$') {
                        return;
                    }
                }
            }
        }
    }

    fn braced(&mut self) {
        let line = self.line;
        let mut name = String::new();
        while let Some(c) = self.next().filter(|c| *c != '}') {
            name.push(c);
        }
        self.found.push(Reference { name, is_braced: true, line });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(text: &str) -> Vec<(usize, String)> {
        let references = entries(text).into_iter().flat_map(|entry| entry.references);
        references.map(|reference| (reference.line, reference.name)).collect()
    }

    #[test]
    fn what_a_value_names_is_found_with_its_line() {
        for (text, expected) in [
            ("A=pa$word\n", vec![(1, "word")]),
            ("A=1\n\n# $b\nB=http://${NOPE_X}/ # $c\n", vec![(4, "NOPE_X")]),
            ("A='pa$word'\nB=pa\\$word\nC=\"pa\\$word\"\n", vec![]),
            ("export A=\"one\n two ${B}\n three\"\nC=$D\n", vec![(2, "B"), (4, "D")]),
            ("A=$B_C$$D$\n", vec![(1, "B"), (1, ""), (1, "D"), (1, "")]),
            ("A=1 # $B 'C\nB=$D\n", vec![(2, "D")]),
            ("A=${B:-c d}\n", vec![(1, "B:-c d")]),
            ("export=$A\nexport B = $C\n", vec![(1, "A"), (2, "C")]),
            ("A=\nB=# $C\n", vec![]),
            // For the end of a line the quote is open, for the value it is not.
            ("A='\\' #\nB=$C'\n", vec![]),
        ] {
            let keys = entries(text).into_iter().map(|entry| entry.key);
            assert!(read(text).unwrap().into_iter().map(|(key, _)| key).eq(keys), "{text:?}");
            let expected: Vec<_> = expected.into_iter().map(|(line, name)| (line, name.to_owned())).collect();
            assert_eq!(named(text), expected, "{text:?}");
        }
    }

    /// What the crate reads of a text.
    fn read(text: &str) -> Result<Vec<(String, String)>, dotenvy::Error> {
        dotenvy::from_read_iter(text.as_bytes()).collect()
    }

    /// The names that the generated texts may have and that may stand before a `=`.
    const NAMES: [&str; 6] = ["q", "z", "qz", "zq", "qq", "zz"];

    /// A line that the crate often takes.
    fn line() -> impl Strategy<Value = String> {
        const PARTS: [&str; 20] = [
            "q", "z", "$q", "${q}", "${zq}", "$", "$$", "_", "'$q'", "\"$q \"", "\"${z}\"", "'\n$z'",
            "\"\n\"", "\\$", "'\\'", "\\\n", " ", "\t", " #", "'",
        ];
        let value = prop::collection::vec(prop::sample::select(&PARTS[..]), 0..6);
        ("(export )?[qz]{1,2} ?= ?", value).prop_map(|(begin, value)| begin + &value.concat() + "\n")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        /// The crate is asked twice: with and without a line before the text that sets a name. What it reads differs
        /// where the text names that variable, and nowhere else.
        #[test]
        fn what_is_found_is_what_the_crate_replaces(lines in prop::collection::vec(line(), 1..4)) {
            let text = lines.concat();
            let Ok(plain) = read(&text) else { return Ok(()) };
            let found = entries(&text);

            let keys: Vec<_> = plain.iter().map(|(key, _)| key.as_str()).collect();
            prop_assert_eq!(found.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), keys);
            for name in NAMES {
                let with = read(&format!("{name}=_\n{text}"));
                let with = with.expect("the text is read by itself");
                let first = plain.iter().zip(&with[1..]).position(|(one, other)| one != other);
                let of_name = |entry: &Entry| entry.references.iter().any(|it| it.name == name);
                let set_at = found.iter().position(|entry| entry.key == name).unwrap_or(found.len());
                let named_at = found.iter().position(of_name).filter(|at| *at <= set_at);
                prop_assert_eq!(first, named_at, "{} in {:?}", name, text);
            }
        }
    }
}
