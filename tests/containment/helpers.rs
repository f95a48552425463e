//! What becomes of a program when the processes that look after it abort, are killed or are suspended: the supervisor,
//! the warden and the reapers.

use std::time::Duration;

use nix::sys::signal::Signal;
use rootward_tests::happens;

use crate::place::{self, Place};
use crate::record::{end, send};
use crate::scene::{Goes, Misbehaviour, Scene, Stays};
use crate::supervisor::Supervisor;

const IT: Misbehaviour =
    Misbehaviour { program: "changes_its_session", stays: Stays::Nowhere, goes: Goes::WhenAsked };

const STUBBORN: Misbehaviour =
    Misbehaviour { program: "forks_when_asked_to_go", stays: Stays::Nowhere, goes: Goes::WhenKilled };

#[test]
fn reapers_end_everything_when_supervisor_and_warden_are_killed_at_once() {
    for place in place::trees() {
        for warden_first in [true, false] {
            let mut scene = Scene::set(IT, place);
            let warden = scene.supervisor.warden();

            if warden_first {
                end(warden);
                scene.supervisor.signal(Signal::SIGKILL);
            } else {
                scene.supervisor.signal(Signal::SIGKILL);
                end(warden);
            }
            scene.supervisor.wait();

            scene.wait_until_empty();
        }
    }
}

/// As a failed allocation does, or a panic in the middle of another: the program has no say, and nothing is unwound.
#[test]
fn everything_is_gone_soon_after_the_supervisor_has_aborted() {
    for place in place::trees() {
        let mut scene = Scene::set(IT, place);

        scene.supervisor.signal(Signal::SIGABRT);
        scene.supervisor.wait();

        scene.wait_until_empty();
    }
}

#[test]
fn direct_children_die_when_supervisor_warden_and_reapers_are_killed_at_once() {
    for place in place::trees() {
        let mut scene = Scene::set(IT, place);
        let warden = scene.supervisor.warden();
        let reapers = scene.supervisor.reapers();

        // None of them does anything any more, so that it is one moment for all.
        scene.supervisor.signal(Signal::SIGSTOP);
        reapers.iter().chain([&warden]).for_each(|helper| send(*helper, Signal::SIGSTOP));
        assert!(happens(|| reapers.iter().chain([&warden]).all(|helper| helper.is_suspended())));
        scene.supervisor.signal(Signal::SIGKILL);
        reapers.iter().chain([&warden]).for_each(|helper| end(*helper));
        scene.supervisor.wait();

        assert!(happens(|| !scene.leader.process.is_alive() && scene.supervisor.helpers_alive().len() <= 1));
        // What is left is the grandchild at most.
        let others = scene.record.processes();
        assert!(scene.supervisor.helpers_alive().iter().all(|left| others.contains(left)), "{place:?}");
    }
}

#[test]
fn reapers_that_were_suspended_end_everything_when_the_supervisor_is_killed() {
    for place in place::trees() {
        let mut scene = Scene::set(IT, place);
        suspend_reapers(&scene);

        scene.supervisor.signal(Signal::SIGKILL);
        scene.supervisor.wait();

        scene.wait_until_empty();
    }
}

#[test]
fn reapers_that_were_suspended_end_everything_when_the_grace_is_over() {
    for place in place::trees() {
        let mut scene = Scene::set(STUBBORN, place);
        suspend_reapers(&scene);

        scene.supervisor.signal(Signal::SIGTERM);
        let status = scene.supervisor.finish();

        scene.assert_empty();
        assert_eq!(status, Some(3), "{place:?}");
    }
}

#[test]
fn a_warden_that_was_suspended_is_gone_soon_after_its_supervisor_was_killed() {
    for place in place::trees() {
        let mut scene = Scene::set(IT, place);
        let warden = scene.supervisor.warden();
        send(warden, Signal::SIGSTOP);
        assert!(happens(|| warden.is_suspended()));

        scene.supervisor.signal(Signal::SIGKILL);
        scene.supervisor.wait();

        scene.wait_until_empty();
    }
}

#[test]
fn a_warden_that_was_suspended_is_gone_when_its_supervisor_has_left() {
    for place in place::trees() {
        let mut scene = Scene::set(IT, place);
        let warden = scene.supervisor.warden();
        send(warden, Signal::SIGSTOP);
        assert!(happens(|| warden.is_suspended()));

        scene.supervisor.signal(Signal::SIGTERM);
        let status = scene.supervisor.finish();

        scene.assert_empty();
        assert_eq!(status, Some(0), "{place:?}");
    }
}

#[test]
fn what_lost_reapers_leave_is_ended_where_orphans_are_adopted() {
    adopting(|place, scene| {
        let warden = scene.supervisor.warden();
        let helpers: Vec<_> = scene.supervisor.reapers().into_iter().chain([warden]).collect();

        // None of them does anything any more, so that it is one moment for all.
        helpers.iter().for_each(|helper| send(*helper, Signal::SIGSTOP));
        assert!(happens(|| helpers.iter().all(|helper| helper.is_suspended())));
        helpers.iter().for_each(|helper| end(*helper));
        let status = scene.supervisor.finish();

        scene.assert_empty();
        assert_eq!(status, Some(1), "{place:?}");
    });
}

#[test]
fn an_init_that_is_killed_leaves_nothing_behind() {
    adopting(|_, scene| {
        scene.supervisor.signal(Signal::SIGKILL);
        scene.supervisor.wait();

        scene.wait_until_empty();
    });
}

#[test]
fn a_program_that_is_killed_takes_its_init_along_and_leaves_nothing_behind() {
    adopting(|place, scene| {
        end(scene.supervisor.below_its_init());
        let status = scene.supervisor.wait();

        scene.wait_until_empty();
        assert_eq!(status, None, "{place:?}: a signal has ended it");
    });
}

#[test]
fn a_supervisor_below_an_init_stops_everything_when_it_is_asked_to() {
    adopting(|place, scene| {
        scene.supervisor.signal(Signal::SIGTERM);
        let status = scene.supervisor.finish();

        scene.assert_empty();
        assert_eq!(status, Some(0), "{place:?}");
    });
}

/// A supervisor that adopts orphans in every place, whether its init was forked before its warden or after it.
fn adopting(mut ends: impl FnMut(Place, &mut Scene)) {
    for place in place::trees() {
        for when in ["first", "last"] {
            let start = |register: &str| {
                Supervisor::start_adopting(place, IT.program, Duration::from_secs(50), register, when)
            };
            ends(place, &mut Scene::with(place, start));
        }
    }
}

fn suspend_reapers(scene: &Scene) {
    let reapers = scene.supervisor.reapers();
    assert!(!reapers.is_empty());
    reapers.iter().for_each(|reaper| send(*reaper, Signal::SIGSTOP));
    assert!(happens(|| reapers.iter().all(|reaper| reaper.is_suspended())));
}
