//! Finds the tasks and actors that do not yield, by looking at the threads, of which there are few, and not at the
//! tasks, of which there are many.
//!
//! The detector has a thread of its own, because a few tasks that never yield bring every timer of their runtime to a
//! standstill. All trees of a program share it, and it is started with the first of them.
//!
//! Because its thread goes on when all others stand still, it also calls the watchers that have to act at a certain
//! time.
//!
//! Absent on purpose: anything that is done about a task that does not yield. Such a task cannot be ended.

mod slot;
mod thread;
mod ticks;
mod work_cell;

pub(crate) use slot::{AtWork, this_thread};
pub(crate) use thread::{Stall, Watcher, find, watch};
pub(crate) use ticks::{TICK, look_at};
pub(crate) use work_cell::{Doing, WorkerId};
