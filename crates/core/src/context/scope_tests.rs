//! How far a stop reaches.

use std::sync::Arc;

use super::scope::{StopMarks, StopReach, StopScope};

fn chain(reach: StopReach) -> [Arc<StopScope>; 3] {
    let root = StopScope::root(Arc::default(), reach);
    let middle = root.below();
    let leaf = middle.below();
    [root, middle, leaf]
}

#[test]
fn a_stop_reaches_everything_below_and_nothing_above() {
    let [root, middle, leaf] = chain(StopReach::Subtree);
    assert!(!leaf.is_stopping());

    middle.begin_stop();

    assert!(leaf.is_stopping());
    assert!(middle.is_stopping());
    assert!(!root.is_stopping());
}

#[test]
fn a_stop_elsewhere_does_not_hide_a_later_one_above() {
    let [root, middle, leaf] = chain(StopReach::Subtree);
    root.below().begin_stop();
    assert!(!leaf.is_stopping());

    root.begin_stop();

    assert!(leaf.is_stopping() && middle.is_stopping());
}

#[test]
fn stops_further_down_and_elsewhere_hide_none_above() {
    let [root, middle, leaf] = chain(StopReach::Subtree);
    leaf.below().begin_stop();
    root.below().below().below().begin_stop();
    middle.below().begin_stop();
    assert!(!leaf.is_stopping());

    middle.begin_stop();

    assert!(leaf.is_stopping() && leaf.below().is_stopping() && !root.is_stopping());
}

#[test]
fn the_highest_mark_since_any_event_is_known() {
    let marks = StopMarks::default();
    [5, 3, 4, 3, 7].into_iter().for_each(|depth| marks.add(depth));

    let highest = |since| (0..10).find(|depth| marks.any_above(depth + 1, since));

    let expected = [Some(3), Some(3), Some(3), Some(3), Some(7), None];
    assert_eq!([0, 1, 2, 3, 4, 5].map(highest), expected);
}

#[test]
fn by_the_rule_of_otp_only_the_own_stop_counts() {
    let [root, middle, leaf] = chain(StopReach::Asked);

    root.begin_stop();
    middle.begin_stop();

    assert!(middle.is_stopping());
    assert!(!leaf.is_stopping());
}

#[test]
fn a_chain_of_ten_thousand_scopes_is_dropped_without_recursion() {
    let mut scope = StopScope::root(Arc::default(), StopReach::Subtree);
    for _ in 0..10_000 {
        scope = scope.below();
    }

    drop(scope);
}
