//! rootward-demo: watch a supervision tree live, and die in good order.

mod check;
mod cli;
mod descriptor;
mod event_writer;
mod panics;
mod programs;
mod records;
mod run;
mod safe;
mod tasks;
mod tell;
mod tree;
mod tree_file;
mod view;

use std::process::ExitCode;

use cli::{Cli, Command};

fn main() -> ExitCode {
    panics::guard(|| {
        let Cli { command, options } = Cli::read();
        match command {
            None => run::built_in(&options),
            Some(Command::Run { file, options }) => run::file(&file, &options),
            Some(Command::Check { file }) => check::run(&file),
            Some(Command::Sample { program }) => program.run(),
            Some(Command::Timeline { .. }) => unreachable!("refused with the command line"),
        }
    })
}
