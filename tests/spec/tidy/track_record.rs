//! The track record names what is there.

use std::fs;

use super::sources::{sources, workspace};

#[test]
fn every_test_and_every_path_that_the_track_record_names_exists() {
    let record =
        fs::read_to_string(workspace().join("docs/track-record.md")).expect("the book has this page");
    let sources = sources();
    let is_there = |name: &str| {
        if name.starts_with("tests/") || name.starts_with("crates/") {
            return workspace().join(name).exists();
        }
        let test = format!("fn {}", name.trim_end_matches('.'));
        sources.iter().any(|source| source.text.contains(&test))
    };
    let rows = record.lines().filter(|line| line.starts_with("| ") && !line.contains("---"));
    let named: Vec<&str> = rows.flat_map(tests_in).collect();

    let missing: Vec<_> = named.iter().filter(|name| !is_there(name)).collect();

    assert!(named.len() > 20 && missing.is_empty(), "these are not there: {missing:#?}");
}

/// What the last column names: paths, and tests, whose names are sentences.
fn tests_in(row: &str) -> impl Iterator<Item = &str> {
    let last = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default();
    let quoted = last.split('`').skip(1).step_by(2);
    quoted.filter(|name| name.contains('/') || name.matches('_').count() > 3)
}
