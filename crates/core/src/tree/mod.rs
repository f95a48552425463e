//! A whole tree: how it is started, asked to stop, and awaited.

mod build;
mod guardian;
mod handle;
mod report_writer;
mod root;
mod stalls;
mod watchdog;

pub use build::{TreeBuilder, TreeStartError, Unreapable};
pub use handle::Tree;
