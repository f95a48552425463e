//! What is said at the beginning and at the end: how to stop the tree, how each child went, and what
//! the exit status means.

use std::fmt::Write;
use std::io::IsTerminal;

use rootward::StopReport;
use rootward::event::StopCause;
use rootward::report::{Ending, NodeReport, Outcome};
use rootward::snapshot::ChildKind;

use super::style::{Style, Tone};
use super::time::short;
use crate::columns::{columns, fill};
use crate::safe::{Safe, safe};

/// What is said before anything happens.
pub(crate) fn welcome(level: &str, style: Style) -> String {
    let hint = style.paint(Tone::Busy, "press Ctrl-C to stop the tree, and again to end every grace");
    let pid = std::process::id();
    // A child that inherits standard input may make Ctrl-C a character like any other.
    let otherwise = if std::io::stdin().is_terminal() {
        format!("\n  if a child has taken the keyboard: kill {pid}")
    } else {
        String::new()
    };
    format!("rootward-demo (pid {pid}): {hint}{otherwise}\n  containment: {level}\n\n")
}

/// What is said when the program leaves before the tree has stopped.
pub(crate) fn farewell(status: u8, style: Style) -> String {
    let words = format!("exit status {status}: told to leave, without waiting for what was still there");
    format!("\n  {}\n", style.paint(Tone::Bad, words))
}

/// The stop report as people read it.
pub(crate) fn summary(report: &StopReport, style: Style) -> String {
    let mut text = format!("\n{}\n\n", safe(&headline(report)));
    let nodes = report.root.walk();
    let width = nodes.iter().map(|node| columns(&name(node))).max().unwrap_or_default();
    for node in &nodes {
        let name = fill(name(node), width);
        // Writing to memory does not fail.
        let _ = writeln!(text, "  {name}  {}", style.paint(tone(node), describe(node)));
    }
    let _ = writeln!(text, "\n  {}", totals(&nodes));
    if let Some(blame) = &report.blame {
        let _ = writeln!(text, "  because of {}: {}", Safe(&blame.child), Safe(&blame.exit));
    }
    if let Some(level) = report.containment {
        let _ = writeln!(text, "  containment: {}", Safe(level));
    }
    let status = report.ending.exit_status();
    let words = style.paint(ending_tone(report.ending), format!("exit status {status}: {}", meaning(report)));
    let _ = writeln!(text, "  {words}");
    text
}

fn headline(report: &StopReport) -> String {
    let elapsed = short(report.elapsed);
    match report.start_failure() {
        Some(failure) => format!("The tree could not be started: {failure}"),
        None if report.ending == Ending::Incomplete => {
            format!("The tree could not be brought down in {elapsed} ({}).", cause(report))
        }
        None => format!("The tree came down in {elapsed} ({}).", cause(report)),
    }
}

fn cause(report: &StopReport) -> String {
    if report.cause == StopCause::GaveUp {
        "the root used up its restart intensity".to_owned()
    } else if report.cause == StopCause::AutoShutdown {
        "a significant child ended".to_owned()
    } else if report.cause == StopCause::Idle {
        "nothing was left that ran or could be restarted".to_owned()
    } else {
        report.cause.to_string()
    }
}

fn name(node: &NodeReport) -> String {
    format!("{:indent$}{}", "", safe(node.path.id()), indent = 2 * node.path.depth())
}

