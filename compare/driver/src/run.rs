//! One program in one scenario, once.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::log::Log;
use crate::outcome::{Ending, Outcome};
use crate::processes::{alive, end};
use crate::scenario::{Scenario, Then};

/// How long a program has until its worker is where the scenario wants it.
const START: Duration = Duration::from_secs(20);
/// What is left so long after the end counts as left behind.
const LEFT: Duration = Duration::from_secs(2);
/// How often the driver looks.
const LOOK: Duration = Duration::from_millis(2);

/// Where the binaries are, and where a run may write.
pub struct Place {
    pub binaries: PathBuf,
    pub scratch: PathBuf,
}

struct Running {
    program: Child,
    log: PathBuf,
    mark: String,
}

/// Runs a program through a scenario and cleans up after it.
///
/// # Errors
///
/// If the program cannot be started, or its worker does not get to where the scenario wants it.
pub fn run(place: &Place, package: &str, scenario: &Scenario, number: usize) -> io::Result<Outcome> {
    let mut running = start(place, package, scenario, number)?;
    let outcome = observe(&mut running, scenario);
    running.clean_up();
    outcome
}

fn start(place: &Place, package: &str, scenario: &Scenario, number: usize) -> io::Result<Running> {
    let name = format!("{package}-{}-{number}-{}", scenario.name, std::process::id());
    let log = place.scratch.join(&name).with_extension("log");
    File::create(&log)?;
    let errors = File::create(place.scratch.join(&name).with_extension("stderr"))?;
    let mark = format!("COMPARE_LOG={}", log.display());
    let mut command = Command::new(place.binaries.join(package));
    command
        .env("COMPARE_LOG", &log)
        .env("COMPARE_SCENARIO", scenario.worker)
        .env("COMPARE_STORE", place.binaries.join("compare-store"))
        .env_remove("COMPARE_STORE_DEAF")
        .env_remove("COMPARE_EXIT")
        // A panic should cost what it costs by default.
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors);
    if scenario.deaf {
        command.env("COMPARE_STORE_DEAF", "1");
    }
    if scenario.exit {
        command.env("COMPARE_EXIT", "1");
    }
    Ok(Running { program: command.spawn()?, log, mark })
}

fn observe(running: &mut Running, scenario: &Scenario) -> io::Result<Outcome> {
    let begun = Instant::now();
    while !(running.log().count("worker", scenario.until) > 0 && running.log().count("store", "started") > 0)
    {
        if begun.elapsed() > START {
            return Err(io::Error::other(format!("not {:?} after {START:?}", scenario.until)));
        }
        thread::sleep(LOOK);
    }
    let pid = Pid::from_raw(running.program.id().cast_signed());
    match scenario.then {
        Then::Terminate => kill(pid, Signal::SIGTERM)?,
        Then::Kill => kill(pid, Signal::SIGKILL)?,
        Then::AwaitRestart | Then::AwaitEnd => {}
    }
    let asked = Instant::now();
    let ending = running.ending(scenario, asked)?;
    let took = asked.elapsed();
    let left = running.left(ending == Ending::Goes);
    let gone = asked.elapsed();
    let log = running.log();
    Ok(Outcome {
        ending,
        took,
        gone,
        starts: log.count("worker", "started"),
        stores: log.count("store", "started"),
        gap: log.gap(),
        worker: log.worker(),
        store: log.store(),
        left,
    })
}

impl Running {
    fn log(&self) -> Log {
        Log::parse(&fs::read_to_string(&self.log).unwrap_or_default())
    }

    fn ending(&mut self, scenario: &Scenario, since: Instant) -> io::Result<Ending> {
        loop {
            if let Some(status) = self.program.try_wait()? {
                return Ok(ended(status));
            }
            if scenario.then == Then::AwaitRestart && self.log().count("worker", "works") > 0 {
                return Ok(Ending::Goes);
            }
            if since.elapsed() >= scenario.patience {
                return Ok(Ending::Runs(scenario.patience));
            }
            thread::sleep(LOOK);
        }
    }

    /// What is there although the program has ended, or should have.
    fn left(&self, goes_on: bool) -> Vec<String> {
        if goes_on {
            return Vec::new();
        }
        let since = Instant::now();
        loop {
            let there = alive(&self.mark, &self.log().born(), self.program.id());
            if there.is_empty() || since.elapsed() > LEFT {
                return there.into_values().map(|(_, name)| name).collect();
            }
            thread::sleep(LOOK);
        }
    }

    /// Ends what is left of the run, and nothing else.
    fn clean_up(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
        for (pid, (birth, _)) in alive(&self.mark, &self.log().born(), self.program.id()) {
            end(pid, birth);
        }
    }
}

fn ended(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exited(code),
        (None, signal) => Ending::Killed(signal.unwrap_or_default()),
    }
}

/// A directory for the logs of this driver, made anew.
///
/// # Errors
///
/// If it cannot be made.
pub fn scratch(base: &Path) -> io::Result<PathBuf> {
    let scratch = base.join(format!("compare-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    Ok(scratch)
}
