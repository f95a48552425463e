//! Finds the child in which a line stands: for mistakes of syntax, which are found before there is a tree.

use super::supervisor::id_of;
use super::value::{FileValue, What};

/// The path of the child that begins last before this line, in a file that could be read in part.
pub(super) fn child_at(top: &FileValue, line: usize) -> Option<String> {
    let root = id_of(top).unwrap_or("root").to_owned();
    let mut best: Option<(usize, String)> = None;
    let mut supervisors = vec![(root, top)];
    while let Some((path, supervisor)) = supervisors.pop() {
        for child in children(supervisor) {
            let Some(id) = id_of(child) else { continue };
            let path = format!("{path}/{id}");
            if child.line <= line && best.as_ref().is_none_or(|(before, _)| *before < child.line) {
                best = Some((child.line, path.clone()));
            }
            if let Some(below) = child.get("supervisor") {
                supervisors.push((path, below));
            }
        }
    }
    best.map(|(_, path)| path)
}

fn children(supervisor: &FileValue) -> &[FileValue] {
    match supervisor.get("children") {
        Some(FileValue { what: What::List(children), .. }) => children,
        Some(_) | None => &[],
    }
}
