//! What the shell of the tree has written by hand with atomics, under all interleavings of its callers.
//!
//! The files of the library are compiled a second time here, over the locks and atomics of loom, which runs every model
//! once for each order in which its threads can take their steps. What has no model, and why, stands in
//! `docs/decisions/0018-models.md`.

#![expect(dead_code, unreachable_pub, reason = "a model uses what it needs of a file")]

mod child;
mod child_kind;
mod policy;
mod sync;

#[path = "../../src/task/abort.rs"]
mod abort;
#[path = "../../src/context/activity.rs"]
mod activity;
#[path = "../../src/tree/command.rs"]
mod command;
#[path = "../../src/supervisor/mailbox_counter.rs"]
mod mailbox_counter;
#[path = "../../src/awake/reading.rs"]
mod reading;
#[path = "../../src/context/scope.rs"]
mod scope;
#[path = "../../src/detector/work_cell.rs"]
mod work_cell;

mod of_abort;
mod of_activity;
mod of_commands;
mod of_mailbox;
mod of_reading;
mod of_scope;
mod of_work_cell;
