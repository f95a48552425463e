//! Reads scenarios.

use std::fmt;
use std::str::SplitWhitespace;
use std::sync::Arc;
use std::time::Duration;

use crate::options::{Written, whole};
use crate::scenario::{Definition, Id, Line, Reason, Scenario, Step, What};

/// Says which line makes no sense, and why.
#[derive(Debug)]
pub(crate) struct Mistake {
    line: usize,
    why: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// Reads all scenarios of a text.
pub(crate) fn scenarios(text: &str) -> Result<Vec<Scenario>, Mistake> {
    let mut unfinished: Vec<Unfinished> = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.trim();
        if !text.is_empty() && !text.starts_with('#') {
            take(line, text, &mut unfinished).map_err(|why| Mistake { line, why })?;
        }
    }
    unfinished.into_iter().map(Unfinished::finish).collect()
}

/// A scenario of which not all lines have been read.
struct Unfinished {
    line: usize,
    name: String,
    definitions: Vec<Definition>,
    steps: Vec<Line>,
}

impl Unfinished {
    fn finish(mut self) -> Result<Scenario, Mistake> {
        let is_root = |definition: &Definition| match definition.what {
            What::Supervisor(_) => *definition.id == *"root",
            What::Worker(_) => false,
        };
        let Some(index) = self.definitions.iter().position(is_root) else {
            return Err(Mistake { line: self.line, why: "the scenario has no `sup root`".into() });
        };
        let root = Arc::new(self.definitions.remove(index));
        let definitions = self.definitions.into_iter().map(Arc::new).collect();
        Ok(Scenario { name: self.name, root, definitions, steps: self.steps })
    }
}

fn take(line: usize, text: &str, unfinished: &mut Vec<Unfinished>) -> Result<(), String> {
    if let Some(name) = text.strip_prefix("scenario ") {
        let name = name.to_owned();
        unfinished.push(Unfinished { line, name, definitions: Vec::new(), steps: Vec::new() });
        return Ok(());
    }
    let scenario = unfinished.last_mut().ok_or("a scenario begins with `scenario NAME`")?;
    let mut words = text.split_whitespace();
    match words.next() {
        Some(what @ ("sup" | "child")) if scenario.steps.is_empty() => {
            scenario.definitions.push(definition(what, words)?);
        }
        _ => scenario.steps.push(Line { text: text.to_owned(), step: step(text)? }),
    }
    Ok(())
}

fn definition(what: &str, mut words: SplitWhitespace<'_>) -> Result<Definition, String> {
    let id = id(words.next())?;
    let tokens: Vec<&str> = words.collect();
    let written = Written::read(&tokens)?;
    let parent = written.get("parent").map(Id::from);
    let plan = written.plan()?;
    let what = match what {
        "sup" => What::Supervisor(written.supervisor()),
        "child" => What::Worker(written.worker()?),
        _ => return Err(format!("`{what}` is neither `child` nor `sup`")),
    };
    Ok(Definition { id, parent, plan, what })
}

fn step(line: &str) -> Result<Step, String> {
    let mut words = line.split_whitespace();
    let step = match words.next().unwrap_or_default() {
        "exit" => Step::Exit { id: id(words.next())?, reason: reason(words.next())? },
        "batch" => Step::Batch { supervisor: id(words.next())?, exits: exits(&mut words)? },
        "start_child" => {
            let supervisor = id(words.next())?;
            let what = words.next().unwrap_or_default();
            return definition(what, words)
                .map(|child| Step::StartChild { supervisor, child: Arc::new(child) });
        }
        "spawn" => Step::Spawn { supervisor: id(words.next())?, id: id(words.next())? },
        "terminate" => Step::Terminate { supervisor: id(words.next())?, id: id(words.next())? },
        "restart" => Step::Restart { supervisor: id(words.next())?, id: id(words.next())? },
        "delete" => Step::Delete { supervisor: id(words.next())?, id: id(words.next())? },
        "getspec" => Step::GetSpec { supervisor: id(words.next())?, id: id(words.next())? },
        "which" => Step::Which { supervisor: id(words.next())? },
        "count" => Step::Count { supervisor: id(words.next())? },
        "sleep" => {
            let millis = words.next().and_then(whole).ok_or("sleep takes a number of milliseconds")?;
            Step::Sleep(Duration::from_millis(millis))
        }
        "stop" => Step::Stop,
        unknown => return Err(format!("`{unknown}` is no step")),
    };
    match words.next() {
        None => Ok(step),
        Some(word) => Err(format!("`{word}` is one word too many")),
    }
}

fn exits(words: &mut SplitWhitespace<'_>) -> Result<Vec<(Id, Reason)>, String> {
    let mut exits = Vec::new();
    while let Some(word) = words.next() {
        exits.push((id(Some(word))?, reason(words.next())?));
    }
    Ok(exits)
}

fn id(word: Option<&str>) -> Result<Id, String> {
    let word = word.ok_or("an id is missing")?;
    let is_plain = word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if is_plain { Ok(Id::from(word)) } else { Err(format!("`{word}` is no id")) }
}

fn reason(word: Option<&str>) -> Result<Reason, String> {
    match word {
        Some("normal") => Ok(Reason::Normal),
        Some("shutdown") => Ok(Reason::Shutdown),
        Some("shutdown_term") => Ok(Reason::ShutdownTerm),
        Some("abnormal") => Ok(Reason::Abnormal),
        Some("kill") => Ok(Reason::Killed),
        Some(other) => Err(format!("`{other}` is no reason to end")),
        None => Err("a reason is missing".into()),
    }
}
