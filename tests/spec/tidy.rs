//! The house rules of this workspace, as tests.

mod code;
mod features;
mod floors;
mod front_page;
mod hostile_table;
mod imports;
mod language;
mod links;
mod names;
mod otp_rules;
mod public_docs;
mod sources;
mod threads;
mod track_record;
mod ways;

use std::collections::BTreeSet;
use std::path::Path;

use self::code::{code_of, identifiers, is_let_chain};
use self::sources::{Source, book, sources};

/// Files beyond this are better two.
const LONGEST: usize = 450;

#[test]
fn every_module_says_what_it_is_for() {
    let silent = offenders(|source| source.is_in("crates") && !source.text.starts_with("//! "));

    assert!(silent.is_empty(), "these do not open with `//!`: {silent:#?}");
}

#[test]
fn every_file_is_short_enough_to_be_read() {
    let long = offenders(|source| source.text.lines().count() > LONGEST);

    assert!(long.is_empty(), "these have more than {LONGEST} lines: {long:#?}");
}

#[test]
fn policy_is_pure() {
    let forbidden =
        ["tokio", "ractor", "nix", "tracing", "rand", "SystemTime", "std::thread", "Instant::now"];
    let is_impure = |source: &Source| {
        let code = code_of(&source.text);
        let named = identifiers(&code);
        forbidden.iter().any(|word| named.contains(word) || word.contains("::") && code.contains(word))
    };

    let impure = offenders(|source| source.has_directory("policy") && !source.is_test() && is_impure(source));

    assert!(impure.is_empty(), "these know more than a policy may: {impure:#?}");
}

/// A subscriber is foreign code, which may block: what calls it is a reader of the events, on a thread of its own.
#[test]
fn one_file_logs_and_one_makes_spans() {
    let logs = |source: &Source| {
        let macros = ["trace", "debug", "info", "warn", "error", "event", "span"];
        // What a file's own tests do is no matter of the library's.
        let text = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        let imported = text.lines().filter(|line| line.trim_start().starts_with("use tracing::"));
        let imported: Vec<_> = imported.flat_map(identifiers).map(str::to_owned).collect();
        let code = code_of(text);
        let is_used = |name: &str| {
            code.contains(&format!("tracing::{name}!"))
                || imported.iter().any(|import| import == name) && code.contains(&format!("{name}!("))
        };
        macros.into_iter().any(|name| is_used(name) || is_used(&format!("{name}_span")))
    };
    let library = |source: &Source| {
        source.is_in("crates")
            && source.has_directory("src")
            && !source.is_in("crates/demo")
            && !source.is_test()
    };
    let own = ["crates/core/src/event/telemetry.rs", "crates/core/src/event/span.rs"];

    let others = offenders(|source| {
        library(source) && logs(source) && !own.iter().any(|own| source.path == Path::new(own))
    });

    assert!(others.is_empty(), "these call the program's subscriber: {others:#?}");
}

#[test]
fn what_is_unsafe_stands_in_a_directory_called_sys() {
    let is_unsafe = |source: &Source| identifiers(&code_of(&source.text)).contains("unsafe");

    let elsewhere = offenders(|source| !source.has_directory("sys") && is_unsafe(source));

    assert!(elsewhere.is_empty(), "these are unsafe: {elsewhere:#?}");
}

#[test]
fn every_test_that_the_book_names_is_there() {
    let sources = sources();
    let mut functions = BTreeSet::new();
    for source in &sources {
        let names = source.text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
        functions.extend(names);
    }
    let book = book();
    // What is written as code and looks like a sentence. An ellipsis stands for the rest of it.
    let named = book.split('`').skip(1).step_by(2).filter(|code| code.matches('_').count() > 2);

    let is_there = |name: &str| match name.strip_suffix('…') {
        Some(beginning) => functions.iter().any(|function| function.starts_with(beginning)),
        None => functions.contains(name),
    };
    let missing: Vec<_> = named.filter(|name| !is_there(name)).collect();

    assert!(missing.is_empty(), "no test is called like this: {missing:#?}");
}

#[test]
fn no_lint_is_allowed_and_no_test_is_ignored() {
    let silenced = offenders(|source| {
        let code = code_of(&source.text).replace(' ', "");
        ["#[allow(", "#![allow(", "#[ignore"].iter().any(|attribute| code.contains(attribute))
    });

    assert!(silenced.is_empty(), "exceptions are expected with a reason, and tests run: {silenced:#?}");
}

#[test]
fn the_libraries_are_written_for_the_oldest_compiler_that_they_promise() {
    // The demo and the tests promise a later one.
    let is_of_library = |source: &Source| source.is_in("crates") && !source.is_in("crates/demo");
    let too_new = offenders(|source| is_of_library(source) && is_let_chain(&code_of(&source.text)));

    assert!(too_new.is_empty(), "let-chains came after the promised version: {too_new:#?}");
}

#[test]
fn every_test_and_every_fixture_is_there_to_be_run() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest: toml::Table = read(&tests.join("Cargo.toml")).parse().expect("a manifest is TOML");
    let programs = manifest["bin"].as_array().expect("there are fixtures");
    let declared: Vec<_> = programs.iter().filter_map(|program| program["path"].as_str()).collect();
    let all = sources();
    let is_of_modules = |source: &Source| source.is_in("tests/spec") || source.is_in("tests/embedded");
    let modules: String =
        all.iter().filter(|source| is_of_modules(source)).map(|it| it.text.as_str()).collect();

    let forgotten = offenders(|source| {
        let name = source.path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let is_program = || declared.iter().any(|path| source.path.ends_with(path));
        let is_module = || ["main", "mod"].contains(&name) || modules.contains(&format!("mod {name};\n"));
        (source.is_in("tests/fixtures") && !is_program()) || (is_of_modules(source) && !is_module())
    });

    assert!(forgotten.is_empty(), "these are never run: {forgotten:#?}");
}

/// The source files to which this applies.
fn offenders(applies: impl Fn(&Source) -> bool) -> Vec<String> {
    sources()
        .iter()
        .filter(|source| applies(source))
        .map(|source| source.path.display().to_string())
        .collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
