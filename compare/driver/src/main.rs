//! Runs every program through every scenario, and writes what it saw as Markdown.
//!
//! ```text
//! cargo run -p compare -- [--runs 5] [--library NAME] [--scenario NAME] [--keep]
//! cargo run -p compare -- weigh [--builds 3]
//! ```

mod log;
mod outcome;
mod processes;
mod programs;
mod run;
mod scenario;
mod table;
mod weigh;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use programs::{PROGRAMS, Program};
use run::Place;
use scenario::{SCENARIOS, Scenario};

/// What the command line says.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    weigh: bool,
    keep: bool,
    runs: usize,
    builds: usize,
    library: Option<String>,
    scenario: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options(std::env::args().skip(1))?;
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the driver is in a workspace")?;
    if options.weigh {
        println!("{}", weigh::weigh(workspace, options.builds)?);
        return Ok(());
    }
    let programs = chosen(&PROGRAMS, options.library.as_deref(), |program| program.library)?;
    let scenarios = chosen(&SCENARIOS, options.scenario.as_deref(), |scenario| scenario.name)?;
    let place =
        Place { binaries: build(workspace, &programs)?, scratch: run::scratch(&std::env::temp_dir())? };
    for scenario in scenarios {
        println!("{}", compare(&place, &scenario, &programs, options.runs)?);
    }
    if options.keep {
        eprintln!("the logs are in {}", place.scratch.display());
    } else {
        std::fs::remove_dir_all(&place.scratch)?;
    }
    Ok(())
}

/// The table of one scenario. Programs take turns, so that noise is spread over all of them.
fn compare(
    place: &Place,
    scenario: &Scenario,
    programs: &[Program],
    runs: usize,
) -> Result<String, Box<dyn Error>> {
    let mut rows: Vec<_> = programs.iter().map(|program| (program.library, Vec::new())).collect();
    for number in 0..runs {
        for (program, (library, outcomes)) in programs.iter().zip(&mut rows) {
            eprintln!("{} {library} {}/{runs}", scenario.name, number + 1);
            outcomes.push(run::run(place, &program.package(), scenario, number)?);
        }
    }
    Ok(table::table(scenario, &rows))
}

/// Builds the programs, each by itself, so that none has features that another one asked for.
fn build(workspace: &Path, programs: &[Program]) -> Result<PathBuf, Box<dyn Error>> {
    let packages = programs.iter().map(Program::package).chain(["compare".to_string()]);
    for package in packages {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let arguments = ["build", "--quiet", "--bins", "--package", &package];
        if !Command::new(cargo).current_dir(workspace).args(arguments).status()?.success() {
            return Err(format!("{package} cannot be built").into());
        }
    }
    // The driver stands beside the others.
    Ok(std::env::current_exe()?.parent().ok_or("the driver is in a directory")?.to_path_buf())
}

fn chosen<T: Copy>(all: &[T], name: Option<&str>, of: fn(&T) -> &'static str) -> Result<Vec<T>, String> {
    let chosen: Vec<_> = all.iter().copied().filter(|one| name.is_none_or(|name| of(one) == name)).collect();
    if chosen.is_empty() {
        return Err(format!(
            "{} is none of {:?}",
            name.unwrap_or_default(),
            all.iter().map(of).collect::<Vec<_>>()
        ));
    }
    Ok(chosen)
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, Box<dyn Error>> {
    let mut options =
        Options { weigh: false, keep: false, runs: 5, builds: 3, library: None, scenario: None };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} takes a value"));
        match argument.as_str() {
            "weigh" => options.weigh = true,
            "--keep" => options.keep = true,
            "--runs" => options.runs = value()?.parse()?,
            "--builds" => options.builds = value()?.parse()?,
            "--library" => options.library = Some(value()?),
            "--scenario" => options.scenario = Some(value()?),
            _ => return Err(format!("{argument} is no option").into()),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, Box<dyn Error>> {
        options(line.split_whitespace().map(String::from))
    }

    #[test]
    fn five_runs_are_the_default() {
        assert_eq!(parsed("").unwrap().runs, 5);
        assert_eq!(parsed("--runs 7").unwrap().runs, 7);
    }

    #[test]
    fn what_is_no_option_is_refused() {
        assert!(parsed("--run 7").is_err());
        assert!(parsed("--runs").is_err());
    }

    #[test]
    fn a_name_chooses_one_and_an_unknown_name_none() {
        assert_eq!(chosen(&PROGRAMS, Some("tokio-util"), |program| program.library).unwrap().len(), 1);
        assert_eq!(chosen(&SCENARIOS, None, |scenario| scenario.name).unwrap().len(), SCENARIOS.len());
        assert!(chosen(&PROGRAMS, Some("tokio"), |program| program.library).is_err());
    }
}
