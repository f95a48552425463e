//! A bomb that refills itself: each process that is killed makes room for another one elsewhere.

use nix::sys::signal::Signal;

use crate::alone::alone;
use crate::record::end;
use crate::scene::{Goes, Misbehaviour, Scene, Stays};
use crate::{ends, place};

const IT: Misbehaviour =
    Misbehaviour { program: "forks_without_end", stays: Stays::Nowhere, goes: Goes::WhenKilled };

#[test]
fn a_bomb_that_refills_itself_is_gone_after_a_stop() {
    let _alone = alone();
    for place in place::trees() {
        let mut scene = Scene::set(IT, place);

        scene.supervisor.signal(Signal::SIGTERM);
        let status = scene.supervisor.finish();

        scene.assert_empty();
        IT.assert_status(status, place);
    }
}

#[test]
fn a_bomb_that_refills_itself_and_whose_reaper_was_killed_is_gone_before_it_is_started_again() {
    let _alone = alone();
    for place in place::trees() {
        let mut scene = Scene::set(IT, place);

        scene.supervisor.reapers().into_iter().for_each(end);
        scene.wait_for_successor();

        scene.supervisor.note_helpers();
        scene.supervisor.signal(Signal::SIGTERM);
        scene.supervisor.finish();
        scene.assert_empty();
    }
}

#[test]
fn a_bomb_that_refills_itself_is_gone_soon_after_its_supervisor_was_killed() {
    let _alone = alone();
    ends::kill_of_the_supervisor(IT);
}
