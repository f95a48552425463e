//! A whole tree: how it is started, asked to stop, and awaited.

mod activity;
mod build;
mod context;
mod guardian;
mod handle;
mod root;
mod scribe;
mod stalls;
mod stand_in;

pub use build::{TreeBuilder, TreeStartError, Unreapable};
pub use handle::Tree;

pub(crate) use activity::Activity;
pub(crate) use context::TreeContext;
