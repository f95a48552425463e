//! Variables in the texts of a description: `${NAME}`.
//!
//! Pure: the caller looks variables up.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextPart<'a> {
    Literal(&'a [u8]),
    Variable(&'a OsStr),
    /// What stands after `${` is no name and a closing brace.
    Wrong(&'a OsStr),
}

/// Replaces each `${NAME}` by a variable's value. `$${` becomes `${`, and every other `$` stays.
///
/// # Errors
///
/// The name of a variable that is not found, or what stands after `${` if that is no name.
pub(crate) fn expand(
    text: &OsStr,
    mut look_up: impl FnMut(&OsStr) -> Option<OsString>,
) -> Result<OsString, OsString> {
    let mut expanded = Vec::with_capacity(text.len());
    for part in parts(text.as_bytes()) {
        match part {
            TextPart::Literal(bytes) => expanded.extend_from_slice(bytes),
            TextPart::Variable(name) => {
                let value = look_up(name).ok_or_else(|| name.to_owned())?;
                expanded.extend_from_slice(value.as_bytes());
            }
            TextPart::Wrong(text) => return Err(text.to_owned()),
        }
    }
    Ok(OsString::from_vec(expanded))
}

/// Whether there is a variable in a text.
pub(crate) fn has_variable(text: &OsStr) -> bool {
    text.as_bytes().windows(2).any(|two| two == b"${")
}

/// What is wrong with the form of a text, in words.
pub(crate) fn problem_with_form(text: &OsStr) -> Option<String> {
    parts(text.as_bytes()).find_map(|part| match part {
        TextPart::Wrong(rest) => Some(format!(
            "after `${{` there is no name with a closing brace, but {rest:?}; `$${{` is a plain `${{`"
        )),
        TextPart::Literal(_) | TextPart::Variable(_) => None,
    })
}

fn parts(text: &[u8]) -> impl Iterator<Item = TextPart<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (part, after) = first_part(rest);
        rest = after;
        Some(part)
    })
}

fn first_part(text: &[u8]) -> (TextPart<'_>, &[u8]) {
    if text.starts_with(b"$${") {
        return (TextPart::Literal(b"${"), &text[3..]);
    }
    let Some(inside) = text.strip_prefix(b"${") else {
        let end =
            (1..text.len()).find(|at| text[*at..].starts_with(b"${") || text[*at..].starts_with(b"$${"));
        let (literal, rest) = text.split_at(end.unwrap_or(text.len()));
        return (TextPart::Literal(literal), rest);
    };
    let end = inside.iter().position(|byte| *byte == b'}');
    match end.map(|end| (&inside[..end], &inside[end + 1..])) {
        Some((name, rest)) if is_name(name) => (TextPart::Variable(OsStr::from_bytes(name)), rest),
        Some(_) | None => (TextPart::Wrong(OsStr::from_bytes(inside)), &[]),
    }
}

fn is_name(text: &[u8]) -> bool {
    let is_begun = text.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_');
    is_begun && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        let look_up = |name: &OsStr| match name.to_str()? {
            "A" => Some("one".into()),
            "B_2" => Some("${A}".into()),
            "EMPTY" => Some("".into()),
            _ => None,
        };
        match expand(OsStr::new(text), look_up) {
            Ok(text) => Ok(text.into_string().unwrap()),
            Err(wrong) => Err(wrong.into_string().unwrap()),
        }
    }

    #[test]
    fn a_name_in_braces_becomes_its_value_once_and_everything_else_stays() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("${A}", "one"),
            ("a${A}b${A}${EMPTY}c", "aonebonec"),
            ("${B_2}", "${A}"),
            ("$A $$ $(x) $", "$A $$ $(x) $"),
            ("$${A} $$${A}", "${A} $${A}"),
            ("ü${A}ü", "üoneü"),
        ] {
            assert_eq!(expanded(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_found_and_what_is_no_name_is_an_error() {
        assert_eq!(expanded("x${NONE}"), Err("NONE".into()));
        for (text, rest) in [("${", ""), ("${}", "}"), ("${1}", "1}"), ("${A:-b}", "A:-b}"), ("${A", "A")] {
            assert_eq!(expanded(text), Err(rest.into()), "{text}");
            assert!(problem_with_form(OsStr::new(text)).unwrap().contains(&format!("{rest:?}")), "{text}");
        }
        assert_eq!(problem_with_form(OsStr::new("${NONE} $")), None);
    }
}
