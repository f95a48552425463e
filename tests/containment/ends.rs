//! The ways in which a misbehaving program can come to its end, and what must hold after each.

use nix::sys::signal::Signal;

use crate::place::{self, Level};
use crate::record::{end, send};
use crate::scene::{Goes, Misbehaviour, Scene, Stays};

/// The supervisor is asked to stop.
pub(crate) fn stop(misbehaviour: Misbehaviour) {
    for place in place::all() {
        let mut scene = Scene::set(misbehaviour, place);
        let members = scene.record.processes();

        scene.supervisor.signal(Signal::SIGTERM);
        let status =
            if place.level == Level::Group { scene.supervisor.wait() } else { scene.supervisor.finish() };

        if place.level == Level::Group && misbehaviour.stays == Stays::Nowhere {
            assert!(!scene.leader.process.is_alive());
            continue;
        }
        scene.assert_empty();
        misbehaviour.assert_status(status, place);
        if misbehaviour.stays == Stays::Nowhere && misbehaviour.goes == Goes::WhenAsked {
            scene.assert_named(&members, "Graceful");
        }
    }
}

/// The child alone is restarted: once because the supervisor is told to, and once because its first process has been killed.
pub(crate) fn restart(misbehaviour: Misbehaviour) {
    for place in place::all() {
        if place.level == Level::Group && misbehaviour.stays == Stays::Nowhere {
            continue;
        }
        let mut scene = Scene::set(misbehaviour, place);

        scene.supervisor.restart_child();
        scene.wait_for_successor();
        end(scene.leader.process);
        scene.wait_for_successor();

        scene.supervisor.note_helpers();
        scene.supervisor.signal(Signal::SIGTERM);
        scene.supervisor.finish();
        scene.assert_empty();
        assert_eq!(
            scene.supervisor.lines_after("bystander starting").len(),
            1,
            "the other child is left alone"
        );
    }
}

/// The supervisor is killed.
pub(crate) fn kill_of_the_supervisor(misbehaviour: Misbehaviour) {
    for place in place::trees() {
        let mut scene = Scene::set(misbehaviour, place);

        scene.supervisor.signal(Signal::SIGKILL);
        scene.supervisor.wait();

        scene.wait_until_empty();
    }
}

/// The warden is killed, and the supervisor brings everything down: it could start nothing any more.
pub(crate) fn kill_of_the_warden(misbehaviour: Misbehaviour) {
    for place in place::trees() {
        let mut scene = Scene::set(misbehaviour, place);
        let warden = scene.supervisor.warden();

        send(warden, Signal::SIGKILL);
        let status = scene.supervisor.finish();

        scene.assert_empty();
        assert_eq!(status, Some(1), "{place:?}");
    }
}
