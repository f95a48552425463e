//! The track record names what is there: each row has a test, a command that measures, or a section of a page.

use std::fs;
use std::path::Path;

use super::links::is_there;
use super::sources::{Source, sources, workspace};

/// The page, and where it is.
const PAGE: &str = "docs/track-record.md";

#[test]
fn every_row_of_the_track_record_names_a_test_a_command_or_a_section_and_all_of_them_exist() {
    let text = fs::read_to_string(workspace().join(PAGE)).expect("the book has this page");
    let sources = sources();
    let mut wrong = Vec::new();
    let mut rows = 0;
    for row in rows_of(&text) {
        rows += 1;
        let proofs = proofs_in(row);
        let shown: String = row.chars().take(80).collect();
        if !proofs.iter().any(Proof::holds_a_row) {
            wrong.push(format!("{shown}: names no test, no command and no section"));
        }
        let missing = proofs.iter().filter(|proof| !proof.exists(&sources));
        wrong.extend(missing.map(|proof| format!("{shown}: {proof:?} is not there")));
    }

    assert!(rows > 150, "the rows are found: {rows}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_directory_alone_holds_no_row() {
    let holds = |cell: &str| proofs_in(&format!("| what | {cell} |")).iter().any(Proof::holds_a_row);

    assert!(holds("`what_is_there_is_named_by_a_test`"));
    assert!(holds("`.ci/floors`, and what else there is"));
    assert!(holds("[why](design.md#tenets)"));
    assert!(!holds("`tests/spec/hostile`"));
    assert!(!holds("[the whole page](design.md)"));
    assert!(!holds("none: it cannot come again"));
}

/// What the last column of a row names.
#[derive(Debug, PartialEq)]
enum Proof {
    /// A test function. Its name is a sentence.
    Test(String),
    /// A file or directory.
    File(String),
    /// A script of this workspace that is run by hand or by CI.
    Command(String),
    /// A link to a page, and whether it names a section.
    Section(String, bool),
}

impl Proof {
    /// Whether a row that names this and nothing else can be checked.
    fn holds_a_row(&self) -> bool {
        match self {
            Self::Test(_) | Self::Command(_) => true,
            Self::Section(_, names_a_section) => *names_a_section,
            Self::File(_) => false,
        }
    }

    fn exists(&self, sources: &[Source]) -> bool {
        match self {
            Self::Test(name) => sources.iter().any(|source| has_test(&source.text, name)),
            Self::File(path) | Self::Command(path) => workspace().join(path).exists(),
            Self::Section(target, _) => is_there(Path::new(PAGE), target),
        }
    }
}

/// The rows of all tables, without their heads.
fn rows_of(text: &str) -> impl Iterator<Item = &str> {
    let lines: Vec<&str> = text.lines().collect();
    let is_head = |n: usize| lines.get(n + 1).is_some_and(|next| next.starts_with("| ---"));
    let is_row = |n: usize| lines[n].starts_with("| ") && !lines[n].starts_with("| ---") && !is_head(n);
    let rows: Vec<&str> = (0..lines.len()).filter(|n| is_row(*n)).map(|n| lines[n]).collect();
    rows.into_iter()
}

fn proofs_in(row: &str) -> Vec<Proof> {
    let last = row.trim_end_matches([' ', '|']).rsplit(" | ").next().unwrap_or_default();
    let quoted = last.split('`').skip(1).step_by(2).filter_map(quoted);
    let targets = last.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let linked = targets.map(|target| Proof::Section(target.to_owned(), target.contains('#')));
    quoted.chain(linked).collect()
}

fn quoted(name: &str) -> Option<Proof> {
    if let Some(command) = name.split(' ').next().filter(|word| word.starts_with(".ci/")) {
        return Some(Proof::Command(command.to_owned()));
    }
    if name.starts_with("cargo run --manifest-path ") || name.starts_with("cargo bench --manifest-path ") {
        return name.split(' ').nth(3).map(|path| Proof::Command(path.to_owned()));
    }
    if name.starts_with("tests/") || name.starts_with("crates/") {
        return Some(Proof::File(name.to_owned()));
    }
    (name.matches('_').count() > 3).then(|| Proof::Test(name.to_owned()))
}

/// Whether there is a function of this name with an attribute that makes it a test, at most a few lines above it.
pub(super) fn has_test(text: &str, name: &str) -> bool {
    let Some(at) = text.find(&format!("fn {name}(")) else { return false };
    let above = text[..at].rsplit_once('\n').map_or("", |(above, _)| above);
    let is_of_the_item = |line: &&str| !matches!(line.trim(), "" | "}");
    above
        .lines()
        .rev()
        .take(8)
        .take_while(is_of_the_item)
        .any(|line| line.contains("#[") && line.contains("test"))
}
