//! Which value of a process has a mistake that the library has found.
//!
//! No rule of the library's is repeated here: a value has the mistake if the process without the value has it not.

use rootward::process::{Limit, Output, Stdin};

use super::build;
use super::cgroup::Cgroup;
use super::model::ProcessPart;
use super::section::{Field, TableSection};

/// Says whether the mistake is still there after a change.
type Remains<'a> = &'a dyn Fn(&dyn Fn(&mut ProcessPart)) -> bool;

/// Where the mistake stands that the library says in these words of a process. `None` if no value has it by itself.
pub(super) fn find<'a>(process: &TableSection<'a>, part: &ProcessPart, problem: &str) -> Option<Field<'a>> {
    let remains: Remains<'_> = &|change| {
        let mut changed = part.clone();
        change(&mut changed);
        build::process(changed).is_ok_and(|process| process.problem().as_deref() == Some(problem))
    };
    word(process, part, remains)
        .or_else(|| element(process, part, remains))
        .or_else(|| variable(process, part, remains))
        .or_else(|| key(process, remains))
}

/// A word of the command.
fn word<'a>(process: &TableSection<'a>, part: &ProcessPart, remains: Remains<'_>) -> Option<Field<'a>> {
    let with =
        |count| remains(&|part| part.command.iter_mut().skip(count).for_each(|word| "word".clone_into(word)));
    process.field("command")?.element(first(part.command.len(), with)?)
}

/// An element of a list. What the list does not have is as if it had not been written.
fn element<'a>(process: &TableSection<'a>, part: &ProcessPart, remains: Remains<'_>) -> Option<Field<'a>> {
    type Cut = fn(&mut ProcessPart, usize);
    let lengths = [
        part.descriptors.len(),
        part.attributes.capabilities.as_ref().map_or(0, Vec::len),
        part.attributes.groups.as_ref().map_or(0, Vec::len),
    ];
    let lists: [(&str, Cut, &[&str]); 3] = [
        ("descriptors", |part, count| part.descriptors.truncate(count), &["to"]),
        (
            "capabilities",
            |part, count| part.attributes.capabilities.iter_mut().for_each(|names| names.truncate(count)),
            &[],
        ),
        (
            "supplementary_groups",
            |part, count| part.attributes.groups.iter_mut().for_each(|names| names.truncate(count)),
            &[],
        ),
    ];
    lists.into_iter().zip(lengths).find_map(|((key, cut, below), length)| {
        let at = first(length, |count| remains(&|part| cut(part, count)))?;
        process.field(key)?.element(at)?.at(below)
    })
}

/// A variable of `env`.
fn variable<'a>(process: &TableSection<'a>, part: &ProcessPart, remains: Remains<'_>) -> Option<Field<'a>> {
    let names: Vec<_> = part.env.keys().collect();
    let with = |count: usize| remains(&|part| part.env.retain(|name, _| names[..count].contains(&name)));
    process.field("env")?.at(&[names[first(names.len(), with)?]])
}

/// A key with all that it has, or the one below it that has the mistake.
fn key<'a>(process: &TableSection<'a>, remains: Remains<'_>) -> Option<Field<'a>> {
    type Without = fn(&mut ProcessPart);
    const CHECKS: [&str; 8] = ["line", "tcp", "unix", "http", "path", "exec", "notify_fd", "watchdog"];
    const KEYS: [(&str, Without); 12] = [
        ("cwd", |part| part.cwd = None),
        ("user", |part| part.attributes.user = None),
        ("group", |part| part.attributes.group = None),
        ("limits", |part| part.attributes.limits.clear()),
        ("ready", |part| part.ready = None),
        ("health", |part| part.health = None),
        ("listen", |part| part.listen.clear()),
        ("log_file", |part| part.log_file = None),
        ("cgroup", |part| part.cgroup = Cgroup::default()),
        ("stop_command", |part| part.stop_command = None),
        ("stdin", |part| part.stdin = Stdin::default()),
        ("stdout", |part| part.stdout = Output::default()),
    ];
    let (key, field) = KEYS.into_iter().find_map(|(key, without)| {
        process.field(key).filter(|_| !remains(&without)).map(|field| (key, field))
    })?;
    let below = match key {
        "limits" => Limit::ALL
            .into_iter()
            .map(Limit::name)
            .find(|name| !remains(&|part| part.attributes.limits.retain(|(limit, _)| limit.name() != *name))),
        "cgroup" => Cgroup::NAMES.into_iter().find(|name| !remains(&|part| part.cgroup.remove(name))),
        "ready" | "health" => CHECKS.into_iter().find(|name| field.at(&[name]).is_some()),
        _ => None,
    };
    Some(below.and_then(|name| field.at(&[name])).unwrap_or(field))
}

/// The first of so many that brings the mistake, if one does. `is_there` is asked of the first few of them.
fn first(length: usize, is_there: impl Fn(usize) -> bool) -> Option<usize> {
    if length == 0 || is_there(0) || !is_there(length) {
        return None;
    }
    let (mut right, mut wrong) = (0, length);
    while wrong - right > 1 {
        let middle = right.midpoint(wrong);
        if is_there(middle) { wrong = middle } else { right = middle }
    }
    Some(right)
}
