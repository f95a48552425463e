//! A whole program around one tree: runtimes, signals, tree and exit status in one call.
//!
//! For programs whose `main` belongs to the tree. Everything in here can be done by hand with what the other
//! crates offer, and a program that has a runtime or signal handling of its own should: nothing else in the
//! library needs this.

mod application;
mod exit_rules;
mod failure_text;
mod finished;
mod grace;
mod observing;
mod panics;
mod prepared;
mod probes_setup;
mod process_containment;
mod run;
mod run_error;
mod runtimes;
mod service_manager;
mod status;
mod stderr;
mod system_limits;
mod termination;
#[cfg(test)]
mod tests;
mod with_observers;
mod with_signals;

pub use application::Application;
pub use finished::Finished;
pub use grace::{InvalidGrace, deadline_from_env};
pub use prepared::{Prepared, exit_teller};
pub use run::run;
pub use run_error::RunError;
pub use service_manager::ExitTeller;
pub use termination::write_termination_message;
