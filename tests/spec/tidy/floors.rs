//! The floors that ARCHITECTURE.md draws: no import runs upward, and no two files import each other.
//!
//! A module here is a directory, or a file that stands alone. A file and the `mod.rs` above it count as one when cycles
//! are looked for: `mod.rs` declares its files, and they extend what it defines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::code::code_of;
use super::sources::{Source, sources, workspace};

#[test]
fn no_module_of_the_core_imports_from_its_own_floor_or_from_above() {
    let floors = drawn_floors();
    let floor_of = |room: &str| floors.iter().position(|floor| floor.iter().any(|other| other == room));
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| is_code_of("crates/core/src", source)) {
        let module = module_of("crates/core/src", source);
        let Some(room) = module.first() else { continue };
        let Some(floor) = floor_of(room) else {
            wrong.push(format!("{room} is on no floor"));
            continue;
        };
        for path in paths_in(source) {
            let ("crate", Some(other)) = (path[0].as_str(), path.get(1)) else { continue };
            // The first floor that is drawn is the highest.
            if other != room && floor_of(other).is_some_and(|other| other <= floor) {
                wrong.push(format!("{} imports {other}", source.path.display()));
            }
        }
    }

    assert!(wrong.is_empty(), "these imports run upward: {wrong:#?}");
}

#[test]
fn no_two_files_import_each_other_on_any_way() {
    let mut circles = Vec::new();
    for root in
        ["core", "procs", "signals", "rootward", "observer", "demo"].map(|name| format!("crates/{name}/src"))
    {
        let all = sources();
        let files: Vec<&Source> = all.iter().filter(|source| is_code_of(&root, source)).collect();
        let modules: BTreeSet<Vec<String>> = files.iter().map(|source| module_of(&root, source)).collect();
        let imports: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = files
            .iter()
            .map(|source| {
                let module = module_of(&root, source);
                let found = paths_in(source).into_iter().filter_map(|path| resolve(&path, &module, &modules));
                let others = found.filter(|other| !other.starts_with(&module) && !module.starts_with(other));
                (module.clone(), others.collect())
            })
            .collect();
        circles.extend(modules.iter().filter_map(|module| circle_through(module, &imports)));
    }
    circles.sort();
    circles.dedup();

    assert!(circles.is_empty(), "these import each other: {circles:#?}");
}

/// The floors of the core as ARCHITECTURE.md draws them, the highest first.
fn drawn_floors() -> Vec<Vec<String>> {
    let text = fs::read_to_string(workspace().join("ARCHITECTURE.md")).expect("it is there");
    let (_, rest) = text.split_once("```floors\n").expect("the floors are drawn");
    let (drawing, _) = rest.split_once("```").expect("the drawing has an end");
    let floor =
        |line: &str| line.split([' ', ',']).filter(|room| !room.is_empty()).map(str::to_owned).collect();
    drawing.lines().map(floor).collect()
}

fn is_code_of(root: &str, source: &Source) -> bool {
    let name = source.path.file_name().and_then(|name| name.to_str());
    source.is_in(root) && !source.is_test() && !matches!(name, Some("lib.rs" | "main.rs"))
}

/// The path of the module that a file is: `supervisor`, `engine`, `facts`.
fn module_of(root: &str, source: &Source) -> Vec<String> {
    let path = source.path.strip_prefix(root).expect("it is below the root").with_extension("");
    let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
    parts.filter(|part| part != "mod").collect()
}

/// Every path in a file that begins at the crate or at a module near it, with the parts of its braces one by one.
fn paths_in(source: &Source) -> Vec<Vec<String>> {
    let code = code_of(&source.text);
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("::") {
        let before = &code[..at];
        let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |index| index + 1);
        let first = &before[start..];
        if matches!(first, "crate" | "super" | "self") && !before[..start].ends_with("::") {
            expand(vec![first.to_owned()], &code[at + 2..], &mut paths);
        }
    }
    paths
}

/// Follows a path through its braces.
fn expand(so_far: Vec<String>, rest: &str, paths: &mut Vec<Vec<String>>) {
    if let Some(inside) = rest.strip_prefix('{') {
        for part in parts_of(inside) {
            expand(so_far.clone(), part.trim_start(), paths);
        }
        return;
    }
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let mut path = so_far;
    path.push(rest[..end].to_owned());
    match rest[end..].strip_prefix("::") {
        Some(more) => expand(path, more, paths),
        None => paths.push(path),
    }
}

/// What stands between braces, split at the commas that are not inside of others.
fn parts_of(inside: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&inside[begin..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.into_iter().filter(|part| !part.trim().is_empty()).collect()
}

/// The file that a path leads to.
fn resolve(path: &[String], from: &[String], modules: &BTreeSet<Vec<String>>) -> Option<Vec<String>> {
    let mut base: Vec<String> = match path[0].as_str() {
        "crate" => Vec::new(),
        _ => from.to_vec(),
    };
    let mut rest = &path[usize::from(path[0] != "super")..];
    while rest.first().is_some_and(|part| part == "super") {
        base.pop();
        rest = &rest[1..];
    }
    base.extend(rest.iter().cloned());
    while !base.is_empty() && !modules.contains(&base) {
        base.pop();
    }
    (!base.is_empty()).then_some(base)
}

/// The shortest way from a file back to itself.
fn circle_through(
    start: &[String],
    imports: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>,
) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_vec()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let here = way.last().expect("a way has a beginning");
            for next in imports.get(here).into_iter().flatten() {
                if next == start {
                    let mut names: Vec<String> = way.iter().map(|module| module.join("::")).collect();
                    let least = names.iter().min().cloned().expect("a way has a beginning");
                    let at = names.iter().position(|name| *name == least).expect("it is there");
                    names.rotate_left(at);
                    return Some(names);
                }
                if seen.insert(next.clone()) {
                    longer.push(way.iter().cloned().chain([next.clone()]).collect());
                }
            }
        }
        ways = longer;
    }
    None
}

#[test]
fn the_paths_of_a_file_are_found_through_braces() {
    let source = Source {
        path: Path::new("crates/core/src/a/b.rs").to_owned(),
        text: "use crate::{c::{D, e::F}, g};\nuse super::h::I;\n".to_owned(),
    };

    let found: Vec<String> = paths_in(&source).iter().map(|path| path.join("::")).collect();

    assert_eq!(found, ["crate::c::D", "crate::c::e::F", "crate::g", "super::h::I"]);
}
