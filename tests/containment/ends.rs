//! The ways in which a misbehaving program can come to its end, and what must hold after each.

use nix::sys::signal::Signal;

use crate::place::{self, Level, Place};
use crate::record::{end, send};
use crate::scene::{Goes, Misbehaviour, Scene, Stays};

/// The supervisor is asked to stop.
pub(crate) fn stop(misbehaviour: Misbehaviour) {
    place::all().into_iter().for_each(|place| stop_at(place, misbehaviour));
}

pub(crate) fn stop_at(place: Place, misbehaviour: Misbehaviour) {
    let mut scene = Scene::set(misbehaviour, place);
    let members = scene.record.processes();

    scene.supervisor.signal(Signal::SIGTERM);
    let status =
        if place.level == Level::Group { scene.supervisor.wait() } else { scene.supervisor.finish() };

    if place.level == Level::Group && misbehaviour.stays == Stays::Nowhere {
        assert!(!scene.leader.process.is_alive());
        return;
    }
    scene.assert_empty();
    misbehaviour.assert_status(status, place);
    if misbehaviour.stays == Stays::Nowhere && misbehaviour.goes == Goes::WhenAsked {
        scene.assert_named(&members, "Graceful");
    }
}

/// The child alone is restarted: once because the supervisor is told to, and once because its first process has been
/// killed.
pub(crate) fn restart(misbehaviour: Misbehaviour) {
    place::all().into_iter().for_each(|place| restart_at(place, misbehaviour));
}

pub(crate) fn restart_at(place: Place, misbehaviour: Misbehaviour) {
    if place.level == Level::Group && misbehaviour.stays == Stays::Nowhere {
        return;
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
        scene.supervisor.heard.lines_after("bystander starting").len(),
        1,
        "the other child is left alone"
    );
}

/// The supervisor is killed.
pub(crate) fn kill_of_the_supervisor(misbehaviour: Misbehaviour) {
    place::trees().into_iter().for_each(|place| kill_of_the_supervisor_at(place, misbehaviour));
}

pub(crate) fn kill_of_the_supervisor_at(place: Place, misbehaviour: Misbehaviour) {
    let mut scene = Scene::set(misbehaviour, place);

    scene.supervisor.signal(Signal::SIGKILL);
    scene.supervisor.wait();

    scene.wait_until_empty();
}

/// The warden is killed, and the supervisor brings everything down: it could start nothing any more.
pub(crate) fn kill_of_the_warden(misbehaviour: Misbehaviour) {
    place::trees().into_iter().for_each(|place| kill_of_the_warden_at(place, misbehaviour));
}

pub(crate) fn kill_of_the_warden_at(place: Place, misbehaviour: Misbehaviour) {
    let mut scene = Scene::set(misbehaviour, place);
    let warden = scene.supervisor.warden();

    send(warden, Signal::SIGKILL);
    let status = scene.supervisor.finish();

    scene.assert_empty_but_for_idle_helpers();
    assert_eq!(status, Some(1), "{place:?}");
}
