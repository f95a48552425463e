//! A process that had to be killed is named, with its process id.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::place;
use crate::scene::Scene;
use crate::supervisor::Supervisor;

/// So long that helpers come to report before they are killed.
const GRACE: Duration = Duration::from_secs(1);

#[test]
fn helpers_that_are_forked_during_the_stop_are_named() {
    assert_others_are_named_as_killed("forks_when_asked_to_go", 5);
}

#[test]
fn a_stubborn_grandchild_is_named() {
    assert_others_are_named_as_killed("has_a_stubborn_grandchild", 1);
}

#[test]
fn a_process_that_is_left_behind_is_asked_to_go_once_wherever_it_is() {
    for place in place::trees() {
        let program = "counts_its_sigterms";
        let mut scene = Scene::with(place, |register| Supervisor::start(place, program, GRACE, register));
        scene.record.wait_until_ready();

        scene.supervisor.signal(Signal::SIGTERM);
        assert_eq!(scene.supervisor.finish(), Some(3), "{place:?}");

        let mut others = scene.record.processes();
        others.remove(&scene.leader.process);
        let mut asked = scene.record.asked();
        asked.sort();
        assert_eq!(asked, others.iter().copied().collect::<Vec<_>>(), "{place:?}");
        assert_eq!(asked.len(), 2, "{place:?}");
        scene.assert_named(&others, "Killed");
    }
}

fn assert_others_are_named_as_killed(program: &'static str, others: usize) {
    for place in place::trees() {
        let mut scene = Scene::with(place, |register| Supervisor::start(place, program, GRACE, register));

        scene.supervisor.signal(Signal::SIGTERM);
        assert_eq!(scene.supervisor.finish(), Some(3), "{place:?}");

        let members = scene.record.processes();
        assert_eq!(members.len(), 1 + others, "{place:?}");
        scene.assert_named(&members, "Killed");
    }
}
