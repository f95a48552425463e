//! Processes as children of real trees.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, and not what they call")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one thing among many")]

mod attributes;
mod cgroup;
mod descriptors;
mod environment;
mod given;
mod health;
mod log_file;
mod output;
mod pipes;
mod ready;
mod start;
mod stop;
mod stop_command;
mod stragglers;
mod terminal;
#[path = "../until/mod.rs"]
mod until;
mod usage;

/// These tests follow processes as groups.
fn containment() -> rootward_procs::Containment {
    rootward_procs::Containment::group()
}
