//! A whole tree: how it is started, asked to stop, and awaited.

mod build;
mod command;
#[cfg(test)]
mod command_tests;
mod error;
mod guardian;
#[cfg(test)]
mod guardian_tests;
mod handle;
mod launch;
mod look;
mod options;
mod report_writer;
mod root;
mod watchdog;

pub use build::TreeBuilder;
pub use error::TreeStartError;
pub use handle::Tree;
pub use options::OnDeadline;
