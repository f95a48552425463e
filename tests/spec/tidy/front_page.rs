//! The front page of the facade names what stands there.

use std::collections::BTreeSet;
use std::fs;

use super::code::{code_of, identifiers};
use super::sources::{sources, workspace};

#[test]
fn the_front_page_names_every_name_and_every_module_of_the_facade() {
    let source = fs::read_to_string(workspace().join("crates/rootward/src/lib.rs")).expect("it has a facade");
    let page: String = source.lines().filter(|line| line.starts_with("//!")).collect();

    let public = public_names(&source);

    assert!(public.len() > 30, "they are found, modules and all: {public:?}");
    let is_silent =
        |name: &&String| !page.contains(&format!("`{name}`")) && !page.contains(&format!("`mod@{name}`"));
    let silent: Vec<_> = public.iter().filter(is_silent).filter(|name| *name != "run").collect();
    assert!(page.contains("[`run()`]"), "`run` is named as a function");
    assert!(silent.is_empty(), "the front page says nothing of these: {silent:?}");
}

#[test]
fn the_front_page_has_no_more_than_thirty_names_that_programs_need() {
    let source = fs::read_to_string(workspace().join("crates/rootward/src/lib.rs")).expect("it has a facade");
    let is_module = |name: &String| source.contains(&format!("pub mod {name}"));

    let names: Vec<_> = public_names(&source).into_iter().filter(|name| !is_module(name)).collect();

    assert!(names.len() > 20, "they are found: {names:?}");
    assert!(names.len() <= 30, "{} is too many, the rest belongs into a module: {names:?}", names.len());
}

/// What only the crates beside the core call is a function of its module `sibling`.
#[test]
fn what_only_sibling_crates_call_is_no_method_of_what_users_hold() {
    let mut hidden = Vec::new();
    for source in sources().iter().filter(|source| source.is_in("crates/core/src")) {
        let mut lines = source.text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            if line.trim() != "#[doc(hidden)]" {
                continue;
            }
            let item = lines.by_ref().map(|(_, line)| line.trim()).find(|line| !line.starts_with("#["));
            if item.is_some_and(|item| item.starts_with("pub fn") || item.starts_with("pub async fn")) {
                hidden.push(format!("{}:{}", source.path.display(), number + 1));
            }
        }
    }

    assert!(hidden.is_empty(), "these are public and hidden: {hidden:#?}");
}

/// What is exported at the top and shown there, and the public modules.
fn public_names(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut attributes = String::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("#[") {
            attributes.push_str(line);
            continue;
        }
        let is_hidden = attributes.contains("doc(hidden)");
        if let Some(module) = line.strip_prefix("pub mod ").filter(|_| !is_hidden) {
            names.push(module.trim_end_matches([';', '{', ' ']).to_owned());
        } else if line.starts_with("pub use ") {
            let mut item = line.to_owned();
            while !item.ends_with(';') {
                item.push_str(lines.next().expect("an item ends"));
            }
            if !is_hidden && !attributes.contains("doc(no_inline)") {
                let list = item.rsplit("::").next().unwrap_or_default();
                let list = list.trim_matches(['{', '}', ';', ' ']).split(',').map(str::trim);
                names.extend(list.filter(|name| !name.is_empty()).map(str::to_owned));
            }
        }
        attributes.clear();
    }
    names
}

/// A type that lost `Send` or `Sync` would be seen by its users alone.
#[test]
fn every_type_that_the_facade_exports_is_held_to_what_users_do_with_it() {
    let read = |path: &str| fs::read_to_string(workspace().join(path)).expect("it is there");
    let (facade, held) = (read("crates/rootward/src/lib.rs"), read("tests/spec/public_api.rs"));
    let code = code_of(&facade);
    let exported = code.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
    let is_type = |name: &&str| name.starts_with(|c: char| c.is_uppercase());
    let types: BTreeSet<&str> = exported.flat_map(identifiers).filter(is_type).collect();
    let held = identifiers(&held);

    // A trait that the compiler looks for, and no program holds.
    let missing: Vec<_> = types.difference(&held).filter(|name| **name != "IntoExit").collect();

    assert!(types.len() > 60, "they are found: {types:?}");
    assert!(missing.is_empty(), "`tests/spec/public_api.rs` says nothing of these: {missing:?}");
}
