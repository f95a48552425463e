//! Processes as children of real trees, started by a warden: what holds without one, and what only a warden can do.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, and not what they call")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one thing among many")]

#[path = "../processes/attributes.rs"]
mod attributes;
#[path = "../processes/cgroup.rs"]
mod cgroup;
#[path = "../processes/descriptors.rs"]
mod descriptors;
#[path = "../processes/environment.rs"]
mod environment;
mod extremes;
#[path = "../processes/given.rs"]
mod given;
#[path = "../processes/log_file.rs"]
mod log_file;
#[path = "../processes/output.rs"]
mod output;
#[path = "../processes/pipes.rs"]
mod pipes;
#[path = "../processes/ready.rs"]
mod ready;
mod reapers;
mod sets;
#[path = "../processes/start.rs"]
mod start;
#[path = "../processes/stop.rs"]
mod stop;
#[path = "../processes/stop_command.rs"]
mod stop_command;
#[path = "../processes/stragglers.rs"]
mod stragglers;
#[path = "../processes/terminal.rs"]
mod terminal;
#[path = "../until/mod.rs"]
mod until;
#[path = "../processes/usage.rs"]
mod usage;
mod wardens;

use rootward_procs::{Containment, Warden};

/// These tests follow processes wherever they go, each with a warden of its own.
fn containment() -> Containment {
    Containment::tree(&Warden::program(env!("CARGO_BIN_EXE_rootward-warden")).unwrap())
}
