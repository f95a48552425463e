//! The door of an observer, at real sockets: what watchers are shown, what they may do, and that no watcher changes
//! anything in the tree.

mod client;
mod control;
mod formats;
mod fuzz;
mod given;
mod limits;
mod look;
mod page;
mod port;
mod socket;
mod stop;
