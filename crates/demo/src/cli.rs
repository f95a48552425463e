//! The command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use rootward::probes::ProbesAddress;

use crate::chaos::{Chaos, Rate};
use crate::event_writer::OutputTarget;
use crate::exec::ExecOptions;
use crate::observe::ObserveOptions;
use crate::orchestrator::{Deadline, OrchestratorOptions, ProbeChoice};
use crate::programs::SampleProgram;
use crate::safe::safe;

/// What is said at the end of the help for everything that runs a tree.
const EXIT_STATUS: &str = "Exit status: 0 stopped in order · 1 the tree failed · 2 bad command line or tree file · \
                           3 something had to be forced · 4 something would not go · 128 + n told to leave by \
                           the third signal, number n.";

/// The same for a single program.
const EXEC_STATUS: &str = "Exit status: the program's own; it ends by the signal that ended the program (128 + n in a \
                           shell, and as process 1) · 125 it cannot be contained · 126 it cannot be executed · \
                           127 it was not found.";

/// What the demo is asked to do.
#[derive(Debug, Parser)]
#[command(
    name = "rootward-demo",
    version,
    about = "Watch a supervision tree live, and die in good order",
    long_about = "Watch a supervision tree live, and die in good order.\n\n\
                  Without a command it runs a tree of its own: supervisors, tasks and processes. On \
                  Ctrl-C you see the shutdown travel down the tree and the acknowledgements come back.",
    after_help = EXIT_STATUS,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) options: RunOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a tree file (.toml, or .json with the same shape)
    #[command(after_help = EXIT_STATUS)]
    Run {
        /// The tree file
        file: PathBuf,
        #[command(flatten)]
        options: RunOptions,
    },
    /// Read and validate a tree file, and start nothing
    #[command(after_help = crate::check::sample_tasks())]
    Check {
        /// The tree file
        file: PathBuf,
    },
    /// Look into a running program's tree, through the door that it has opened
    Attach {
        /// Its socket, or http://127.0.0.1:PORT
        door: PathBuf,
        /// Where the token of a port stands
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
    },
    #[command(flatten)]
    Remote(crate::remote::Remote),
    /// Draw recorded events: every child's life, and what the start and the stop waited for
    Timeline {
        /// The events, as `--events` has written them (- is standard input)
        events: PathBuf,
        /// Where to draw; its ending says how: .svg, .json for Perfetto, .txt (standard output without it, as text)
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// How to draw, whatever the file is called
        #[arg(long, value_enum)]
        format: Option<crate::timeline::TimelineFormat>,
    },
    /// Ask a program that runs with --probes, and exit with 0 or 1: for the exec probes of an orchestrator
    Probe {
        /// Where it answers: ADDRESS:PORT or unix:PATH
        address: ProbesAddress,
        /// What to ask
        #[arg(value_enum)]
        probe: ProbeChoice,
    },
    /// Run one program contained: it is gone with all that it has started, however it or this one ends
    #[command(after_help = EXEC_STATUS)]
    Exec(ExecOptions),
    /// Give the terminal of a view back when the view has died
    #[command(hide = true)]
    RestoreTerminal,
    /// Run one of the programs of the built-in tree
    #[command(hide = true)]
    Sample {
        /// The program
        program: SampleProgram,
    },
}

/// How a tree is run and what is written down about it.
#[derive(Args, Debug)]
pub(crate) struct RunOptions {
    /// Write one JSON object a line for everything that happens (- is standard output)
    #[arg(long, value_name = "FILE", value_parser = target())]
    pub(crate) events: Option<OutputTarget>,
    /// Write the stop report as one JSON document, after the root has stopped (- is standard output)
    #[arg(long, value_name = "FILE", value_parser = target())]
    pub(crate) report: Option<OutputTarget>,
    /// Draw every child's life and what the stop waited for, when it is over (.svg, .json for Perfetto, .txt)
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) timeline: Option<PathBuf>,
    /// Have random children crash: so many a second (2, 0.5), a minute (30/m) or an hour (10/h)
    #[arg(long, value_name = "RATE", value_parser = Rate::parse)]
    pub(crate) chaos: Option<Rate>,
    /// Which children crash: the same seed chooses the same ones
    #[arg(long, value_name = "N", requires = "chaos", default_value_t = 1)]
    pub(crate) chaos_seed: u64,
    /// What to show on standard error
    #[arg(long, value_enum, default_value_t = View::Auto)]
    pub(crate) view: View,
    /// By when a stop has to be over, such as 10s, or `auto`: 3 s less than ROOTWARD_GRACE; overrides the tree file's
    #[arg(long, value_name = "DURATION", value_parser = Deadline::parse)]
    pub(crate) deadline: Option<Deadline>,
    /// How far a process child is followed
    #[arg(long, value_enum, default_value_t = ContainmentChoice::Auto)]
    pub(crate) containment: ContainmentChoice,
    #[command(flatten)]
    pub(crate) observe: ObserveOptions,
    #[command(flatten)]
    pub(crate) orchestrator: OrchestratorOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    /// The best there is, which is `lines`
    Auto,
    /// A picture of the tree, and keys
    Tui,
    /// One line for everything that happens
    Lines,
    /// Nothing
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ContainmentChoice {
    /// The strongest that this system allows
    Auto,
    /// All descendants, which also die with the demo, however it dies
    Tree,
    /// The process and its process group
    Group,
}

