//! A supervisor that is suspended.

use nix::sys::signal::Signal;
use rootward_tests::happens;

use crate::place;
use crate::scene::{Goes, Misbehaviour, Scene, Stays};

const IT: Misbehaviour =
    Misbehaviour { program: "changes_its_session", stays: Stays::Nowhere, goes: Goes::WhenAsked };

#[test]
fn nothing_happens_while_the_supervisor_is_suspended() {
    for place in place::trees() {
        let mut scene = Scene::set(IT, place);

        scene.supervisor.signal(Signal::SIGSTOP);
        assert!(happens(|| scene.supervisor.is_suspended()));
        // Meanwhile another one lives its whole life, so that there was time for something to happen.
        let mut other = Scene::set(IT, place);
        other.supervisor.signal(Signal::SIGTERM);
        assert_eq!(other.supervisor.finish(), Some(0));

        let members = scene.record.processes();
        assert!(members.iter().all(|member| member.is_alive()), "{place:?}");
        scene.supervisor.signal(Signal::SIGCONT);
        scene.supervisor.signal(Signal::SIGTERM);
        assert_eq!(scene.supervisor.finish(), Some(0), "{place:?}");
        scene.assert_empty();
    }
}

#[test]
fn a_suspended_supervisor_that_is_killed_leaves_nothing_behind() {
    for place in place::trees() {
        let mut scene = Scene::set(IT, place);

        scene.supervisor.signal(Signal::SIGSTOP);
        assert!(happens(|| scene.supervisor.is_suspended()));
        scene.supervisor.signal(Signal::SIGKILL);
        scene.supervisor.wait();

        scene.wait_until_empty();
    }
}
