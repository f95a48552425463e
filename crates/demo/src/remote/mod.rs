//! Commands on a running program, through the door that it has opened: one question or one request, and an answer that
//! scripts can read.

mod change;
mod command_error;
mod door;
mod follow;
mod judge;
mod out;
#[cfg(test)]
mod schema_tests;
mod show;
mod wait;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use rootward_observer::client::Client;
use tokio::runtime::Builder;

use crate::room::{self, Needs};
use crate::tree_file;
use command_error::CommandError;
use judge::{Until, is_below};
use out::Out;

pub(crate) use door::{NoClient, client};

/// What is said at the end of the help for the commands that look.
const EXIT_STATUS: &str = "Exit status: 0 answered · 1 the program has no door there, or is gone · 2 bad command line, \
                           or no such child.";

/// The same for those that change something.
const CHANGED: &str = "Exit status: 0 done · 1 refused, or the program has no door there, or is gone · 2 bad command \
                       line, or no such child.";

/// The same for `wait`.
const WAITED: &str = "Exit status: 0 reached · 1 it can not be reached any more, or the program is gone · 2 bad \
                      command line, or no such child can exist · 124 not reached in time.";

/// A door, and the child that is meant.
#[derive(Args, Debug)]
pub(crate) struct ChildAt {
    #[command(flatten)]
    door: At,
    /// The child: the ids from the root down to it, such as root/web/worker
    #[arg(value_parser = parse_path)]
    path: String,
}

/// Where a program's door is.
#[derive(Args, Debug)]
pub(crate) struct At {
    /// The program's socket, or http://127.0.0.1:PORT
    door: PathBuf,
    /// Where the token of a port stands
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Write JSON: the documents of the door, and those in docs/schema/commands-1.json
    #[arg(long)]
    json: bool,
}

/// A path that a child may have: no id is empty.
fn parse_path(text: &str) -> Result<String, String> {
    if text.split('/').any(str::is_empty) {
        return Err("an id in it is empty".to_owned());
    }
    Ok(text.to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Remote {
    /// Show a running program's tree
    #[command(after_help = EXIT_STATUS)]
    Status {
        #[command(flatten)]
        door: At,
        /// Show what each process uses, with all that it has started; the program looks it up for that
        #[arg(long)]
        usage: bool,
    },
    /// Say why a child is in its state: since when, by which events, what it waits for
    #[command(after_help = EXIT_STATUS)]
    Why(ChildAt),
    /// Wait until a child is ready, or gone
    #[command(after_help = WAITED)]
    Wait {
        #[command(flatten)]
        child: ChildAt,
        /// What to wait for
        #[arg(long, value_enum, default_value_t = Until::Ready)]
        until: Until,
        /// How long
        #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = tree_file::parse_positive_duration)]
        timeout: Duration,
    },
    /// Stop a child, wait until it is gone, and start it; start it if it is down
    #[command(after_help = CHANGED)]
    Restart(ChildAt),
    /// Stop a child and leave it down, or the whole tree, and wait until it is gone
    #[command(after_help = CHANGED)]
    Stop {
        #[command(flatten)]
        door: At,
        /// The child; without it the tree
        #[arg(value_parser = parse_path)]
        path: Option<String>,
    },
    /// Send a signal to the program of a process child, and to nothing that it has started
    #[command(after_help = CHANGED)]
    Signal {
        #[command(flatten)]
        child: ChildAt,
        /// The signal, such as SIGHUP or HUP
        signal: rootward::Signal,
    },
    /// Show the newest events
    #[command(after_help = EXIT_STATUS)]
    Events {
        #[command(flatten)]
        door: At,
        /// Go on with what happens, until the tree is gone
        #[arg(short, long)]
        follow: bool,
    },
    /// Show the newest lines that a child and what is below it have written
    #[command(after_help = EXIT_STATUS)]
    Logs {
        #[command(flatten)]
        child: ChildAt,
        /// Go on with what is written, until the tree is gone
        #[arg(short, long)]
        follow: bool,
    },
}

impl Remote {
    fn at(&self) -> &At {
        match self {
            Self::Status { door, .. } | Self::Stop { door, .. } | Self::Events { door, .. } => door,
            Self::Why(child)
            | Self::Restart(child)
            | Self::Wait { child, .. }
            | Self::Signal { child, .. }
            | Self::Logs { child, .. } => &child.door,
        }
    }

    /// The child that is meant, if it is one.
    fn path(&self) -> Option<&str> {
        match self {
            Self::Status { .. } | Self::Events { .. } => None,
            Self::Stop { path, .. } => path.as_deref(),
            Self::Why(child)
            | Self::Restart(child)
            | Self::Wait { child, .. }
            | Self::Signal { child, .. }
            | Self::Logs { child, .. } => Some(&child.path),
        }
    }
}

/// What a command needs beside its runtime: a connection, and a second one for the question that follows.
const NEEDS: Needs = Needs { descriptors: 2, threads: 0 };

/// Does what is asked, and says with which status the demo ends.
pub(crate) fn run(command: &Remote) -> ExitCode {
    let out = Out { json: command.at().json };
    match try_to_run(command, &out) {
        Ok(status) => status,
        Err(failed) => failed.tell(&out),
    }
}

fn try_to_run(command: &Remote, out: &Out) -> Result<ExitCode, CommandError> {
    let At { door, token_file, .. } = command.at();
    let client = client(door, token_file.as_deref())?;
    let runtime = room::build(&mut Builder::new_current_thread(), NEEDS).map_err(CommandError::System)?;
    let done = runtime.block_on(async {
        match command {
            Remote::Status { usage, .. } => show::status(&client, *usage, out).await,
            Remote::Why(child) => show::why(&client, &child.path, out).await,
            Remote::Wait { child, until, timeout } => {
                wait::wait(&client, &child.path, *until, *timeout, out).await
            }
            Remote::Restart(child) => change::restart(&client, &child.path, out).await,
            Remote::Stop { path: Some(path), .. } => change::terminate(&client, path, out).await,
            Remote::Stop { path: None, .. } => change::stop(&client, out).await,
            Remote::Signal { child, signal } => {
                change::signal(&client, &child.path, signal.name(), out).await
            }
            Remote::Events { follow, .. } => follow::events(&client, *follow, out).await,
            Remote::Logs { child, follow } => follow::logs(&client, &child.path, *follow, out).await,
        }
    });
    match (done, command.path()) {
        (Err(failed), Some(path)) if failed.is_no_such_child() => {
            Err(runtime.block_on(other_root(&client, path)).unwrap_or(failed))
        }
        (done, _) => done,
    }
}

/// If no child of the tree can have this path, because the tree has another root: that.
async fn other_root(client: &Client, path: &str) -> Option<CommandError> {
    let snapshot = client.snapshot().await.ok()?;
    let root = snapshot.children.into_iter().next()?.path;
    (!is_below(&root, path)).then(|| CommandError::OtherRoot { path: path.to_owned(), root })
}
