//! The command line: one subject, one metric, a number.

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::figure::Figure;
use crate::metrics::{Metric, health};
use crate::subjects::{self, Absent, Live};

/// There is nothing to be measured here, for the reason that was given.
pub const ABSENT: u8 = 3;

/// Measures what the command line says. `live` counts bytes, in a program that can.
pub fn main(live: Live) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [health::SERVE, address] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return health::serve(address).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let [subject, wanted, n] = arguments.as_slice() else { return usage() };
    let Ok(n) = n.parse::<usize>() else { return usage() };
    let mut outcome = Err(Absent::NoSubject);
    for metric in Metric::named(wanted) {
        match subjects::measure(subject, metric, n.max(1), live) {
            Ok(figures) => {
                tell(subject, wanted, n, &figures);
                outcome = Ok(());
            }
            Err(absent) => outcome = outcome.or(Err(absent)),
        }
    }
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Absent::NotCounting) => counting(&arguments),
        Err(Absent::NoSubject) => usage(),
        Err(Absent::DoesNotApply) => {
            eprintln!("{wanted} does not apply to {subject}");
            ExitCode::from(ABSENT)
        }
        Err(Absent::NotHere(what)) => {
            eprintln!("{subject} is not measured here: it needs {what}");
            ExitCode::from(ABSENT)
        }
    }
}

/// Prints what belongs to the name that was asked for.
fn tell(subject: &str, wanted: &str, n: usize, figures: &[Figure]) {
    for Figure { metric, value, unit } in figures {
        if metric.starts_with(wanted) {
            println!("{subject} {metric} {n} {value:.3} {unit}");
        }
    }
}

/// Has the program measure that counts bytes. If cargo runs this program, cargo builds and runs that one, so that it is
/// up to date; else the program beside this one is run.
fn counting(arguments: &[String]) -> ExitCode {
    let mut command = match std::env::var_os("CARGO") {
        Some(cargo) => {
            let mut cargo = Command::new(cargo);
            let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
            cargo
                .args(["run", "--quiet", "--release", "--bin", "heap", "--manifest-path"])
                .arg(manifest)
                .arg("--");
            cargo
        }
        None => Command::new(std::env::current_exe().expect("this program is a file").with_file_name("heap")),
    };
    match command.args(arguments).status() {
        Ok(status) => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            code.map_or(ExitCode::FAILURE, ExitCode::from)
        }
        Err(error) => {
            eprintln!("the program that counts cannot be run: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    let metrics: Vec<&str> = Metric::ALL.iter().map(|(name, _)| *name).collect();
    eprintln!("usage: rootward-bench SUBJECT METRIC N");
    eprintln!("subjects: {}", subjects::ALL.join(", "));
    eprintln!("metrics: {}", metrics.join(", "));
    ExitCode::from(2)
}
