//! The observer: it looks at the subject from outside, tells it when to go on and when to stop, and judges.

use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use rootward_tests::{Known, say};

mod members;
mod subject;

use self::members::Members;
use self::subject::Subject;
use crate::flat::Course;
use crate::sample::{MEASURES, Sample, Told};

/// How long a soak may be, so that everything that is started ends by itself some day.
const LONGEST: u64 = 3600;

/// How long it rests until it is looked at for the first time. A supervisor keeps its alarm for the longest grace of
/// its children, and the runtime a thread for blocking work, in case there is more of it; both less than this.
const SETTLED: Duration = Duration::from_secs(12);

/// From how many seconds on memory is judged. Before that it is still finding its size.
const LENGTH_FOR_MEMORY: u64 = 30;

/// The least number of rounds between two looks that says anything.
const FEWEST: usize = 3;

/// What a failed soak has to say.
type Outcome = Result<(), String>;

pub(crate) fn usage() -> ExitCode {
    say("usage: soak group|tree|tree+cgroup SECONDS [SEED]");
    ExitCode::from(2)
}

pub(crate) fn run(level: &str, seconds: &str, seed: u64) -> ExitCode {
    let Ok(length @ 1..=LONGEST) = seconds.parse::<u64>() else { return usage() };
    if !["group", "tree", "tree+cgroup"].contains(&level) {
        return usage();
    }
    say(format_args!("soak {level} {seconds} {seed}"));
    match soak(level, length, seed) {
        Ok(()) => {
            say("all of it was flat, and nothing is left");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            say(format_args!("FAILED: {problem}"));
            say(format_args!(
                "again: cargo run --release -p rootward-tests --bin soak -- {level} {seconds} {seed}"
            ));
            ExitCode::FAILURE
        }
    }
}

fn soak(level: &str, length: u64, seed: u64) -> Outcome {
    let members = Members::open()?;
    let mut subject = Subject::start(&members, level, seed)?;
    // The first quarter is for what is made once.
    let length_of_parts = [length * 2, length * 3, length * 3].map(|part| Duration::from_secs(part) / 8);
    let mut looks: Vec<Sample> = Vec::new();
    let mut told = Told::new();
    for length_of_part in length_of_parts {
        let over = after(length_of_part);
        let mut rounds = 0;
        while rounds < FEWEST || over.try_recv() == Err(mpsc::TryRecvError::Empty) {
            subject.signal(Signal::SIGUSR1)?;
            subject.signal(Signal::SIGHUP)?;
            told = subject.tell("go")?;
            if level == "tree+cgroup" && subject.watched.cgroups().is_empty() {
                return Err("the warden has no cgroup here, so that this is the level tree".into());
            }
            members.forget_the_dead();
            rounds += 1;
        }
        let look = match looks.first() {
            None => subject.settle(SETTLED.min(Duration::from_secs(length)))?,
            Some(first) => subject.settle_down_to(first)?,
        };
        looks.push(look);
    }
    // The others are among what is measured.
    for (what, count) in
        told.iter().filter(|(what, _)| !["heap", "control", "tasks"].contains(&what.as_str()))
    {
        say(format_args!("{what:<24} {count:>9}"));
    }
    let judged = judge(&looks, length >= LENGTH_FOR_MEMORY);
    let helpers = subject.watched.supervisor.descendants();
    let cgroups = subject.watched.cgroups();
    subject.stop()?;
    let left: Vec<Known> = helpers.into_iter().filter(|helper| helper.is_alive()).collect();
    let survivors = members.survivors();
    if !left.is_empty() || !survivors.is_empty() {
        return Err(format!("these are left: {survivors:?}, and of those that were there: {left:?}"));
    }
    if let Some(cgroup) = cgroups.iter().find(|cgroup| cgroup.exists()) {
        return Err(format!("{} is left", cgroup.display()));
    }
    judged
}

/// Says how everything went, and whether it was flat.
fn judge(looks: &[Sample], with_memory: bool) -> Outcome {
    let [early, middle, late] = looks else { return Err("there are three looks".into()) };
    say(format_args!("{:<24} {:>9} {:>9} {:>9}", "at rest", "early", "middle", "late"));
    let mut problems = Vec::new();
    for (place, measure) in MEASURES.into_iter().enumerate() {
        let course = Course { measure, early: early[place], middle: middle[place], late: late[place] };
        let counts = with_memory || !measure.is_memory();
        let remark = if counts { "" } else { "   not judged in so short a time" };
        let Course { early, middle, late, .. } = course;
        say(format_args!("{:<24} {early:>9} {middle:>9} {late:>9}{remark}", measure.name));
        if counts && !course.is_flat() {
            problems.push(format!("{} grew from {early} to {middle} and {late}", measure.name));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
}

/// Something that comes when this time is over.
fn after(time: Duration) -> Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Nothing is ever sent here.
        let (_keep, nothing) = mpsc::channel::<()>();
        let _ = nothing.recv_timeout(time);
        let _ = sender.send(());
    });
    receiver
}
