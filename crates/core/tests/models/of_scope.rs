//! Nothing starts once the stop of an ancestor has been written, however the marks and the looks meet.

use std::sync::Arc;

use loom::sync::Mutex;
use loom::thread;

use crate::scope::{StopReach, StopScope};
use crate::sync::{locked, model};

/// What stands for the record of a tree: one lock, under which events get their order.
#[derive(Default)]
struct Events(Mutex<Vec<&'static str>>);

impl Events {
    /// As a parent does it: the mark first, then the event.
    fn stops(&self, scope: &StopScope) {
        scope.begin_stop();
        locked(&self.0).push("stopping");
    }

    /// As a supervisor does it: it looks inside the section in which the event is written.
    fn starts(&self, scope: &StopScope) {
        let mut events = locked(&self.0);
        if !scope.is_stopping() {
            events.push("starting");
        }
    }

    fn check(&self) {
        let events = locked(&self.0);
        let mut behind = events.iter().skip_while(|event| **event != "stopping");
        assert!(!behind.any(|event| *event == "starting"), "it starts behind the stop: {events:?}");
    }
}

#[test]
fn nothing_is_written_to_start_behind_the_stop_of_an_ancestor() {
    model(|| {
        let events = Arc::new(Events::default());
        let root = StopScope::root(Arc::default(), StopReach::Subtree);
        let leaf = root.below().below();
        let stops = {
            let events = Arc::clone(&events);
            thread::spawn(move || events.stops(&root))
        };

        events.starts(&leaf);
        events.starts(&leaf);

        stops.join().unwrap();
        events.starts(&leaf);
        events.check();
    });
}

#[test]
fn a_stop_elsewhere_at_the_same_time_hides_no_stop_above() {
    model(|| {
        let events = Arc::new(Events::default());
        let root = StopScope::root(Arc::default(), StopReach::Subtree);
        let (middle, elsewhere) = (root.below(), root.below());
        let leaf = middle.below();
        let other = thread::spawn(move || elsewhere.begin_stop());
        let stops = {
            let events = Arc::clone(&events);
            thread::spawn(move || events.stops(&middle))
        };

        events.starts(&leaf);

        other.join().unwrap();
        stops.join().unwrap();
        events.starts(&leaf);
        events.check();
        assert!(leaf.is_stopping());
    });
}
