//! The floors that ARCHITECTURE.md draws: no import runs upward, and no two files import each other.
//!
//! A name counts where it stands, and not where `mod.rs` or `lib.rs` hand it on.
//!
//! A module here is a directory, or a file that stands alone. A file and the `mod.rs` above it count as one when cycles
//! are looked for: `mod.rs` declares its files, and they extend what it defines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::code::code_of;
use super::sources::{Source, sources, workspace};

#[test]
fn no_module_of_the_core_imports_from_its_own_floor_or_from_above() {
    let floors = drawn_floors();
    let floor_of = |room: &str| floors.iter().position(|floor| floor.iter().any(|other| other == room));
    let modules = Modules::of("crates/core/src");
    let mut wrong = Vec::new();
    for module in modules.names().filter(|module| !module.is_empty()) {
        let room = &module[0];
        let Some(floor) = floor_of(room) else {
            wrong.push(format!("{room} is on no floor"));
            continue;
        };
        for other in modules.imported_by(module) {
            // The first floor that is drawn is the highest.
            if other[0] != *room && floor_of(&other[0]).is_some_and(|other| other <= floor) {
                wrong.push(format!("{} imports {}", module.join("::"), other.join("::")));
            }
        }
    }

    assert!(wrong.is_empty(), "these imports run upward: {wrong:#?}");
}

#[test]
fn no_two_files_import_each_other_on_any_way() {
    let mut circles = BTreeSet::new();
    for name in ["core", "procs", "signals", "rootward", "observer", "demo"] {
        let modules = Modules::of(&format!("crates/{name}/src"));
        let mut imports: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for module in modules.names().filter(|module| !module.is_empty()) {
            let others = modules.imported_by(module).into_iter();
            let others = others.filter(|other| !other.starts_with(module) && !module.starts_with(other));
            imports.insert(module.clone(), others.collect());
        }
        for circle in imports.keys().filter_map(|module| circle_through(module, &imports)) {
            circles.insert(circle.iter().map(|file| format!("{name}::{file}")).collect::<Vec<_>>());
        }
    }

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
    source.is_in(root) && !source.is_test() && name != Some("main.rs")
}

/// The files of a crate, what they import and what they hand on.
struct Modules(BTreeMap<Path, Module>);

/// The names on the way to something, from the crate down.
type Path = Vec<String>;

/// A file.
struct Module {
    /// Every path in it that begins at the crate or at a module near it.
    paths: Vec<Path>,
    /// What its `use` bind, by their names. Other files find it there.
    bound: BTreeMap<String, Path>,
}

impl Modules {
    fn of(root: &str) -> Self {
        Self::in_files(root, &sources())
    }

    fn in_files(root: &str, sources: &[Source]) -> Self {
        let files = sources.iter().filter(|source| is_code_of(root, source));
        let read = |source: &Source| {
            let code = code_of(&source.text);
            (module_of(root, source), Module { paths: paths_in(&code), bound: bound_in(&code) })
        };
        Self(files.map(read).collect())
    }

    fn names(&self) -> impl Iterator<Item = &Path> {
        self.0.keys()
    }

    /// The files in which that stands which a file imports. `lib.rs` itself is none.
    fn imported_by(&self, module: &Path) -> BTreeSet<Path> {
        let paths = self.0.get(module).map(|module| &module.paths);
        let found = paths.into_iter().flatten().filter_map(|path| self.file_of(path, module));
        found.filter(|other| !other.is_empty()).collect()
    }

    /// The file in which that stands which a path in a file names, also if other files hand it on.
    fn file_of(&self, path: &[String], from: &[String]) -> Option<Path> {
        let mut path = self.below_the_crate(path, from)?;
        // More files than this hand on nothing.
        for _ in 0..8 {
            let mut module = path.clone();
            while !self.0.contains_key(&module) {
                module.pop()?;
            }
            let handed_on = path.get(module.len()).and_then(|name| self.0[&module].bound.get(name));
            let Some(next) = handed_on.and_then(|next| self.below_the_crate(next, &module)) else {
                return Some(module);
            };
            path = next.into_iter().chain(path.drain(module.len() + 1..)).collect();
        }
        None
    }

