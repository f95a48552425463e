//! Look into a running tree of rootward.
//!
//! A program opens a [`Door`] with one line, and watchers look in: a snapshot, the events as they happen, and why a
//! child is in its state. Where the program allows it they also stop, start and restart. Nothing is open unless a
//! program opens it, and while no watcher is there the door costs nothing.
//!
//! ```no_run
//! # fn open(tree: &rootward::Tree) -> Result<(), rootward_observer::OpenError> {
//! rootward_observer::Door::unix("/run/my-program/door.sock").open(tree)?;
//! # Ok(())
//! # }
//! ```
//!
//! ```text
//! curl --unix-socket /run/my-program/door.sock http://door/snapshot
//! ```
//!
//! What is sent is described by the types in [`wire`], which watchers read with, and by the JSON schema in the
//! project's documentation. [`model`] puts a snapshot and the events since together.
//!
//! With the feature `client` there is the other end of a door, too: the module `client`. With the feature `metrics` the
//! module `meter` counts what happens in a tree.
//!
//! Absent on purpose: views. They stand on this.

#[cfg(feature = "client")]
pub mod client;
mod convert;
mod door;
#[cfg(feature = "metrics")]
pub mod meter;
pub mod model;
pub mod timeline;
pub mod wire;

pub use door::{BoundDoor, Door, OpenDoor, OpenError, random_token};
