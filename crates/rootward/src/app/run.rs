//! The one call.

use std::process::ExitCode;

use rootward_core::Supervisor;

use super::Application;

/// Runs a tree as a whole program: builds the runtimes, listens for signals, starts the tree, waits for its
/// end, and says with which status `main` should return.
///
/// It is [`Application::new`] and [`Application::run`], which say the rest.
///
/// # Panics
///
/// If it is called from within a tokio runtime, as in `#[tokio::main]`: it brings its own. There
/// [`Application::run_async`] does the same, and [`Supervisor::start`] starts a tree alone.
///
/// # Examples
///
/// ```
/// use rootward::{ChildSpec, Supervisor};
///
/// fn main() -> std::process::ExitCode {
///     // Nothing is left to run once this task is done, so the program ends by itself, as on Ctrl-C.
///     let hello = ChildSpec::task("hello", |_| async { println!("hello") });
///     rootward::run(Supervisor::new("root").child(hello))
/// }
/// ```
pub fn run(root: Supervisor) -> ExitCode {
    Application::new(root).run()
}
