//! The table of hostile code names tests that are there, at the head of the file whose tests are about it.

use std::fs;

use super::sources::{sources, workspace};
use super::track_record::has_test;

#[test]
fn every_test_that_the_table_of_hostile_code_names_is_there() {
    let page = fs::read_to_string(workspace().join("tests/spec/hostile.rs")).expect("the table has a file");
    let sources = sources();
    let is_there = |name: &str| sources.iter().any(|source| has_test(&source.text, name));

    let named: Vec<&str> = page.lines().filter(|line| line.starts_with("//! |")).flat_map(tests_in).collect();
    let missing: Vec<&str> = named.iter().copied().filter(|name| !is_there(name)).collect();

    assert!(named.len() > 20, "the table is found: {named:?}");
    assert!(missing.is_empty(), "no test is called like this: {missing:#?}");
}

/// The tests that a row names, behind what it is about: their names are sentences.
fn tests_in(row: &str) -> impl Iterator<Item = &str> {
    let cells = row.split(" | ").skip(2);
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).filter(|name| name.matches('_').count() > 2)
}
