//! What a person is told when a tree did not come down as it should.

use std::fmt::Write as _;

use rootward_core::sibling::{on_one_line, with_margin};
use rootward_core::{ChildKind, Ending, Exit, NodeReport, Outcome, StopReport};

/// A tree may be large, and all of it may have been forced. The report has the rest.
const AT_MOST: usize = 20;

/// A few lines about what was not clean, or nothing.
pub(super) fn failure_text(report: &StopReport) -> String {
    let mut text = String::new();
    if report.ending == Ending::Failed {
        let failed = report.failed_while_stopping();
        let _ = match (report.start_failure(), &report.blame) {
            (Some(failure), _) => {
                writeln!(text, "error: the tree could not be started: {}", with_margin(failure))
            }
            (None, Some(blame)) => writeln!(text, "error: {}", with_margin(&blame.to_string())),
            (None, None) if !failed.is_empty() => Ok(()),
            (None, None) => writeln!(text, "error: the tree failed: {}", report.cause),
        };
        list(&mut text, "error: these failed while they stopped:", failed);
    }
    let mut forced = report.forced();
    forced.retain(|node| node.outcome != Outcome::Unreapable && !only_waited(node));
    list(&mut text, "these had to be forced:", forced);
    list(&mut text, "these could not be brought down before the deadline:", report.unreapable());
    text
}

/// Whether it had come to its end, and only what stood below it had to be forced.
fn only_waited(node: &NodeReport) -> bool {
    let was_forced = |child: &NodeReport| child.walk().iter().any(|node| node.forced);
    node.status == Some(Exit::Normal) && node.children.iter().any(was_forced)
}

/// What a task or an actor that failed has to say.
fn failure(node: &NodeReport) -> Option<String> {
    let exit = node.status.as_ref()?;
    matches!(exit, Exit::Failed { .. } | Exit::Panicked(_)).then(|| format!(": {exit}"))
}

fn list(text: &mut String, heading: &str, mut nodes: Vec<&NodeReport>) {
    // A supervisor is to blame only if nothing below it is.
    if nodes.iter().any(|node| node.kind != ChildKind::Supervisor) {
        nodes.retain(|node| node.kind != ChildKind::Supervisor);
    }
    if nodes.is_empty() {
        return;
    }
    let _ = writeln!(text, "{heading}");
    for node in nodes.iter().take(AT_MOST) {
        let pid = node.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
        let stuck = node.stuck.as_ref().map(|stuck| format!(": {stuck}"));
        let said = stuck.or_else(|| failure(node)).unwrap_or_default();
        let (path, said) = (on_one_line(&node.path.to_string()), with_margin(&said));
        let _ = writeln!(text, "  {path} ({}{pid}){said}", node.kind);
    }
    if nodes.len() > AT_MOST {
        let _ = writeln!(text, "  and {} more", nodes.len() - AT_MOST);
    }
}
