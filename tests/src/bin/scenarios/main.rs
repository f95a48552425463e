//! Plays scenarios on real supervisors and prints what came of them.
//!
//!     cargo run -q --release -p rootward-tests --bin scenarios -- FILE...      (`-` is standard input)
//!
//! A scenario describes a tree of supervisors, says what its workers do and what is asked of the
//! supervisors, step by step. What is printed can be compared line by line with what Erlang/OTP did in
//! the same case. The driver reads, passes on and writes down; what happens is decided by the
//! supervisors alone. Time is virtual.

mod addressed;
mod answer;
mod build;
mod draft;
mod idle;
mod listener;
mod log;
mod options;
mod page;
mod parse;
mod planned;
mod play;
mod scenario;
mod stage;
mod worker;
mod world;

use std::io::{self, Read, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        return refuse("usage: scenarios FILE...   (- is standard input)");
    }
    for file in files {
        if let Err(problem) = play_file(&file) {
            return refuse(&format!("{file}: {problem}"));
        }
    }
    ExitCode::SUCCESS
}

fn play_file(file: &str) -> Result<(), String> {
    let text = match file {
        "-" => io::read_to_string(io::stdin()),
        _ => std::fs::File::open(file).and_then(|mut file| {
            let mut text = String::new();
            file.read_to_string(&mut text).map(|_| text)
        }),
    };
    let text = text.map_err(|error| error.to_string())?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    for scenario in parse::scenarios(&text).map_err(|mistake| mistake.to_string())? {
        let played = stage::run(scenario);
        out.write_all(played.as_bytes()).map_err(|error| error.to_string())?;
    }
    out.flush().map_err(|error| error.to_string())
}

fn refuse(message: &str) -> ExitCode {
    // If that cannot be written either, the exit code has to do.
    let _ = writeln!(io::stderr(), "{message}");
    ExitCode::from(2)
}
