//! The ways of a child and of a stop, as ARCHITECTURE.md tells them: each step is there, leads to the next, and they
//! lead through few files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::code::{code_of, identifiers};
use super::sources::workspace;

/// A row of the table: some functions of one file, and how a reader comes there.
#[derive(Debug, PartialEq)]
struct Step {
    file: String,
    entered: Entered,
    functions: Vec<String>,
}

#[derive(Debug, PartialEq)]
enum Entered {
    /// The step before calls the first function, or both name this.
    By(String),
    /// The program, or tokio, calls it.
    FromOutside,
}

#[test]
fn the_way_of_a_child_is_told_step_by_step_and_leads_through_few_files() {
    let way = way("The way of a child");

    assert_eq!(gaps(&way), Vec::<String>::new(), "a step does not lead to the next");
    let files = files(&way);
    assert!(files.len() <= 16, "a newcomer has to read {} files: {files:#?}", files.len());
}

#[test]
fn the_way_of_a_stop_is_told_step_by_step_and_leads_through_few_files() {
    let way = way("The way of a stop");

    assert_eq!(gaps(&way), Vec::<String>::new(), "a step does not lead to the next");
    let files = files(&way);
    assert!(files.len() <= 13, "a newcomer has to read {} files: {files:#?}", files.len());
}

fn files(way: &[Step]) -> BTreeSet<&str> {
    way.iter().map(|step| step.file.as_str()).collect()
}

/// The table below a heading of ARCHITECTURE.md.
fn way(heading: &str) -> Vec<Step> {
    let text = fs::read_to_string(workspace().join("ARCHITECTURE.md")).expect("it is there");
    let (_, rest) = text.split_once(&format!("## {heading}\n")).expect("the way is told");
    let (section, _) = rest.split_once("\n## ").expect("another section follows");
    let way: Vec<Step> = section.lines().filter(|line| line.starts_with("| `")).map(step).collect();
    assert!(way.len() > 10, "the table is found: {way:#?}");
    way
}

fn step(row: &str) -> Step {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [file, entered, functions, _] = cells[..] else { panic!("four cells: {row}") };
    let code =
        |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let functions = code(functions);
    let entered = match (entered, code(entered).pop()) {
        ("a call", _) => Entered::By(functions[0].clone()),
        ("the program" | "tokio", _) => Entered::FromOutside,
        (_, Some(token)) => Entered::By(token),
        _ => panic!("a step is entered by a call, by what is named, or from outside: {row}"),
    };
    Step { file: code(file).concat(), entered, functions }
}

/// What is missing: functions, and what hands on from one file to the next.
fn gaps(way: &[Step]) -> Vec<String> {
    let mut gaps = Vec::new();
    let mut before = String::new();
    for (number, Step { file, entered, functions }) in way.iter().enumerate() {
        let path = Path::new("crates/core/src").join(file);
        let Ok(text) = fs::read_to_string(workspace().join(&path)) else {
            gaps.push(format!("there is no {file}"));
            continue;
        };
        let code = code_of(&text);
        let mut here = String::new();
        for function in functions {
            match bodies_of(function, &code) {
                bodies if bodies.is_empty() => gaps.push(format!("{file} has no function {function}")),
                bodies => here.push_str(&bodies),
            }
        }
        match entered {
            Entered::By(token) if !mentions(&before, token) => {
                gaps.push(format!("step {}: what stands before {file} does not name {token}", number + 1));
            }
            Entered::By(token) if !mentions(&here, token) => {
                gaps.push(format!("step {}: {file} does not name {token}", number + 1));
            }
            Entered::By(_) | Entered::FromOutside => {}
        }
        before = here;
    }
    gaps
}

/// Whether a piece of code names something: an identifier, or `Type::Variant`.
fn mentions(code: &str, token: &str) -> bool {
    match token.contains("::") {
        true => code.contains(token),
        false => identifiers(code).contains(token),
    }
}

/// All functions of this name, each from its name to the brace that ends it, in code as rustfmt leaves it.
fn bodies_of(name: &str, code: &str) -> String {
    let mut bodies = String::new();
    let mut end: Option<String> = None;
    for line in code.lines() {
        let is_begin =
            [format!("fn {name}("), format!("fn {name}<")].iter().any(|begin| line.contains(begin));
        if end.is_none() && is_begin {
            let indent = line.len() - line.trim_start().len();
            end = Some(format!("{}}}", " ".repeat(indent)));
        }
        if let Some(last) = &end {
            bodies.push_str(line);
            bodies.push('\n');
            let is_one_line = is_begin && (line.ends_with(';') || line.ends_with('}'));
            if line == last || is_one_line {
                end = None;
            }
        }
    }
    bodies
}

#[test]
fn a_gap_in_a_way_is_found() {
    let by = |token: &str| Entered::By(token.to_owned());
    let step = |file: &str, entered, functions: [&str; 1]| Step {
        file: file.to_owned(),
        entered,
        functions: functions.map(str::to_owned).to_vec(),
    };

    let skips_the_spec = [
        step("task/start.rs", Entered::FromOutside, ["task"]),
        step("supervisor/engine/effects.rs", by("launch"), ["launch"]),
    ];
    let names_what_is_not_there = [step("spec.rs", Entered::FromOutside, ["flies"])];

    assert_eq!(gaps(&skips_the_spec).len(), 1);
    assert_eq!(gaps(&names_what_is_not_there), ["spec.rs has no function flies"]);
}
