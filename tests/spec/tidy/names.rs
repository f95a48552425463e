//! One name means one thing: no two types of the workspace have the same name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::code::code_of;
use super::sources::{Source, sources};

/// What a pure machine is told, what it answers and what it is: its module says of which machine.
const OF_MACHINES: [&str; 4] = ["Input", "Action", "State", "Phase"];

/// Names that two crates define, by one of two rules. What a tree file says of a thing has the thing's name, as what is
/// sent of it has. And a command line has commands, as every program of clap's has, next to the command that a process
/// executes. No crate defines a name twice.
const REPEATED: [(&str, [&str; 2]); 3] =
    [("Attributes", ["demo", "procs"]), ("Command", ["demo", "procs"]), ("Ready", ["demo", "procs"])];

#[test]
fn no_two_types_have_the_same_name() {
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let is_of_a_crate = |source: &&Source| source.has_directory("src") && !source.is_test();
    for source in sources().iter().filter(is_of_a_crate).filter(|source| source.is_in("crates")) {
        for name in types_in(source) {
            files.entry(name).or_default().insert(source.path.display().to_string());
        }
    }
    files.retain(|_, files| files.len() > 1);
    let crates_of = |files: &BTreeSet<String>| -> Vec<String> {
        files.iter().filter_map(|file| file.split('/').nth(1)).map(str::to_owned).collect()
    };
    let is_known = |name: &str, files: &BTreeSet<String>| {
        REPEATED.iter().any(|(repeated, known)| *repeated == name && crates_of(files) == *known)
    };

    let repeated: Vec<_> = files.iter().filter(|(name, files)| !is_known(name, files)).collect();
    let idle: Vec<_> = REPEATED.iter().filter(|(name, _)| !files.contains_key(*name)).collect();

    assert!(repeated.is_empty(), "these names have several meanings: {repeated:#?}");
    assert!(idle.is_empty(), "these names have one meaning each, and need not be in the list: {idle:?}");
}

/// The types that a file defines and that need a name of their own.
fn types_in(source: &Source) -> BTreeSet<String> {
    // What is sent is called as in the tree that it tells of.
    if source.is_in("crates/observer/src/wire") {
        return BTreeSet::new();
    }
    let code = code_of(&source.text);
    let names = code.lines().filter_map(defined_in).map(str::to_owned);
    names.filter(|name| !(source.has_directory("policy") && OF_MACHINES.contains(&name.as_str()))).collect()
}

/// The type that a line defines. The type of a trait's implementation is the trait's.
pub(super) fn defined_in(line: &str) -> Option<&str> {
    let item = line.trim_start();
    let item = match item.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.trim_start(),
        None => item,
    };
    let (keyword, rest) = item.split_once(' ')?;
    let is_type = match keyword {
        "struct" | "enum" | "trait" | "union" => true,
        "type" => !line.starts_with(' '),
        _ => false,
    };
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    (is_type && end > 0).then_some(&rest[..end])
}

#[test]
fn the_types_of_a_file_are_found_and_those_of_a_machine_have_its_words() {
    let text = "pub(super) struct A<T> {\n    enum B {\nimpl C for D {\n    type Output = E;\ntype F = G;\nenum Input {\n";
    let file = |path: &str| Source { path: Path::new(path).to_owned(), text: text.to_owned() };
    let found = |path: &str| types_in(&file(path)).into_iter().collect::<Vec<_>>().concat();

    assert_eq!(found("crates/x/src/y.rs"), "ABFInput");
    assert_eq!(found("crates/x/src/policy/y.rs"), "ABF");
    assert_eq!(found("crates/observer/src/wire/y.rs"), "");
}
