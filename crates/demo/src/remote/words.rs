//! Pure: answers as text for people.

use std::fmt::Write as _;

use rootward_observer::model::Model;
use rootward_observer::wire::{Snapshot, Usage, Why};

use crate::columns::{columns, fill};
use crate::safe::safe;
use crate::terminal::{brief, details, plain_tree, put_off, state_name, usage};

/// The tree, with what its processes use if the document has that.
pub(super) fn status(snapshot: &Snapshot) -> String {
    let model = Model::from_snapshot(snapshot);
    let used = snapshot.children.iter().filter_map(|child| Some((&*child.path, child.usage.as_deref()?)));
    let mut text = plain_tree(&model, &heading(snapshot), &used.collect());
    match snapshot.door.map_or(0, |door| door.usage_left_out) {
        0 => {}
        1 => text.push_str("\nThe time was over before one process could be asked what it uses.\n"),
        many => {
            let _ =
                writeln!(text, "\nThe time was over before {many} processes could be asked what they use.");
        }
    }
    text
}

/// What stands above the tree.
fn heading(snapshot: &Snapshot) -> String {
    let now = snapshot.door.map_or(snapshot.at, |door| door.now);
    let draining = snapshot.children.first().and_then(|root| root.draining.as_deref());
    let state = draining.map_or(state_name(snapshot.tree.state), |_| "draining");
    let mut text = format!("{state}, up for {}", brief(now));
    if let Some(draining) = draining {
        let _ = write!(text, " · {}", put_off(draining, now));
    } else if let Some(cause) = &snapshot.tree.cause {
        let _ = write!(text, " · {}", safe(cause));
    }
    if let Some(containment) = &snapshot.tree.containment {
        let _ = write!(text, " · containment {}", safe(containment));
    }
    let _ = write!(text, " · as of event {}", snapshot.as_of);
    for line in &snapshot.tree.degraded {
        let _ = write!(text, "\nweaker than usual: {}", safe(line));
    }
    text
}

/// Why a child is in its state. Writing to memory does not fail.
pub(super) fn why(why: &Why, used: Option<&Usage>) -> String {
    let child = &why.child;
    let now = why.now.unwrap_or(why.at);
    let mut text = format!("{} · {}", safe(&child.path), state_name(child.state));
    if let Some(since) = child.since {
        let _ = write!(text, " for {}", brief(now - since));
    }
    if let Some(pid) = child.pid {
        let _ = write!(text, " · pid {pid}");
    }
    let _ = match child.restarts {
        0 => writeln!(text, " · run {}", child.incarnation),
        1 => writeln!(text, " · run {} · restarted once", child.incarnation),
        times => writeln!(text, " · run {} · restarted {times} times", child.incarnation),
    };
    if let Some(draining) = &child.draining {
        let _ = writeln!(text, "  drains · {}", put_off(draining, now));
    }
    for line in details(child, now).into_iter().chain(used.map(usage)) {
        let _ = writeln!(text, "  {line}");
    }
    text.push_str("\nbecause\n");
    if why.because.is_empty() {
        text.push_str("  no event has told it: the door remembers nothing from before its first watcher\n");
    }
    let width = why.because.iter().map(|reason| columns(&safe(&reason.path))).max().unwrap_or_default();
    for reason in &why.because {
        let number = format!("#{}", reason.seq);
        let ago = format!("{} ago", brief(now - reason.at));
        let path = fill(safe(&reason.path), width);
        let line = format!("  {number:>7}  {ago:>9}  {path}  {}", safe(&reason.event));
        let says = if reason.says.is_empty() { String::new() } else { format!(": {}", safe(&reason.says)) };
        let _ = writeln!(text, "{line}{says}");
    }
    if !why.waits_for.is_empty() {
        text.push_str("\nwaits for\n");
    }
    for wait in &why.waits_for {
        let due = match wait.at.map(|at| at - now) {
            Some(left) if left > 0.0 => format!(", due in {}", brief(left)),
            Some(_) => ", due now".to_owned(),
            None => String::new(),
        };
        let _ = writeln!(text, "  {}{due}", safe(&wait.says));
    }
    if !why.changed_by.is_empty() {
        text.push_str("\nwould be changed by\n");
    }
    for change in &why.changed_by {
        let due = match change.at.map(|at| at - now) {
            Some(left) if left > 0.0 => format!(", in {}", brief(left)),
            Some(_) | None => String::new(),
        };
        let _ = writeln!(text, "  {}{due}", safe(&change.says));
    }
    text
}

#[cfg(test)]
mod tests {
    use rootward_observer::wire::DoorFacts;

    use super::*;
    use crate::terminal::samples::{drains, stop, up};
    use crate::view::{OneText, is_harmless, with_each_text};

    #[test]
    fn a_restart_that_is_put_off_says_when_it_is_due() {
        let mut answer = up().model().why("root/front/flaky").unwrap();
        answer.now = Some(3.3);

        insta::assert_snapshot!(why(&answer, None));
    }

    #[test]
    fn a_drain_says_when_the_stop_begins_and_what_would_begin_it_at_once() {
        let model = drains().model();
        let mut answer = model.why("root").unwrap();
        answer.now = Some(6.0);
        let mut snapshot = model.snapshot();
        snapshot.door = Some(DoorFacts { control: false, now: 6.0, usage_left_out: 0 });

        insta::assert_snapshot!(why(&answer, None));
        let heading = "draining, up for 6.0s · stops in 8.0s (signal) · as of event ";
        assert!(status(&snapshot).starts_with(heading), "{}", status(&snapshot));
    }

    #[test]
    fn a_stop_says_what_it_waits_for() {
        insta::assert_snapshot!(why(&stop().model().why("root").unwrap(), None));
    }

    /// Whatever the program behind the door sends, as `why` and `status` show it.
    #[test]
    fn no_text_of_an_answer_drives_the_terminal_or_forges_a_line() {
        for OneText { place, bad, good } in with_each_text::<Why>(|document| document["because"].is_array()) {
            let [bad, good] = [bad, good].map(|answer| why(&answer, None));
            assert!(is_harmless(&bad), "{place}: {bad:?}");
            assert_eq!(bad.lines().count(), good.lines().count(), "{place}: {bad:?}");
        }
        for OneText { place, bad, good } in
            with_each_text::<Snapshot>(|document| document["newest"].is_array())
        {
            let [bad, good] = [status(&bad), status(&good)];
            assert!(is_harmless(&bad), "{place}: {bad:?}");
            assert_eq!(bad.lines().count(), good.lines().count(), "{place}: {bad:?}");
        }
    }

    #[test]
    fn what_a_process_uses_stands_below_it() {
        let mut snapshot = up().model().snapshot();
        let process = snapshot.children.iter_mut().find(|child| child.pid == Some(4711)).unwrap();
        process.usage = Some(Box::new(Usage {
            cpu_ms: 1234,
            memory: 3 << 20,
            processes: 2,
            stopped: 0,
            threads: 9,
            descriptors: Some(12),
            read: Some(0),
            written: Some(512),
        }));
        snapshot.door = Some(DoorFacts { control: false, now: 4.0, usage_left_out: 2 });

        insta::assert_snapshot!(status(&snapshot));
    }
}
