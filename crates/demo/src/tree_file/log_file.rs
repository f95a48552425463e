//! A file that a process's output is written to: `log_file`.

use rootward::process::LogFile;

use super::error::FileError;
use super::section::{Field, Keys};
use super::value::What;

const FILE: Keys =
    Keys { of: "a log file", known: &["path", "max_size", "max_age", "keep", "events"], not_yet: &[] };

/// A path, or a table with one.
pub(super) fn read(field: &Field<'_>) -> Result<LogFile, FileError> {
    if field.text().is_ok() {
        return Ok(LogFile::new(field.system_text()?));
    }
    let section = field.section(&FILE)?;
    let path = section.required("path", "a log file has a path")?;
    let mut file = LogFile::new(path.system_text()?);
    if let Some(size) = section.field("max_size") {
        file = file.max_size(read_size(&size)?);
    }
    if let Some(age) = section.field("max_age") {
        file = file.max_age(age.positive_duration()?);
    }
    if let Some(keep) = section.field("keep") {
        file = file.keep(keep.count()?);
    }
    Ok(if section.or("events", true, Field::flag)? { file } else { file.without_events() })
}

/// A number of bytes, or a text such as `10MiB`.
pub(super) fn read_size(field: &Field<'_>) -> Result<u64, FileError> {
    let bytes = match &field.value().what {
        What::Number(number) => number.parse().ok(),
        What::Text(text) => size(text),
        What::Flag(_) | What::List(_) | What::Table(_) | What::DateTime | What::Null => None,
    };
    let bytes = bytes.filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| field.expected("a number of bytes, or a size such as \"10MiB\""))
}

fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = match text[digits.len()..].trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_or_none() {
        let sizes = [
            ("7", 7),
            ("7B", 7),
            ("2KiB", 2048),
            ("10 MiB", 10 << 20),
            ("1GiB", 1 << 30),
            ("3MB", 3_000_000),
        ];
        for (text, expected) in sizes {
            assert_eq!(size(text), Some(expected), "{text}");
        }
        for wrong in ["", "MiB", "-1", "1.5MiB", "1TB", "1 mib", "99999999999GiB"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }
}
