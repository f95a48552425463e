//! The seeds whose stories have failed, as they are kept: a file with a line for each, and comments.

use std::fs::{OpenOptions, read_to_string};
use std::io::{self, Write as _};
use std::path::PathBuf;

/// Where seeds are kept.
pub(super) struct FailedSeeds(pub(super) PathBuf);

impl FailedSeeds {
    /// Those of the repository.
    pub(super) fn of_the_sources() -> Self {
        Self(concat!(env!("CARGO_MANIFEST_DIR"), "/random/failed_seeds.txt").into())
    }

    /// The seeds of this kind of stories.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or has a line that says no kind and no seed: a seed that is passed over is lost.
    pub(super) fn of_kind(&self, kind: &str) -> io::Result<Vec<u64>> {
        let text = read_to_string(&self.0).map_err(|error| self.error(&error))?;
        let mut seeds = Vec::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
            match (words.as_slice(), words.get(1).map(|seed| seed.parse::<u64>())) {
                ([], _) => {}
                ([name, _], Some(Ok(seed))) => seeds.extend((*name == kind).then_some(seed)),
                _ => return Err(self.error(&io::Error::other(format!("`{line}` is no kind and its seed")))),
            }
        }
        Ok(seeds)
    }

    /// Adds a seed of this kind.
    ///
    /// # Errors
    ///
    /// If the file is not there or cannot be written.
    pub(super) fn add(&self, kind: &str, seed: u64) -> io::Result<()> {
        let file = OpenOptions::new().append(true).open(&self.0);
        file.and_then(|mut file| writeln!(file, "{kind} {seed}")).map_err(|error| self.error(&error))
    }

    fn error(&self, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.0.display()))
    }
}

/// A file of the test's own, with this text.
struct OwnFile(FailedSeeds);

impl OwnFile {
    fn new(test: &str, text: &str) -> Self {
        let name = format!("rootward-seeds-{}-{test}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).expect("a test may write to the directory for temporary files");
        Self(FailedSeeds(path))
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0.0);
    }
}

#[test]
fn a_seed_that_is_kept_is_told_again_and_those_of_its_kind_alone() {
    let file = OwnFile::new("kept", "# Seeds that failed.\ntrees 1\n\ntasks 2 # mended\n");
    let OwnFile(seeds) = &file;

    seeds.add("trees", 3).unwrap();
    seeds.add("tasks", u64::MAX).unwrap();

    assert_eq!(seeds.of_kind("trees").unwrap(), [1, 3]);
    assert_eq!(seeds.of_kind("tasks").unwrap(), [2, u64::MAX]);
    assert_eq!(seeds.of_kind("tree").unwrap(), [0_u64; 0]);
}

#[test]
fn a_file_of_seeds_that_cannot_be_read_is_an_error_and_no_empty_list() {
    let missing = FailedSeeds(std::env::temp_dir().join("rootward-seeds-that-are-not-there"));

    assert_eq!(missing.of_kind("trees").unwrap_err().kind(), io::ErrorKind::NotFound);
    assert_eq!(missing.add("trees", 1).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_line_that_is_no_kind_and_its_seed_is_an_error() {
    for (n, line) in ["trees", "trees one", "trees 1 2", "1"].into_iter().enumerate() {
        let OwnFile(seeds) = &OwnFile::new(&format!("odd-{n}"), line);

        assert!(seeds.of_kind("trees").unwrap_err().to_string().contains(line), "{line}");
    }
}

#[test]
fn the_seeds_of_the_sources_can_be_read() {
    assert!(FailedSeeds::of_the_sources().of_kind("trees").unwrap().contains(&27));
}
