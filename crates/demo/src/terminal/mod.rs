//! The view on a terminal: the tree, the newest events beside it, and keys.
//!
//! What is shown, and what a key does, is pure: [`state`] takes changes of the tree, keys and the clock, and says what
//! is to be done; [`draw`] makes a picture of it. [`shell`] has the terminal and the trees: this program's own, and
//! that behind another program's door.
//!
//! Absent on purpose: the mouse. Selecting text stays the terminal's own business.

mod draw;
mod explain;
mod fit;
mod log;
mod picture_rest;
mod plain;
mod rows;
#[cfg(test)]
pub(crate) mod samples;
mod shell;
mod state;
mod text;
mod words;

pub(crate) use explain::{details, usage};
pub(crate) use fit::Fit;
pub(crate) use plain::{plain_tree, state as state_name};
pub(crate) use shell::{AttachError, ModesRestorer, OwnView, Reaches, TreeReach, attach, restore_terminal};
pub(crate) use text::brief;
pub(crate) use words::{end_of, put_off};
