//! Which lanes share a row of a picture.
//!
//! The tasks that a task starts come and go: thousands of them, of which few were there at the same time. Those that
//! never were share a row. So do the children of a supervisor that has had very many.
//!
//! In a large tree most children have nothing to tell: they are started, run, and go when they are asked. Those that
//! stand beside each other become one row, a bundle, so that the others are found.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::lanes::{Lane, MarkKind, Phase};
use crate::wire::Kind;

/// A row of a picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LaneRow {
    /// The lanes in it, in the order in which they began.
    pub(super) lanes: Vec<usize>,
    /// Whether they were there at the same time, and have nothing to tell one by one.
    pub(super) is_bundle: bool,
}

/// How many children a supervisor has to have had before they share rows: more than that are not read one by one.
const SHARE_FROM: usize = 64;

/// From how many rows on there are bundles, and how many rows one is made of at least.
const BUNDLE_FROM: usize = 48;
const BUNDLE: usize = 3;

/// The rows of a picture, from the top. Those of the paths that are told one by one are never part of a bundle.
pub(super) fn rows(lanes: &[Lane], told: &BTreeSet<&str>) -> Vec<LaneRow> {
    let rows = shared(lanes);
    if rows.len() < BUNDLE_FROM {
        return rows;
    }
    let parents: BTreeSet<&str> = lanes.iter().filter_map(Lane::parent).collect();
    let parent_if_calm = |row: &LaneRow| {
        let of_row = || row.lanes.iter().map(|lane| &lanes[*lane]);
        let is_dull = |lane: &Lane| {
            is_calm(lane) && !parents.contains(lane.path.as_str()) && !told.contains(lane.path.as_str())
        };
        of_row().all(is_dull).then(|| of_row().next().and_then(Lane::parent)).flatten()
    };
    let mut bundled: Vec<LaneRow> = Vec::new();
    for run in rows.chunk_by(|one, next| {
        let parent = parent_if_calm(one);
        parent.is_some() && parent == parent_if_calm(next)
    }) {
        if run.len() < BUNDLE {
            bundled
                .extend(run.iter().map(|row| LaneRow { lanes: row.lanes.clone(), is_bundle: row.is_bundle }));
        } else {
            let lanes = run.iter().flat_map(|row| &row.lanes).copied().collect();
            bundled.push(LaneRow { lanes, is_bundle: true });
        }
    }
    bundled
}

/// Whether a child was started once, ran, and went as it should.
fn is_calm(lane: &Lane) -> bool {
    let is_dull = |kind| matches!(kind, MarkKind::Acknowledged | MarkKind::Ended);
    let has_phase = |phase| lane.parts.iter().any(|part| part.phase == phase);
    lane.restarts == 0
        && lane.marks.iter().all(|mark| is_dull(mark.kind))
        && ![Phase::Backoff, Phase::Forced, Phase::Left].into_iter().any(has_phase)
}

/// The rows before any are bundled.
fn shared(lanes: &[Lane]) -> Vec<LaneRow> {
    let mut children: BTreeMap<&str, usize> = BTreeMap::new();
    for parent in lanes.iter().filter_map(Lane::parent) {
        *children.entry(parent).or_default() += 1;
    }
    let sharing: BTreeSet<&str> = lanes
        .iter()
        .filter(|lane| {
            let count = children.get(lane.path.as_str()).copied().unwrap_or_default();
            lane.kind != Kind::Supervisor || count >= SHARE_FROM
        })
        .map(|lane| lane.path.as_str())
        .collect();
    let mut rows: Vec<LaneRow> = Vec::new();
    // Of each parent, when each of its children's shared rows is free again.
    let mut free: BTreeMap<&str, BTreeSet<(Duration, usize)>> = BTreeMap::new();
    for (place, lane) in lanes.iter().enumerate() {
        let has_children = children.contains_key(lane.path.as_str());
        let Some(parent) = lane.parent().filter(|parent| sharing.contains(parent) && !has_children) else {
            rows.push(LaneRow { lanes: vec![place], is_bundle: false });
            continue;
        };
        let free = free.entry(parent).or_default();
        // The one that has been free for the longest time keeps the others as they are.
        let row = free.first().copied().filter(|(since, _)| *since <= lane.from());
        let row = match row {
            Some(first) => {
                free.remove(&first);
                first.1
            }
            None => {
                rows.push(LaneRow { lanes: Vec::new(), is_bundle: false });
                rows.len() - 1
            }
        };
        rows[row].lanes.push(place);
        free.insert((lane.to(), row));
    }
    rows
}

impl LaneRow {
    /// What is written beside it.
    pub(super) fn label(&self, lanes: &[Lane]) -> String {
        match self.lanes.as_slice() {
            [] => String::new(),
            [one] => lanes[*one].id().to_owned(),
            [first, .., last] => {
                let (first, last) = (lanes[*first].id(), lanes[*last].id());
                format!("{first} … {last} ({})", self.lanes.len())
            }
        }
    }
}
