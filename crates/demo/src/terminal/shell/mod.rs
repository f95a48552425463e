//! What is not pure: the screen, the keys, and the trees that are shown.

mod act;
mod attached;
mod inbox;
mod keys;
mod own;
#[cfg(test)]
mod panic_tests;
mod restorer;
mod screen;
mod suspend;
mod view_loop;

pub(crate) use attached::{AttachError, attach};
pub(crate) use own::{OwnView, Reaches, TreeReach};
pub(crate) use restorer::{ModesRestorer, restore_terminal};