    /// A path as it is seen from the crate. `None` if it leads into another crate.
    fn below_the_crate(&self, path: &[String], from: &[String]) -> Option<Path> {
        let mut base = from.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (base, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            child => {
                let below: Path = from.iter().cloned().chain([child.to_owned()]).collect();
                if !self.0.contains_key(&below) {
                    return None;
                }
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }
}

/// The path of the module that a file is: `supervisor`, `engine`, `facts`.
fn module_of(root: &str, source: &Source) -> Vec<String> {
    let path = source.path.strip_prefix(root).expect("it is below the root").with_extension("");
    let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
    parts.filter(|part| part != "mod" && part != "lib").collect()
}

/// Every path in a file that begins at the crate or at a module near it, with the parts of its braces one by one.
fn paths_in(code: &str) -> Vec<Path> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("::") {
        let before = &code[..at];
        let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |index| index + 1);
        let first = &before[start..];
        if matches!(first, "crate" | "super" | "self") && !before[..start].ends_with("::") {
            expand(vec![first.to_owned()], &code[at + 2..], &mut |path, _| paths.push(path));
        }
    }
    paths
}

/// What the `use` in a file bind, by their names.
fn bound_in(code: &str) -> BTreeMap<String, Path> {
    let mut bound = BTreeMap::new();
    let uses = code.split_inclusive(';').filter_map(|statement| {
        let at = statement.rfind("use ").filter(|at| statement[..*at].ends_with(['\n', ' ']) || *at == 0)?;
        statement[at + 4..].strip_suffix(';')
    });
    for what in uses {
        expand(Vec::new(), what, &mut |mut path, alias| {
            // `a::{self}` binds `a`.
            if path.last().is_some_and(|last| last == "self") {
                path.pop();
            }
            if let Some(name) = alias.or(path.last().cloned()) {
                bound.insert(name, path);
            }
        });
    }
    bound
}

/// Follows a path through its braces, and hands out each with the name that it is given.
fn expand(so_far: Path, rest: &str, found: &mut impl FnMut(Path, Option<String>)) {
    if let Some(inside) = rest.strip_prefix('{') {
        for part in parts_of(inside) {
            expand(so_far.clone(), part.trim_start(), found);
        }
        return;
    }
    let name = name_at(rest);
    let mut path = so_far;
    path.push(name.to_owned());
    let rest = &rest[name.len()..];
    match rest.strip_prefix("::") {
        Some(more) => expand(path, more, found),
        None => found(path, rest.strip_prefix(" as ").map(|alias| name_at(alias).to_owned())),
    }
}

fn name_at(rest: &str) -> &str {
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    &rest[..end]
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
    let code = "use crate::{c::{D, e::F}, g};\nuse super::h::I;\n";

    let found: Vec<String> = paths_in(code).iter().map(|path| path.join("::")).collect();

    assert_eq!(found, ["crate::c::D", "crate::c::e::F", "crate::g", "super::h::I"]);
}

#[test]
fn what_other_files_hand_on_is_found_where_it_stands() {
    let file = |path: &str, text: &str| Source { path: path.into(), text: text.to_owned() };
    let modules = Modules::in_files(
        "src",
        &[
            file("src/lib.rs", "mod a;\nmod b;\n\npub use a::{Deep as Shallow, b_of_a};\n"),
            file(
                "src/a/mod.rs",
                "mod deep;\nmod other;\npub(crate) use deep::{self, Deep};\npub use super::b as b_of_a;\n",
            ),
            file("src/a/deep.rs", "use super::Other;\nuse std::fmt;"),
            file("src/a/other.rs", ""),
            file("src/b.rs", "use crate::Shallow;\nuse crate::a::{Other, deep::X};\nuse crate::Z;"),
            file("src/c.rs", "use crate::b_of_a::Y;"),
        ],
    );
    let imported_by = |module: &str| {
        let module: Path = module.split("::").map(str::to_owned).collect();
        modules.imported_by(&module).iter().map(|path| path.join("::")).collect::<Vec<_>>()
    };

    assert_eq!(imported_by("b"), ["a", "a::deep"]);
    assert_eq!(imported_by("c"), ["b"]);
    assert_eq!(imported_by("a::deep"), ["a"]);
}
