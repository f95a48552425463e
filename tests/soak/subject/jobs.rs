//! What is started and forgotten again.

use std::time::Duration;

use rootward::process::Ready;
use rootward::{ChildSpec, Exit, Restart, Supervisor};

use super::actor::Counter;
use super::worker::{ORDERED, Worker};
use super::world::World;
use crate::dice::Dice;
use crate::program::READY;

/// So short that a job that ignores the request does not hold up a round for long.
const IMPATIENT: Duration = Duration::from_millis(40);

/// Any job at all. Nothing of it is restarted for ever.
pub(super) fn any(world: &World, dice: &mut Dice) -> ChildSpec {
    let ready = Ready::line(READY);
    let lines = dice.below(300).to_string();
    let code = dice.below(3).to_string();
    let spec = match dice.below(13) {
        0 => Worker::new().child("task"),
        1 => ChildSpec::task("short", |_| async { Exit::Failed { error: "it was told to".into() } }),
        2 => ChildSpec::task("panics", |_| async { std::panic::panic_any(ORDERED) }),
        3 => ChildSpec::blocking("blocking", |cx| {
            cx.wait_stopping(Duration::from_millis(20));
        }),
        4 => ChildSpec::actor("actor", || (Counter, ())),
        5 => Supervisor::new("below").child(Worker::new().child("task")).into_child(),
        6 => ChildSpec::service("service", |cx| async move {
            cx.ready();
            cx.stopping().await;
        }),
        7 => world.program("exits", &[lines.as_str(), code.as_str()]).into_child("exits"),
        8 => world.program("crashes", &[]).into_child("crashes"),
        9 => world.program("talks", &[lines.as_str()]).ready(ready).into_child("talks"),
        10 => {
            let family = world.program("has_a_family", &[world.whereabouts()]);
            family.ready(ready).straggler_grace(IMPATIENT).into_child("family")
        }
        11 => {
            let family = world.program("leaves_a_family", &[world.whereabouts()]);
            family.straggler_grace(IMPATIENT).into_child("leaves")
        }
        _ => {
            return world
                .program("ignores", &[])
                .ready(ready)
                .into_child("ignores")
                .shutdown(IMPATIENT)
                .restart(Restart::Temporary);
        }
    };
    spec.restart(Restart::Temporary)
}

/// A job that cannot be started.
pub(super) fn impossible(world: &World, dice: &mut Dice) -> ChildSpec {
    let spec = match dice.below(4) {
        0 => rootward::Process::new("/nowhere/at/all").into_child("missing"),
        1 => {
            let mute =
                world.program("waits", &[]).ready(Ready::line("^never said$")).ready_timeout(IMPATIENT);
            mute.straggler_grace(IMPATIENT).into_child("mute")
        }
        2 => {
            // It ends before it has said it.
            world.program("exits", &["3", "1"]).ready(Ready::line("^never said$")).into_child("early")
        }
        _ => ChildSpec::service("unready", |_| async { Err::<(), _>("it will not") }),
    };
    spec.restart(Restart::Temporary)
}
