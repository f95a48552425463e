//! Pure: the lines of the tree, and what a stop or a start is waiting for.

use std::collections::BTreeSet;

use rootward_observer::model::Model;
use rootward_observer::wire::{Child, Kind, State};

/// One line of the tree.
#[derive(Clone, Debug)]
pub(crate) struct TreeRow<'a> {
    pub(crate) child: &'a Child,
    pub(crate) depth: usize,
    /// How many children stand below it that this one does not show, all of them if it is folded.
    pub(crate) hidden: usize,
    /// Whether anything stands below it.
    pub(crate) is_parent: bool,
    /// How many of all leaves below it there are, and how many of those are gone.
    pub(crate) leaves: (usize, usize),
    /// Whether something above it stops or is down, so that nothing below it is started any more.
    pub(crate) is_over: bool,
}

/// The lines of a tree in which these children are folded.
pub(crate) fn rows<'a>(model: &'a Model, folded: &BTreeSet<String>) -> Vec<TreeRow<'a>> {
    let mut rows: Vec<TreeRow<'a>> = Vec::new();
    // The rows that the present child stands below, by their places.
    let mut above: Vec<(usize, &'a str)> = Vec::new();
    let mut folded_at: Option<usize> = None;
    for child in model.children() {
        while above.last().is_some_and(|(_, path)| !is_below(&child.path, path)) {
            above.pop();
        }
        if folded_at.is_some_and(|at| !is_below(&child.path, &rows[at].child.path)) {
            folded_at = None;
        }
        let is_leaf = child.kind != Kind::Supervisor;
        for (at, _) in &above {
            let row = &mut rows[*at];
            row.is_parent = true;
            row.leaves.0 += usize::from(is_leaf);
            row.leaves.1 += usize::from(is_leaf && !child.state.is_live());
        }
        if let Some(at) = folded_at {
            rows[at].hidden += 1;
            continue;
        }
        let depth = above.last().map_or(0, |(at, _)| rows[*at].depth + 1);
        let is_over = above.last().is_some_and(|(at, _)| {
            let above = &rows[*at];
            above.is_over || matches!(above.child.state, State::Stopping | State::Down)
        });
        above.push((rows.len(), &child.path));
        if folded.contains(&child.path) {
            folded_at = Some(rows.len());
        }
        rows.push(TreeRow { child, depth, hidden: 0, is_parent: false, leaves: (0, 0), is_over });
    }
    rows
}

/// What is awaited: children that were asked to stop, or else those that start, and have nothing below them that is.
/// The one that has been awaited longest comes first.
pub(crate) fn awaited(model: &Model) -> Vec<&Child> {
    let is_busy = |child: &&Child| matches!(child.state, State::Stopping | State::Starting);
    let mut busy: Vec<&Child> = model.children().filter(is_busy).collect();
    let stops = busy.iter().any(|child| child.state == State::Stopping);
    busy.retain(|child| (child.state == State::Stopping) == stops);
    let parents: BTreeSet<&str> =
        busy.iter().filter_map(|child| Some(child.path.rsplit_once('/')?.0)).collect();
    let mut leaves: Vec<&Child> =
        busy.into_iter().filter(|child| !parents.contains(child.path.as_str())).collect();
    leaves.sort_by(|a, b| a.since.unwrap_or(f64::MAX).total_cmp(&b.since.unwrap_or(f64::MAX)));
    leaves
}

/// Whether a path is that of a child, or of one below it.
pub(crate) fn is_at_or_below(path: &str, above: &str) -> bool {
    path == above || is_below(path, above)
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::samples::stopping;

    #[test]
    fn a_folded_child_hides_what_is_below_it_and_counts_it() {
        let model = stopping();
        let all = rows(&model, &BTreeSet::new());
        let folded = rows(&model, &BTreeSet::from(["root/storage".to_owned()]));

        assert_eq!(all.len(), 8);
        assert_eq!(folded.len(), 6);
        let storage = folded.iter().find(|row| row.child.path == "root/storage").unwrap();
        assert_eq!((storage.hidden, storage.is_parent, storage.leaves), (2, true, (2, 1)));
    }

    #[test]
    fn what_is_below_a_child_that_stops_is_started_no_more() {
        let model = stopping();

        let over: Vec<bool> = rows(&model, &BTreeSet::new()).iter().map(|row| row.is_over).collect();

        assert_eq!(over, [false, true, true, true, true, true, true, true]);
    }

    #[test]
    fn what_a_stop_waits_for_is_the_child_that_is_asked_and_has_nothing_below_it() {
        let model = stopping();

        let awaited: Vec<&str> = awaited(&model).into_iter().map(|child| child.path.as_str()).collect();

        assert_eq!(awaited, ["root/storage/database"]);
    }
}
