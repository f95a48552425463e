//! The front page of the facade names what stands there.

use std::fs;

use super::sources::workspace;

#[test]
fn the_front_page_names_every_name_and_every_module_of_the_facade() {
    let source = fs::read_to_string(workspace().join("crates/rootward/src/lib.rs")).expect("it has a facade");
    let page: String = source.lines().filter(|line| line.starts_with("//!")).collect();

    let public = public_names(&source);

    assert!(public.len() > 30, "they are found: {public:?}");
    let is_silent =
        |name: &&String| !page.contains(&format!("`{name}`")) && !page.contains(&format!("`mod@{name}`"));
    let silent: Vec<_> = public.iter().filter(is_silent).filter(|name| *name != "run").collect();
    assert!(page.contains("[`run()`]"), "`run` is named as a function");
    assert!(silent.is_empty(), "the front page says nothing of these: {silent:?}");
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
        if let Some(module) = line.strip_prefix("pub mod ") {
            names.push(module.trim_end_matches([';', '{', ' ']).to_owned());
        } else if line.starts_with("pub use ") {
            let mut item = line.to_owned();
            while !item.ends_with(';') {
                item.push_str(lines.next().expect("an item ends"));
            }
            if !attributes.contains("doc(hidden)") && !attributes.contains("doc(no_inline)") {
                let list = item.rsplit("::").next().unwrap_or_default();
                let list = list.trim_matches(['{', '}', ';', ' ']).split(',').map(str::trim);
                names.extend(list.filter(|name| !name.is_empty()).map(str::to_owned));
            }
        }
        attributes.clear();
    }
    names
}
