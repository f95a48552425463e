//! Reads the text of a tree file, and refuses what cannot be one.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::error::{FileError, Problem};

/// The text of a tree file and what it is written in.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) format: FileFormat,
    pub(super) text: String,
}

/// What a tree file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileFormat {
    Toml,
    Json,
}

/// A tree of a hundred thousand children fits. Without a limit, `/dev/zero` would be read for ever.
const LARGEST: u64 = 64 * 1024 * 1024;

pub(super) fn read(file: &Path) -> Result<Source, FileError> {
    let wrong = |problem| FileError::whole(file, problem);
    let metadata = std::fs::metadata(file).map_err(|error| wrong(io_problem(error)))?;
    if metadata.is_dir() {
        return Err(wrong(Problem::Directory));
    }
    let named = format(file);
    if named.is_none() && !is_stream(file, &metadata) {
        return Err(wrong(Problem::Extension));
    }
    if is_device(&metadata) {
        return Err(wrong(Problem::NotAFile));
    }
    let bytes = read_up_to(file, LARGEST).map_err(|error| wrong(io_problem(error)))?;
    if bytes.len() as u64 > LARGEST {
        return Err(wrong(Problem::TooLarge { limit: LARGEST }));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong(Problem::NotText))?;
    // Editors on other systems like to begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    if text.trim().is_empty() {
        return Err(wrong(Problem::Empty));
    }
    let format =
        named.unwrap_or(if text.trim_start().starts_with('{') { FileFormat::Json } else { FileFormat::Toml });
    Ok(Source { format, text })
}

fn format(file: &Path) -> Option<FileFormat> {
    match file.extension()?.to_str()? {
        "toml" => Some(FileFormat::Toml),
        "json" => Some(FileFormat::Json),
        _ => None,
    }
}

/// Whether the file is a stream, such as `/dev/stdin`, whose name cannot say what it is written in.
fn is_stream(file: &Path, metadata: &std::fs::Metadata) -> bool {
    metadata.file_type().is_fifo() || file.starts_with("/dev") || file.starts_with("/proc")
}

fn is_device(metadata: &std::fs::Metadata) -> bool {
    let kind = metadata.file_type();
    kind.is_char_device() || kind.is_block_device() || kind.is_socket()
}

/// Reads one byte more than the limit, if there is one.
fn read_up_to(file: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn io_problem(error: io::Error) -> Problem {
    if error.kind() == ErrorKind::NotFound { Problem::Missing } else { Problem::Unreadable(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_tree_file_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let table = [
            (dir.path().join("none.toml"), "there is no such file"),
            (dir.path().to_owned(), "this is a directory"),
            (file("empty.toml", b""), "the file is empty"),
            (file("blank.json", b" \n\t\n"), "the file is empty"),
            (file("binary.toml", b"\x7fELF\xff\xfe\x00"), "not a text file"),
            (file("tree.yaml", b"id: root"), "ends in .toml or .json"),
            (file("tree", b"id = 'root'"), "ends in .toml or .json"),
        ];

        for (path, expected) in table {
            let message = read(&path).unwrap_err().to_string();

            assert!(message.starts_with(&path.display().to_string()), "{message}");
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tree.toml");
        std::fs::write(&path, "\u{feff}id = 'root'").unwrap();

        let source = read(&path).unwrap();

        assert_eq!((source.format, source.text.as_str()), (FileFormat::Toml, "id = 'root'"));
    }
}
