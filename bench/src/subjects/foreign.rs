//! Subjects in other languages: Erlang/OTP's `supervisor` and Python's simpervisor. Each is a script that takes a
//! metric and a number and prints `METRIC VALUE UNIT`.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::{Absent, Answer};
use crate::figure::Figure;
use crate::machine::ballast;
use crate::machine::work::{descendants, name};
use crate::metrics::{Metric, idle};
use crate::programs::IDLE;

const OTP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/otp.escript");
const SIMPERVISOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/simpervisor_bench.py");

pub fn otp(metric: Metric, n: usize) -> Answer {
    match metric {
        Metric::Flat
        | Metric::Deep
        | Metric::Wide
        | Metric::Dynamic
        | Metric::Stuck
        | Metric::Restart
        | Metric::GroupRestart
        | Metric::IdleTasks => {}
        _ => return Err(Absent::DoesNotApply),
    }
    let there = Command::new("escript").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        return Err(Absent::NotHere("escript, as in Debian's erlang-base"));
    }
    // Without more of them it can have 262 144 processes.
    let mut command = Command::new("escript");
    command.arg(OTP).env("ERL_FLAGS", "+P 1000000");
    measure(command, metric, n)
}

pub fn simpervisor(metric: Metric, n: usize) -> Answer {
    match metric {
        Metric::Proc | Metric::ProcRestart | Metric::ProcMemory | Metric::IdleProcesses => {}
        _ => return Err(Absent::DoesNotApply),
    }
    let python = || Command::new(python_program());
    let mut probe = python();
    probe.args(["-c", "import simpervisor"]).stdout(Stdio::null()).stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        return Err(Absent::NotHere("a Python with simpervisor; PYTHON may say which"));
    }
    ballast::allow(8 * n + 1000);
    let mut command = python();
    command.args([SIMPERVISOR, IDLE]);
    measure(command, metric, n)
}

pub fn python_program() -> String {
    std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn measure(mut command: Command, metric: Metric, n: usize) -> Answer {
    command.args([metric.name(), &n.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it was there a moment ago");
    let mut output = BufReader::new(child.stdout.take().expect("it is a pipe"));
    // Its input ends with this program, however that ends, and the script with its input.
    let input = child.stdin.take();
    let mut text = String::new();
    let figures = match metric {
        Metric::IdleTasks | Metric::IdleProcesses => {
            let figures = watch_idle(metric, &child, &mut output);
            drop(input);
            figures
        }
        _ => {
            output.read_to_string(&mut text).expect("it can be read");
            drop(input);
            text.lines().filter_map(figure).collect()
        }
    };
    let status = child.wait().expect("it is ours");
    assert!(status.success(), "the script has failed");
    Ok(figures)
}

/// The script says when there is nothing more to be done, and waits for the end of its input.
fn watch_idle(metric: Metric, child: &Child, output: &mut BufReader<ChildStdout>) -> Vec<Figure> {
    let mut ready = String::new();
    output.read_line(&mut ready).expect("it can be read");
    let mut processes = descendants(child.id());
    processes.retain(|pid| name(*pid) != "idle");
    processes.push(child.id());
    idle::measure_of(metric.name(), &processes, None)
}

fn figure(line: &str) -> Option<Figure> {
    let mut words = line.split_whitespace();
    let (metric, value) = (words.next()?, words.next()?.parse().ok()?);
    let unit = ["us", "ms", "B", "tasks"].into_iter().find(|unit| words.clone().next() == Some(unit))?;
    Some(Figure::new(metric, value, unit))
}
