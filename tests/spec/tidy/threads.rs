//! Every thread that the library starts stands in the book, and no other.

use std::collections::BTreeSet;
use std::fs;

use super::sources::{sources, workspace};

/// Processes, which have such names as well.
const PROCESSES: [&str; 3] = ["rootward-init", "rootward-reaper", "rootward-warden"];

/// A thread of a process that is not the program, and a piece of memory.
const ELSEWHERE: [&str; 2] = ["rootward-orphans", "rootward-order"];

#[test]
fn every_thread_that_the_library_starts_stands_in_the_book() {
    let page = fs::read_to_string(workspace().join("docs/embedding.md")).expect("the book has this page");
    let (_, section) = page.split_once("## Threads\n").expect("it tells of threads");
    let section = section.split("\n## ").next().unwrap_or_default();
    let told: BTreeSet<&str> =
        section.split('`').skip(1).step_by(2).filter(|name| name.starts_with("rootward-")).collect();

    let sources = sources();
    let started: BTreeSet<&str> = sources
        .iter()
        .filter(|source| source.is_in("crates") && source.has_directory("src"))
        .filter(|source| !source.is_in("crates/demo") && !source.is_test())
        .flat_map(|source| source.text.lines().filter_map(thread_in))
        .filter(|name| !ELSEWHERE.contains(name))
        .collect();

    let told_alone: Vec<_> = told.difference(&started).filter(|name| !PROCESSES.contains(name)).collect();
    assert!(started.len() > 10, "they are found: {started:?}");
    assert_eq!(started.difference(&told).collect::<Vec<_>>(), Vec::<&&str>::new(), "the book is silent");
    assert!(told_alone.is_empty(), "the book tells of these, and none starts them: {told_alone:?}");
}

/// The name that a line gives a thread, or that a constant has.
fn thread_in(line: &str) -> Option<&str> {
    let names = line.split('"').skip(1).step_by(2);
    names.filter(|name| !PROCESSES.contains(name)).find(|name| {
        name.strip_prefix("rootward-")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_lowercase()))
    })
}
