//! The command line.
//!
//! What belongs to the contract and has no effect yet is known here and refused, so that no user believes it was
//! heeded.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::event_writer::Target;
use crate::programs::Program;
use crate::safe::{safe, safe_lines};
use crate::{tell, tree_file};

/// What is said at the end of the help for everything that runs a tree.
const EXIT_STATUS: &str = "Exit status: 0 stopped in order · 1 the tree failed · 2 bad command line or tree file · \
                           3 something had to be forced · 4 something would not go · 128 + n told to leave by \
                           the third signal, number n.";

/// What the demo is asked to do.
#[derive(Debug, Parser)]
#[command(
    name = "rootward-demo",
    version,
    about = "Watch a supervision tree live, and die in good order",
    long_about = "Watch a supervision tree live, and die in good order.\n\n\
                  Without a command it runs a tree of its own: supervisors, tasks and processes. Press \
                  Ctrl-C and see the shutdown travel down the tree and the acknowledgements come back.",
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
    /// Draw a recorded event file (has no effect yet)
    #[command(hide = true)]
    Timeline {
        /// The recorded events
        events: PathBuf,
        /// Where to draw
        #[arg(short, value_name = "OUT.svg")]
        output: Option<PathBuf>,
    },
    /// Run one of the programs of the built-in tree
    #[command(hide = true)]
    Sample {
        /// The program
        program: Program,
    },
}

/// How a tree is run and what is written down about it.
#[derive(Args, Debug)]
pub(crate) struct RunOptions {
    /// Write one JSON object a line for everything that happens (- is standard output)
    #[arg(long, value_name = "FILE", value_parser = target())]
    pub(crate) events: Option<Target>,
    /// Write the stop report as one JSON document, after the root has stopped (- is standard output)
    #[arg(long, value_name = "FILE", value_parser = target())]
    pub(crate) report: Option<Target>,
    /// Draw every child's life and the shutdown (has no effect yet)
    #[arg(long, value_name = "FILE.svg", hide = true)]
    timeline: Option<PathBuf>,
    /// What to show on standard error
    #[arg(long, value_enum, default_value_t = View::Auto)]
    pub(crate) view: View,
    /// By when a stop has to be over, such as 10s; overrides the tree file's
    #[arg(long, value_name = "DURATION", value_parser = tree_file::parse_positive_duration)]
    pub(crate) deadline: Option<Duration>,
    /// How far a process child is followed
    #[arg(long, value_enum, default_value_t = Containment::Auto)]
    pub(crate) containment: Containment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    /// The best there is, which is `lines`
    Auto,
    /// A picture of the tree (has no effect yet)
    #[value(hide = true)]
    Tui,
    /// One line for everything that happens
    Lines,
    /// Nothing
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Containment {
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
        let cli = Self::try_parse().unwrap_or_else(|error| refuse(&error));
        if let Some(refused) = cli.without_effect() {
            let message = format!("{refused} has no effect yet, so it is refused");
            Self::command().error(ErrorKind::InvalidValue, message).exit();
        }
        cli
    }

    /// The first thing on the command line that a later version will heed.
    fn without_effect(&self) -> Option<&'static str> {
        match &self.command {
            None => self.options.without_effect(),
            Some(Command::Run { options, .. }) => options.without_effect(),
            Some(Command::Timeline { .. }) => Some("the command `timeline`"),
            Some(Command::Check { .. } | Command::Sample { .. }) => None,
        }
    }
}

/// Says what is wrong with the command line, or answers what it asks for, and ends the program.
fn refuse(error: &clap::Error) -> ! {
    let message = error.render().to_string();
    if error.use_stderr() && safe_lines(&message) != message {
        // An argument that is repeated in the message would drive the terminal.
        tell::error(safe(message.trim_start_matches("error: ")));
        std::process::exit(error.exit_code());
    }
    error.exit()
}

impl RunOptions {
    fn without_effect(&self) -> Option<&'static str> {
        match self {
            Self { timeline: Some(_), .. } => Some("`--timeline`"),
            Self { view: View::Tui, .. } => Some("`--view tui`"),
            _ => None,
        }
    }
}

fn target() -> impl TypedValueParser<Value = Target> {
    OsStringValueParser::new().map(|target: OsString| Target::from(target))
}

#[cfg(test)]
mod tests {
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
            assert_eq!(options.events, Some(Target::Stdout));
            assert_eq!(options.report, Some(Target::File("r.json".into())));
            assert_eq!(options.deadline, Some(Duration::from_secs(90)));
            assert_eq!((options.view, options.containment), (View::None, Containment::Auto));
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
        ] {
            let error = parse(words).unwrap_err();

            assert_eq!(error.exit_code(), 2, "{words:?}");
        }
    }

    #[test]
    fn what_has_no_effect_yet_is_refused_by_name() {
        for (words, named) in [
            (&["timeline", "e.jsonl"][..], "`timeline`"),
            (&["timeline", "e.jsonl", "-o", "out.svg"], "`timeline`"),
            (&["--timeline", "x.svg"], "`--timeline`"),
            (&["run", "t.toml", "--timeline", "x.svg"], "`--timeline`"),
            (&["--view", "tui"], "`--view tui`"),
        ] {
            let refused = parse(words).unwrap().without_effect().unwrap();

            assert!(refused.contains(named), "{words:?}: {refused}");
        }
        assert_eq!(parse(&["--view", "lines", "--containment", "tree"]).unwrap().without_effect(), None);
    }
}
