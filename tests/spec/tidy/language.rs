//! The language of this project: words that went, and lines that can be read.

use std::fs;
use std::path::PathBuf;

use super::code::code_of;
use super::names::defined_in;
use super::sources::{Source, sources, sources_everywhere, workspace};

/// Pronouns without a subject: a reader has to guess which part of the program is meant.
const VAGUE: [&str; 9] =
    ["whoever", "whomever", "somebody", "nobody", "everybody", "anybody", "someone", "anyone", "everyone"];

/// Words that say no more than that in the name of a test.
const VAGUE_IN_NAMES: [&str; 3] = ["whatever", "something", "somehow"];

/// Words that only this project used where the field has one. They may not come back as names.
const GONE: [&str; 18] = [
    "nest", "bell", "grip", "leash", "ward", "roll", "scribe", "deputy", "fate", "kin", "census", "outlet",
    "wear", "seat", "board", "keeper", "survey", "moment",
];

/// The same, of words that are ordinary inside of other names: they name no type and no file.
const GONE_ALONE: [&str; 6] = ["StandIn", "stand_in", "Press", "press", "Rest", "rest"];

/// How wide a line of prose is at most.
const WIDTH: usize = 120;

#[test]
fn comments_have_subjects() {
    let mut vague = Vec::new();
    for source in sources_everywhere() {
        for (number, line) in source.text.lines().enumerate() {
            let Some(comment) = comment_of(line) else { continue };
            // The Unix user `nobody` has that name.
            if let Some(word) = vague_word_in(comment).filter(|_| !comment.contains("`nobody`")) {
                vague.push(format!("{}:{}: {word}", source.path.display(), number + 1));
            }
        }
    }

    for page in pages().into_iter().chain(["docs/benchmarks.md".into()]) {
        let text = fs::read_to_string(workspace().join(&page)).expect("a page can be read");
        let mut is_code = false;
        for (number, line) in text.lines().enumerate() {
            is_code ^= line.trim_start().starts_with("```");
            // What stands in quotes or as code is spoken of, not said.
            let said = without(&without(line, '`'), '"');
            if let (false, Some(word)) = (is_code, vague_word_in(&said)) {
                vague.push(format!("{}:{}: {word}", page.display(), number + 1));
            }
        }
    }

    for script in scripts() {
        let text =
            fs::read_to_string(&script).unwrap_or_else(|error| panic!("{}: {error}", script.display()));
        for (number, line) in text.lines().enumerate() {
            let Some(comment) = line.trim_start().strip_prefix('#') else { continue };
            // A sentence without a subject: "Who is not root is the server's user already."
            let is_who = comment.trim_start().starts_with("Who ") || comment.contains(". Who ");
            if let Some(word) = vague_word_in(comment).or(is_who.then_some("who")) {
                vague.push(format!("{}:{}: {word}", script.display(), number + 1));
            }
        }
    }

    assert!(vague.is_empty(), "these sentences do not say which part of the program acts: {vague:#?}");
}

#[test]
fn messages_have_subjects() {
    let mut vague = Vec::new();
    for source in sources().iter().filter(|source| source.is_in("crates") && !source.is_test()) {
        for (number, line) in source.text.lines().enumerate().filter(|(_, line)| comment_of(line).is_none()) {
            let words = texts_in(line).into_iter().filter_map(vague_word_in);
            vague.extend(words.map(|word| format!("{}:{}: {word}", source.path.display(), number + 1)));
        }
    }

    assert!(vague.is_empty(), "these messages do not say which part of the program acts: {vague:#?}");
}

/// What stands between quotation marks in a line of code. A text of a single word is a name, as of a user.
fn texts_in(line: &str) -> Vec<&str> {
    line.split('"').skip(1).step_by(2).filter(|text| text.contains(' ')).collect()
}