impl Cli {
    /// Reads the command line. Ends the program if it makes no sense, or only asks for help.
    pub(crate) fn read() -> Self {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        Self::try_parse_from(&arguments).unwrap_or_else(|_| refuse(&arguments))
    }
}

/// Says what is wrong with the command line, or answers what it asks for, and ends the program.
///
/// clap repeats arguments in what it says, and the name by which the program was called. So it gets them once more,
/// without what would drive the terminal, and has no others to repeat.
fn refuse(arguments: &[OsString]) -> ! {
    let error = match Cli::try_parse_from(arguments.iter().map(|argument| safe(&argument.to_string_lossy())))
    {
        Err(error) => error,
        // What was wrong with them is what they do not have any more.
        Ok(_) => Cli::command()
            .error(ErrorKind::InvalidUtf8, "an argument is no text, or holds control characters"),
    };
    error.exit()
}

impl RunOptions {
    /// What makes children crash, when it is turned on.
    pub(crate) fn chaos(&self) -> Chaos {
        Chaos::new(self.chaos, self.chaos_seed)
    }

    /// Whether the events or the report are to be written to this file.
    pub(crate) fn is_record(&self, file: &Path) -> bool {
        [&self.events, &self.report].into_iter().flatten().any(|target| target.is(file))
    }

    /// The file of the termination message, if something else is to be written there.
    pub(crate) fn shared_message(&self) -> Option<&Path> {
        let message = self.orchestrator.termination_message.as_deref()?;
        let is_timeline =
            self.timeline.as_ref().is_some_and(|timeline| OutputTarget::File(timeline.clone()).is(message));
        (is_timeline || self.is_record(message)).then_some(message)
    }

    /// Whether the events or the report go to standard output.
    pub(crate) fn writes_to_stdout(&self) -> bool {
        [&self.events, &self.report].into_iter().flatten().any(|target| *target == OutputTarget::Stdout)
    }
}

fn target() -> impl TypedValueParser<Value = OutputTarget> {
    OsStringValueParser::new().map(|target: OsString| OutputTarget::from(target))
}

#[cfg(test)]
mod shared_files;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn parse(words: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once(&"rootward-demo").chain(words))
    }

    #[test]
    fn the_command_line_describes_itself_without_contradiction() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_bare_command_and_run_take_the_same_options() {
        let options = ["--events", "-", "--report", "r.json", "--deadline", "1m 30s", "--view", "none"];
        let bare = parse(&options).unwrap().options;
        let Some(Command::Run { options: run, file }) =
            parse(&[&["run", "tree.toml"], options.as_slice()].concat()).unwrap().command
        else {
            panic!("expected run");
        };

        assert_eq!(file, PathBuf::from("tree.toml"));
        for options in [bare, run] {
            assert_eq!(options.events, Some(OutputTarget::Stdout));
            assert_eq!(options.report, Some(OutputTarget::File("r.json".into())));
            assert_eq!(options.deadline, Some(Deadline::Within(Duration::from_secs(90))));
            assert_eq!((options.view, options.containment), (View::None, ContainmentChoice::Auto));
        }
    }

    #[test]
    fn what_makes_no_sense_is_an_error() {
        for words in [
            &["run"][..],
            &["check"],
            &["walk"],
            &["--deadline", "soon"],
            &["--deadline", "5"],
            &["--deadline", "0s"],
            &["--view", "3d"],
            &["--containment", "moon"],
            &["--events"],
            &["run", "a.toml", "b.toml"],
            &["sample", "nonsense"],
            &["--probes", "8086"],
            &["--drain", "5"],
            &["probe", "127.0.0.1:1"],
            &["probe", "nowhere", "live"],
            &["--chaos"],
            &["--chaos", "0"],
            &["--chaos-seed", "7"],
            &["timeline"],
            &["timeline", "events.jsonl", "--format", "oil"],
        ] {
            let error = parse(words).unwrap_err();

            assert_eq!(error.exit_code(), 2, "{words:?}");
        }
    }
}
