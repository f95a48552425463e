//! A checked tree file as people read it: one line a child, indented by its depth.

use std::fmt;

use rootward::process::Signal;
use rootward::{AutoShutdown, Restart, Shutdown, Strategy};

use super::model::{Child, ChildPart, ProcessPart, Ready, ReadyWhen, Stop, SupervisorPart, TreeFile};
use super::supervisor::usual_restart;
use crate::safe::Safe;

impl fmt::Display for TreeFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deadline = humantime::format_duration(self.deadline);
        write!(f, "{} · {}, deadline {deadline}", self.id, supervisor(&self.root))?;
        if !self.drain.is_zero() {
            write!(f, ", drain {}", humantime::format_duration(self.drain))?;
        }
        if self.suspend_children {
            write!(f, ", suspends its children")?;
        }
        writeln!(f)?;
        write_children(f, &self.root, 1)
    }
}

impl TreeFile {
    /// The paths of all children, each before those below it.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        let mut left = vec![(self.id.to_string(), Some(&self.root))];
        while let Some((path, supervisor)) = left.pop() {
            for child in supervisor.iter().flat_map(|supervisor| &supervisor.children).rev() {
                let below = match &child.kind {
                    ChildPart::Supervisor(below) => Some(below),
                    ChildPart::Process(_) | ChildPart::Task(_) => None,
                };
                left.push((format!("{path}/{}", child.id), below));
            }
            paths.push(path);
        }
        paths
    }
}

fn write_children(f: &mut fmt::Formatter<'_>, supervisor: &SupervisorPart, depth: usize) -> fmt::Result {
    for child in &supervisor.children {
        writeln!(f, "{:indent$}{} · {}", "", child.id, describe(child), indent = 2 * depth)?;
        if let ChildPart::Supervisor(below) = &child.kind {
            write_children(f, below, depth + 1)?;
        }
    }
    Ok(())
}

fn describe(child: &Child) -> String {
    let mut parts = vec![match &child.kind {
        ChildPart::Process(process) => format!("process {}", shell_words(&process.command)),
        ChildPart::Task(task) => format!("task {task}"),
        ChildPart::Supervisor(below) => supervisor(below),
    }];
    if child.restart != usual_restart(&child.kind) {
        parts.push(
            match child.restart {
                Restart::Permanent => "permanent",
                Restart::Transient => "transient",
                Restart::Temporary => "temporary",
            }
            .to_owned(),
        );
    }
    if child.significant {
        parts.push("significant".to_owned());
    }
    match child.shutdown {
        None => {}
        Some(Shutdown::Kill) => parts.push("killed at once".to_owned()),
        Some(Shutdown::Infinity) => parts.push("any grace".to_owned()),
        Some(Shutdown::Grace(grace)) => parts.push(format!("grace {}", humantime::format_duration(grace))),
    }
    if let Some(backoff) = &child.backoff {
        let [initial, max] = [backoff.initial, backoff.max].map(humantime::format_duration);
        parts.push(format!("restarts put off by {initial} to {max}"));
    }
    if let ChildPart::Process(process) = &child.kind {
        parts.extend(process_traits(process));
    }
    parts.join(", ")
}

fn supervisor(part: &SupervisorPart) -> String {
    let strategy = match part.strategy {
        Strategy::OneForOne => "one_for_one",
        Strategy::OneForAll => "one_for_all",
        Strategy::RestForOne => "rest_for_one",
    };
    let within = humantime::format_duration(part.within);
    let auto_shutdown = match part.auto_shutdown {
        AutoShutdown::Never => "",
        AutoShutdown::AnySignificant => ", stops with any significant child",
        AutoShutdown::AllSignificant => ", stops with the last significant child",
    };
    let restarts = match part.max_restarts {
        1 => "1 restart".to_owned(),
        several => format!("{several} restarts"),
    };
    format!("supervisor {strategy}, {restarts} within {within}{auto_shutdown}")
}

fn process_traits(process: &ProcessPart) -> Option<String> {
    let stop = match &process.stop {
        Stop::Signal(Signal::TERM) => None,
        Stop::Signal(signal) => Some(format!("stops by {signal}")),
        Stop::Ladder(rungs) => {
            let signals: Vec<_> = rungs.iter().map(|rung| rung.signal.to_string()).collect();
            Some(format!("stops by {}", signals.join(", ")))
        }
    };
    let ready = process.ready.as_ref().map(|Ready { when, .. }| match when {
        ReadyWhen::Line(pattern) => format!("ready when it writes /{}/", Safe(pattern)),
        ReadyWhen::Tcp(address) => format!("ready when {} answers", Safe(address)),
        ReadyWhen::Unix(path) => format!("ready when {} answers", Safe(path.display())),
        ReadyWhen::Http(get) => format!("ready when {} answers", Safe(get.url())),
        ReadyWhen::Command(argv) => format!("ready when `{}` succeeds", Safe(argv.join(" "))),
        ReadyWhen::Notify => "ready when it sends READY=1".to_owned(),
        ReadyWhen::Descriptor(number) => format!("ready when it writes to its descriptor {number}"),
        ReadyWhen::Completion => "ready when it has ended with success".to_owned(),
        ReadyWhen::Path(path) => format!("ready when {} is there", Safe(path.display())),
    });
    let command = process.stop_command.as_ref();
    let command = command.map(|(argv, _)| format!("asked to stop by `{}`", Safe(argv.join(" "))));
    let parts: Vec<_> = [ready, command, stop].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A command as one could type it, more or less: words with anything unusual in them are quoted.
fn shell_words(words: &[String]) -> String {
    let usual = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    let quoted = words.iter().map(|word| {
        let plain = !word.is_empty() && word.chars().all(usual);
        if plain { word.clone() } else { format!("{word:?}") }
    });
    quoted.collect::<Vec<_>>().join(" ")
}
