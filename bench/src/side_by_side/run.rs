//! One measurement, which is ended when it takes too long.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::plan::Step;
use super::results::Results;
use crate::command::ABSENT;

const LONGEST: Duration = Duration::from_secs(180);

/// All rounds of a step, but for what has been measured before.
pub fn step(step: &Step, results: &mut Results) {
    eprintln!("{} {}", step.metric, step.n);
    for round in 0..step.rounds {
        for subject in step.turns(round) {
            let turn = format!("{round} {subject} {} {}", step.metric, step.n);
            if results.has_had(&turn) || results.is_absent(subject, step.metric) {
                continue;
            }
            match measure(subject, step.metric, step.n) {
                Outcome::Measured(lines) => results.note(round, &turn, &lines),
                Outcome::Absent(why) => results.note_absent(subject, step.metric, &why),
                Outcome::Failed(why) => {
                    eprintln!("{subject} {} {}: {why}", step.metric, step.n);
                    results.note(round, &turn, "");
                }
            }
        }
    }
}

enum Outcome {
    Measured(String),
    Absent(String),
    Failed(String),
}

fn measure(subject: &str, metric: &str, n: usize) -> Outcome {
    let program = std::env::current_exe().expect("this program is a file").with_file_name("rootward-bench");
    let mut child = Command::new(program)
        .args([subject, metric, &n.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it has just been built");
    // A few lines, for which a pipe has room: they need not be read meanwhile.
    let latest = Instant::now() + LONGEST;
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is ours") {
            break status;
        }
        if Instant::now() > latest {
            child.kill().expect("it is ours");
            child.wait().expect("it is ours");
            // What it could not remove any more.
            let _ = std::fs::remove_file(crate::programs::pid_log_of(child.id()));
            return Outcome::Failed(format!("not over after {LONGEST:?}"));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let said = |stream: &mut dyn Read| {
        let mut text = String::new();
        // Whatever can be read is good enough for a message.
        let _ = stream.read_to_string(&mut text);
        text
    };
    let (mut out, mut err) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
    match status.code() {
        Some(0) => Outcome::Measured(said(&mut out)),
        Some(code) if code == i32::from(ABSENT) => Outcome::Absent(said(&mut err).trim().to_owned()),
        _ => Outcome::Failed(said(&mut err).lines().next().unwrap_or_default().to_owned()),
    }
}
