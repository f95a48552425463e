//! The program under test: a supervisor that works in rounds, and says when it rests and what cannot be counted from
//! outside.

mod actions;
mod actor;
mod jobs;
mod meter;
mod record;
mod rounds;
mod tree;
mod worker;
mod world;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rootward::process::Containment;
use rootward::signal::Hangup;
use rootward::{Application, Signal, Tree};
use rootward_tests::say;
use tokio::sync::mpsc;

use self::record::Reader;
use self::rounds::Rounds;
use self::world::World;
use crate::dice::Dice;

/// Longer than any soak.
const LONGEST_LIFE: u32 = 2 * 3600;

/// A task that blocks its thread for as long is written down as stalled.
const STALL_THRESHOLD: Duration = Duration::from_millis(50);

pub(crate) fn run(register: &str, level: &str, seed: u64) -> ExitCode {
    // First of all: a warden cannot be forked later.
    let containment = containment(level);
    nix::unistd::alarm::set(LONGEST_LIFE);
    say(format_args!("level {}", containment.name()));
    say(format_args!("warden {}", containment.warden().map_or(0, |warden| warden.pid())));
    let ordinary = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // There will be thousands of those that were ordered.
        if panic.payload().downcast_ref::<&str>() != Some(&worker::ORDERED) {
            ordinary(panic);
        }
    }));

    let world = Arc::new(World::new(register, level != "group"));
    let signals = Arc::new(AtomicU64::new(0));
    let (shown, reloaded) = (Arc::clone(&signals), Arc::clone(&signals));
    let mut prepared = Application::new(tree::root(&world))
        .containment(containment)
        .hangup(Hangup::Reload)
        // A long soak is started with nohup.
        .heed_ignored(true)
        .on_signal(Signal::HUP, move |_| count(&reloaded))
        .on_snapshot(move |_| count(&shown))
        .configure(|tree| tree.stall_threshold(STALL_THRESHOLD))
        .on_launch({
            let world = Arc::clone(&world);
            move |tree| begin(tree, Rounds::new(world, signals, Dice::new(seed)))
        })
        .on_report(|report| say(format_args!("over {}", report.clean)))
        .prepare()
        .expect("this tree makes sense");
    let reader = Reader::start(prepared.subscribe(), Arc::clone(&world.tally));
    let finished = prepared.run().expect("the system has threads and signals for this program");
    reader.join();
    finished.into()
}

fn count(signals: &AtomicU64) {
    signals.fetch_add(1, Ordering::Relaxed);
}

/// Containment at this level. Level `tree` means without cgroups.
fn containment(level: &str) -> Containment {
    match level {
        "group" => Containment::group(),
        "tree" => Containment::auto().without_cgroups(),
        _ => Containment::auto(),
    }
}

/// Works as the observer says. If the observer is gone, all of it stops.
#[expect(clippy::disallowed_methods, reason = "the code that operates on the tree stands outside of it")]
fn begin(tree: &Tree, rounds: Rounds) {
    let (sender, orders) = mpsc::unbounded_channel();
    let observed = tree.clone();
    thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
        observed.request_stop();
    });
    tokio::spawn(rounds.run(tree.clone(), orders));
}
