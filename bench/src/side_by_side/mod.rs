//! All metrics of all subjects in turn, several times, and the page about them.
//!
//!     cargo run --release --manifest-path bench/Cargo.toml --bin side-by-side -- [--quick] [--resume] [--page]
//!
//! `--quick` takes a few minutes, measures less and fewer times, and its page says so. What is measured is written down
//! at once; `--resume` goes on where an earlier run was ended, and `--page` only writes the page.

mod page;
mod plan;
mod results;
mod run;
mod setting;
mod tables;
mod targets;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use self::plan::Scale;
use self::results::Results;

/// How the program was called.
struct Options {
    scale: Scale,
    resume: bool,
    measure: bool,
}

pub fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("usage: side-by-side [--quick] [--resume] [--page]");
        return ExitCode::from(2);
    };
    if !build() {
        return ExitCode::FAILURE;
    }
    let kept = match options.scale {
        Scale::Full => "side-by-side.txt",
        Scale::Quick => "side-by-side-quick.txt",
    };
    let mut results = Results::open(&bench().join("target").join(kept), options.resume || !options.measure);
    if options.measure {
        for step in plan::steps(options.scale) {
            run::step(&step, &mut results);
        }
    }
    let page = bench().with_file_name("docs").join("benchmarks.md");
    std::fs::write(&page, page::write(&results, options.scale)).expect("the page can be written");
    eprintln!("written: {}", page.display());
    ExitCode::SUCCESS
}

fn options() -> Option<Options> {
    let mut options = Options { scale: Scale::Full, resume: false, measure: true };
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => options.scale = Scale::Quick,
            "--resume" => options.resume = true,
            "--page" => options.measure = false,
            _ => return None,
        }
    }
    Some(options)
}

/// Builds the programs that measure, as they are now.
fn build() -> bool {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--bin", "rootward-bench", "--bin", "heap", "--manifest-path"]);
    cargo.arg(bench().join("Cargo.toml")).status().is_ok_and(|status| status.success())
}

fn bench() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}
