//! One name means one thing: no two types of the workspace have the same name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::code::code_of;
use super::sources::{Source, sources};

/// What a pure machine is told, what it answers and what it is: its module says of which machine.
const OF_MACHINES: [&str; 4] = ["Input", "Action", "State", "Phase"];

/// Names that still have several meanings, and the crates in which they do. What is renamed is taken out.
const REPEATED: &[(&str, &str)] = &[
    ("Answer", "observer procs"),
    ("Attributes", "demo procs"),
    ("Check", "procs"),
    ("Child", "demo procs"),
    ("Client", "observer procs"),
    ("Command", "demo procs"),
    ("Condition", "procs"),
    ("Containment", "demo procs"),
    ("Control", "observer procs"),
    ("Ended", "core demo"),
    ("Entry", "demo procs"),
    ("Failed", "demo procs"),
    ("Failure", "demo procs"),
    ("Format", "demo"),
    ("Heard", "procs"),
    ("Input", "demo"),
    ("Job", "procs"),
    ("Kind", "demo"),
    ("Known", "observer procs"),
    ("Launch", "core procs"),
    ("Line", "observer procs"),
    ("Lines", "demo procs"),
    ("Listener", "observer procs"),
    ("Listening", "procs signals"),
    ("Log", "demo procs"),
    ("Mark", "observer"),
    ("Member", "procs"),
    ("Members", "demo procs"),
    ("Message", "observer procs"),
    ("Modes", "demo"),
    ("Next", "observer procs"),
    ("OpenError", "demo observer"),
    ("Outcome", "core demo"),
    ("Over", "demo procs"),
    ("Part", "observer procs"),
    ("Phase", "observer"),
    ("Place", "observer procs"),
    ("Probe", "demo procs rootward"),
    ("Process", "procs"),
    ("Program", "demo procs"),
    ("Pump", "demo procs"),
    ("Reach", "demo procs"),
    ("Ready", "demo procs"),
    ("Refusal", "demo observer"),
    ("Remaining", "procs"),
    ("Request", "core procs"),
    ("Result", "procs"),
    ("Retry", "observer procs"),
    ("Round", "core procs"),
    ("Row", "demo observer"),
    ("Said", "demo observer"),
    ("Screen", "demo"),
    ("Section", "demo observer"),
    ("Seen", "demo observer"),
    ("Socket", "observer procs"),
    ("SocketFile", "observer procs"),
    ("Stage", "demo procs"),
    ("State", "demo procs"),
    ("Stream", "core observer"),
    ("Target", "demo procs"),
    ("Value", "demo observer"),
    ("Waited", "demo procs"),
    ("Waiting", "demo procs"),
    ("Written", "demo procs"),
];

#[test]
fn no_two_types_have_the_same_name() {
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let is_of_a_crate = |source: &&Source| source.has_directory("src") && !source.is_test();
    for source in sources().iter().filter(is_of_a_crate).filter(|source| source.is_in("crates")) {
        for name in types_in(source) {
            files.entry(name).or_default().insert(source.path.display().to_string());
        }
    }
    let is_known = |name: &str, files: &BTreeSet<String>| {
        let crates: BTreeSet<&str> = files.iter().filter_map(|file| file.split('/').nth(1)).collect();
        REPEATED.iter().any(|(repeated, known)| {
            *repeated == name && crates.iter().all(|name| known.split(' ').any(|known| known == *name))
        })
    };

    let repeated: Vec<_> =
        files.iter().filter(|(name, files)| files.len() > 1 && !is_known(name, files)).collect();

    assert!(repeated.is_empty(), "these names have several meanings: {repeated:#?}");
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
