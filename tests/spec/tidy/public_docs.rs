//! What the documentation of a public item has to say.

use std::collections::BTreeSet;
use std::fs;

use super::sources::{sources, workspace};

/// The crates that programs depend on.
const LIBRARIES: [&str; 5] = [
    "crates/core/src",
    "crates/procs/src",
    "crates/signals/src",
    "crates/observer/src",
    "crates/rootward/src",
];

#[test]
fn every_public_async_function_says_what_happens_if_its_future_is_dropped() {
    let public = public_async_functions();
    let (mut found, mut silent) = (BTreeSet::new(), Vec::new());
    for source in sources().iter().filter(|source| LIBRARIES.iter().any(|place| source.is_in(place))) {
        let mut docs = Docs::default();
        for (number, line) in source.text.lines().map(str::trim).enumerate() {
            if let Some(name) = line.strip_prefix("pub async fn ").map(up_to_parameters)
                && public.contains(name)
            {
                found.insert(name.to_owned());
                if !docs.names_cancel_safety {
                    silent.push(format!("{}:{}", source.path.display(), number + 1));
                }
            }
            docs.read(line);
        }
    }

    assert_eq!(found, public, "each is found, and there are some");
    assert!(!found.is_empty());
    assert!(silent.is_empty(), "these have no `# Cancel safety`: {silent:#?}");
}

/// Their names, of all that the public API lists.
fn public_async_functions() -> BTreeSet<String> {
    let directory = fs::read_dir(workspace().join("docs/api")).expect("the public API is written down");
    let files = directory.map(|entry| entry.expect("it can be read").path());
    let texts: Vec<String> = files.map(|file| fs::read_to_string(file).expect("it is text")).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let paths = lines.filter_map(|line| line.strip_prefix("pub async fn ")).map(without_generics);
    let names =
        paths.filter_map(|path| path.rsplit("::").next().map(|name| up_to_parameters(name).to_owned()));
    names.collect()
}

/// What stands before the parameters of a function.
fn up_to_parameters(function: &str) -> &str {
    function.split(['(', '<']).next().unwrap_or_default()
}

/// The path of a function up to its parameters, without what stands between angle brackets.
fn without_generics(function: &str) -> String {
    let mut depth = 0;
    let mut path = String::new();
    for c in function.chars().take_while(|c| *c != '(') {
        depth += i32::from(c == '<');
        if depth == 0 {
            path.push(c);
        }
        depth -= i32::from(c == '>');
    }
    path
}

/// What stands above a line.
#[derive(Default)]
struct Docs {
    names_cancel_safety: bool,
}

impl Docs {
    fn read(&mut self, line: &str) {
        if !line.starts_with("//") && !line.starts_with("#[") {
            *self = Self::default();
        }
        self.names_cancel_safety |= line == "/// # Cancel safety";
    }
}