#[test]
fn a_text_is_found_between_quotation_marks() {
    assert_eq!(texts_in(r#"error("it is for nobody", "nobody")"#), ["it is for nobody"]);
}

#[test]
fn names_of_tests_have_subjects() {
    let mut vague = Vec::new();
    for source in sources() {
        for name in source.text.lines().filter_map(sentence_in) {
            let words = name.split('_');
            let is_vague = |word: &&str| VAGUE.contains(word) || VAGUE_IN_NAMES.contains(word);
            if let Some(word) = words.clone().find(is_vague) {
                vague.push(format!("{}: {name} ({word})", source.path.display()));
            }
        }
    }

    assert!(vague.is_empty(), "these names do not say which part of the program is meant: {vague:#?}");
}

/// The name of a function that is a sentence, as those of tests are.
fn sentence_in(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?.split('(').next()?;
    (name.matches('_').count() > 3).then_some(name)
}

#[test]
fn a_sentence_is_found_where_a_function_begins() {
    assert_eq!(
        sentence_in("    async fn a_child_that_fails_is_restarted() {"),
        Some("a_child_that_fails_is_restarted")
    );
    assert_eq!(sentence_in("    fn next(&mut self) {"), None);
}

#[test]
fn what_is_quoted_is_not_said() {
    assert_eq!(vague_word_in("Whoever waits, hears of it."), Some("whoever"));
    assert_eq!(vague_word_in("while no one asks"), Some("no one"));
    assert_eq!(vague_word_in(&without(&without("the user `nobody`, not \"somebody\"", '`'), '"')), None);
}

#[test]
fn comments_and_pages_are_no_wider_than_a_screen() {
    let mut wide = Vec::new();
    for source in sources_everywhere() {
        let lines = source.text.lines().enumerate();
        let lines =
            lines.filter(|(_, line)| comment_of(line).is_some_and(|comment| !is_table_or_link(comment)));
        wide.extend(too_wide(&source.path.display().to_string(), lines));
    }
    for page in pages() {
        let text = fs::read_to_string(workspace().join(&page)).expect("a page can be read");
        let mut is_code = false;
        let lines = text.lines().enumerate().filter(|(_, line)| {
            is_code ^= line.starts_with("```");
            !is_code && !line.starts_with("    ") && !is_table_or_link(line)
        });
        wide.extend(too_wide(&page.display().to_string(), lines));
    }

    assert!(wide.is_empty(), "these lines are wider than {WIDTH} columns: {wide:#?}");
}

#[test]
fn no_name_uses_a_word_that_went() {
    let mut found = Vec::new();
    let is_product = |source: &&Source| {
        ["crates", "bench", "compare"].iter().any(|place| source.is_in(place)) && !source.is_test()
    };
    for source in sources_everywhere().iter().filter(is_product) {
        let code = code_of(&source.text);
        let file = source.path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let types = code.lines().filter_map(defined_in).chain([file.as_str()]);
        let alone = types.filter(|name| GONE_ALONE.contains(name));
        found.extend(alone.map(|name| format!("{}: {name}", source.path.display())));
        let names = code.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).chain([file]);
        for name in names {
            let parts = parts_of(&name);
            if let Some(word) = GONE.iter().find(|word| parts.iter().any(|part| part == *word)) {
                found.push(format!("{}: {name} ({word})", source.path.display()));
            }
        }
    }
    found.sort();
    found.dedup();

    assert!(found.is_empty(), "these names are built of words that went: {found:#?}");
}

fn too_wide<'a>(file: &str, lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<String> {
    let wide = lines.filter(|(_, line)| line.chars().count() > WIDTH);
    wide.map(|(number, _)| format!("{file}:{}", number + 1)).collect()
}

/// The text of a line that is a comment.
fn comment_of(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("//")
}

fn vague_word_in(text: &str) -> Option<&'static str> {
    let words = words_of(text);
    let two = words.windows(2).any(|pair| pair == ["no", "one"]).then_some("no one");
    VAGUE.into_iter().find(|word| words.iter().any(|other| other == word)).or(two)
}

/// What CI runs, and the tests that are no part of it.
fn scripts() -> Vec<PathBuf> {
    let files = |directory: &str| {
        let entries = fs::read_dir(workspace().join(directory)).expect("a directory can be read");
        entries.map(|entry| entry.expect("it can be read to its end").path()).collect::<Vec<_>>()
    };
    let tests = files("tests").into_iter().map(|directory| directory.join("run"));
    files(".ci").into_iter().chain(tests).filter(|path| path.is_file()).collect()
}

/// A line without what stands between two of these.
fn without(line: &str, quote: char) -> String {
    line.split(quote).step_by(2).collect::<Vec<_>>().join(" ")
}

fn words_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase).collect()
}

/// A row of a table and a line that is mostly an address cannot be broken.
fn is_table_or_link(line: &str) -> bool {
    let text = line.trim_start_matches(['/', '!', ' ']);
    text.starts_with('|') || text.starts_with('[') && text.contains("]:")
}

/// The parts of a name in either case: `TaskGroup` and `task_group` have two.
fn parts_of(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_uppercase() {
            parts.push(String::new());
        }
        if c != '_' {
            parts.last_mut().expect("there is one").extend(c.to_lowercase());
        }
    }
    parts
}

/// The pages that people write. What is measured is written by the bench.
pub(super) fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "crates/demo/README.md"]
            .map(PathBuf::from)
            .to_vec();
    for directory in ["docs", "docs/decisions"] {
        for entry in fs::read_dir(workspace().join(directory)).expect("the book has pages") {
            let path = entry.expect("a directory can be read to its end").path();
            let path = path.strip_prefix(workspace()).expect("it is in the workspace").to_owned();
            if path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("benchmarks.md")
            {
                pages.push(path);
            }
        }
    }
    pages
}