fn describe(node: &NodeReport) -> String {
    let mut parts = vec![match node.outcome {
        Outcome::Graceful => format!("gone after {}", short(node.elapsed)),
        Outcome::AlreadyGone if never_ended(node) => "was not running".to_owned(),
        Outcome::AlreadyGone => "had ended before".to_owned(),
        Outcome::Unreapable => format!("STILL THERE after {}", short(node.elapsed)),
        Outcome::Killed if node.forced => format!("gone by force after {}", short(node.elapsed)),
        Outcome::Killed | _ => format!("killed after {}", short(node.elapsed)),
    }];
    if node.kind != ChildKind::Supervisor {
        parts.push(node.kind.to_string());
    }
    parts.extend(node.stuck.as_ref().map(|stuck| format!("stuck {stuck}")));
    parts.extend(node.pid.map(|pid| format!("pid {pid}")));
    parts.extend(node.status.as_ref().map(ToString::to_string));
    parts.extend(match node.restarts {
        0 => None,
        1 => Some("restarted once".to_owned()),
        times => Some(format!("restarted {times} times")),
    });
    if node.refused > 0 {
        parts.push(format!("refused to start {} more", node.refused));
    }
    if !node.steps.is_empty() {
        parts.push(steps(node));
    }
    for straggler in &node.stragglers {
        let how = match straggler.outcome {
            Outcome::Graceful => "went",
            Outcome::Unreapable => "is still there",
            Outcome::Killed | Outcome::AlreadyGone | _ => "was killed",
        };
        parts.push(format!("left behind pid {} ({}), which {how}", straggler.pid, straggler.command));
    }
    parts.join(" · ")
}

/// With what it was asked, one after the other, and when.
fn steps(node: &NodeReport) -> String {
    let steps = node.steps.iter().enumerate().map(|(place, step)| {
        let when = if place > 0 { format!(" after {}", short(step.after)) } else { String::new() };
        let failed = step.error.as_ref().map(|error| format!(" (failed: {error})")).unwrap_or_default();
        format!("{}{when}{failed}", step.with)
    });
    steps.collect::<Vec<_>>().join(", ")
}

/// Whether the report only knows that it was not running: its start had failed, for example. Supervisors have no
/// status, so that of one that was down no more is known.
fn never_ended(node: &NodeReport) -> bool {
    node.outcome == Outcome::AlreadyGone && node.status.is_none()
}

fn totals(nodes: &[&NodeReport]) -> String {
    let leaves = || nodes.iter().filter(|node| node.kind != ChildKind::Supervisor);
    let count = |outcome| leaves().filter(|node| node.outcome == outcome).count();
    let not_running = leaves().filter(|node| never_ended(node)).count();
    let mut parts = vec![format!("tasks and processes: {}", leaves().count())];
    for (number, words) in [
        (count(Outcome::Graceful), "went when asked"),
        (count(Outcome::Killed), "killed"),
        (count(Outcome::AlreadyGone) - not_running, "had ended before"),
        (not_running, "not running"),
        (count(Outcome::Unreapable), "still there"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {words}"));
        }
    }
    let restarts: u32 = nodes.iter().map(|node| node.restarts).sum();
    parts.push(if restarts == 1 { "1 restart".to_owned() } else { format!("{restarts} restarts") });
    parts.join(" · ")
}

/// What the status says, and no more than was looked at.
fn meaning(report: &StopReport) -> String {
    // There a process that has left its group is not seen.
    let gone = match report.containment {
        Some("group") => "every child and its process group are gone",
        _ => "everything is gone",
    };
    match report.ending {
        Ending::Clean => format!("{gone}, and nothing had to be forced"),
        Ending::Failed if failed_in_the_stop(report) => format!("something failed while it stopped; {gone}"),
        Ending::Failed => format!("the tree failed by itself; {gone}"),
        Ending::Forced => format!("{gone}, and something had to be forced"),
        Ending::Incomplete => "something could not be brought down before the deadline".to_owned(),
        _ => "something new".to_owned(),
    }
}

/// Whether the stop itself had a good reason, and only how some came down is a failure.
fn failed_in_the_stop(report: &StopReport) -> bool {
    let by_itself = matches!(
        report.cause,
        StopCause::GaveUp | StopCause::StartFailed | StopCause::Failed | StopCause::Uncontained
    );
    !by_itself && report.blame.is_none() && !report.failed_while_stopping().is_empty()
}

fn ending_tone(ending: Ending) -> Tone {
    if ending == Ending::Clean { Tone::Good } else { Tone::Bad }
}

fn tone(node: &NodeReport) -> Tone {
    match node.outcome {
        Outcome::Graceful => Tone::Good,
        Outcome::AlreadyGone => Tone::Quiet,
        Outcome::Killed if !node.forced => Tone::Notice,
        Outcome::Killed | Outcome::Unreapable | _ => Tone::Bad,
    }
}
