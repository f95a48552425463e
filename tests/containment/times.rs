//! How long it takes until no process is left: every misbehaving program, stopped and killed, at every level, as a
//! table for docs/containment.md.
//!
//! `cargo bench -p rootward-tests --bench containment_times -- [RUNS]`, on a machine that does nothing else. A figure
//! is the median of so many runs, five unless told.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::disallowed_methods, reason = "real time is what is measured")]

#[expect(dead_code, reason = "the tests need more of it")]
mod place;
#[expect(dead_code, reason = "the tests need more of it")]
mod record;
#[expect(dead_code, reason = "the tests need more of it")]
mod scene;
#[expect(dead_code, reason = "the tests need more of it")]
mod supervisor;

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::place::{Level, Place, User};
use crate::scene::{Goes, Misbehaviour, Scene, Stays};

/// As the page has them.
const PROGRAMS: [(&str, &str, Goes); 16] = [
    ("has a grandchild in its group", "has_a_grandchild", Goes::WhenAsked),
    ("has a grandchild in its group whose parent has gone", "is_reparented", Goes::WhenAsked),
    ("ignores SIGTERM", "will_not_go", Goes::WhenKilled),
    ("has a grandchild that ignores SIGTERM", "has_a_stubborn_grandchild", Goes::WhenKilled),
    ("forks as fast as it can, 121 processes", "forks_like_a_bomb", Goes::WhenKilled),
    ("has a child in a group of its own", "changes_its_group", Goes::WhenAsked),
    ("has a child in a session of its own", "changes_its_session", Goes::WhenAsked),
    ("… that has another directory", "changes_its_directory", Goes::WhenAsked),
    ("… that has cleared its environment", "clears_its_environment", Goes::WhenAsked),
    ("… that has closed all descriptors", "closes_everything", Goes::WhenAsked),
    ("… that holds the output pipe", "shares_its_pipe", Goes::WhenAsked),
    ("is suspended, and so is its child in another session", "is_suspended", Goes::WhenAsked),
    ("makes a daemon by forking twice", "double_forks", Goes::WhenAsked),
    ("forks five helpers when it is asked to go", "forks_when_asked_to_go", Goes::WhenKilled),
    ("keeps hopping", "keeps_hopping", Goes::AsItPleases),
    ("a bomb of 150 processes that refills itself", "forks_without_end", Goes::WhenKilled),
];

fn main() {
    let runs = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(5);
    let levels: Vec<Level> = place::trees()
        .into_iter()
        .filter(|place| place.user == User::Ours)
        .map(|place| place.level)
        .rev()
        .collect();
    let heads: Vec<String> = levels
        .iter()
        .flat_map(|level| ["stop", "kill"].map(|end| format!("`{}`: {end}", level.name())))
        .collect();
    println!("| the program | {} |", heads.join(" | "));
    println!("| --- |{}", " --- |".repeat(heads.len()));
    for (what, program, goes) in PROGRAMS {
        let it = Misbehaviour { program, stays: Stays::Nowhere, goes };
        let ends = [stop as fn(Scene) -> Duration, kill];
        let figures: Vec<String> = levels
            .iter()
            .flat_map(|level| ends.map(|end| median(runs, || end(Scene::set(it, place(*level))))))
            .map(milliseconds)
            .collect();
        println!("| {what} | {} |", figures.join(" | "));
    }
}

fn place(level: Level) -> Place {
    Place { level, user: User::Ours }
}

/// From SIGTERM to the supervisor until it has exited.
fn stop(mut scene: Scene) -> Duration {
    let begin = Instant::now();
    scene.supervisor.signal(Signal::SIGTERM);
    scene.supervisor.wait();
    let time = begin.elapsed();
    scene.assert_empty();
    time
}

/// From SIGKILL to the supervisor until no process is alive any more. The list of processes is looked at without a
/// pause.
fn kill(mut scene: Scene) -> Duration {
    let begin = Instant::now();
    scene.supervisor.signal(Signal::SIGKILL);
    scene.supervisor.wait();
    while !scene.supervisor.helpers_alive().is_empty() || !scene.record.survivors().is_empty() {}
    begin.elapsed()
}

fn median(runs: usize, mut run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..runs.max(1)).map(|_| run()).collect();
    times.sort();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    if milliseconds < 100.0 { format!("{milliseconds:.1}") } else { format!("{milliseconds:.0}") }
}
