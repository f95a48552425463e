//! rootward-demo: watch a supervision tree live, and die in good order.

mod attach;
mod chaos;
mod check;
mod child_terminals;
mod cli;
mod columns;
mod descriptor;
mod event_writer;
mod exec;
mod letters;
mod messages;
mod observe;
mod orchestrator;
mod panics;
mod programs;
mod records;
mod remote;
mod room;
mod run;
mod safe;
mod sys;
mod tasks;
mod terminal;
mod timeline;
mod tree;
mod tree_file;
mod tty;
mod turn;
mod view;

use std::process::ExitCode;

use cli::{Cli, Command};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use rootward::process::Init;
use tty::OwnTerminal;

fn main() -> ExitCode {
    // First of all. Process 1 of a container adopts orphans whether it wants them or not, and hears no signal that it
    // does not catch, which is what most commands rely on.
    let init = (Init::is_needed() && !brings_its_own_init()).then(Init::fork);
    // A file that may not grow any more is an error of the write then, and ends nothing. Children begin with an empty
    // mask. Without this one the demo works as well.
    let mask = SigSet::from(Signal::SIGXFSZ).thread_swap_mask(SigmaskHow::SIG_BLOCK).ok();
    let _terminal = OwnTerminal::remember();
    panics::guard(|| {
        let Cli { command, options } = Cli::read();
        match command {
            None => run::built_in(&options, init),
            Some(Command::Run { file, options }) => run::file(&file, &options, init),
            Some(Command::Check { file }) => check::run(&file),
            Some(Command::Attach { door, token_file }) => attach::run(&door, token_file.as_deref()),
            Some(Command::Probe { address, probe }) => orchestrator::probe(&address, probe),
            Some(Command::Exec(options)) => exec::run(&options, mask),
            Some(Command::Remote(command)) => remote::run(&command),
            Some(Command::RestoreTerminal) => terminal::restore_terminal(),
            Some(Command::Sample { program }) => program.run(),
            Some(Command::Timeline { events, output, format }) => {
                timeline::draw(&events, output.as_deref(), format)
            }
        }
    })
}

/// Whether the command is `exec`, whose init does more.
fn brings_its_own_init() -> bool {
    std::env::args_os().nth(1).is_some_and(|command| command == "exec")
}
