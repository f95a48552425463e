//! A user's own ractor actors as children.
//!
//! The user's actor runs inside a thin one ([`wrapper`]), which catches its panics, keeps its state and notes how it
//! ended. Beside it stands its owner, a plain task: it starts the actor, passes requests to stop on to it, joins it,
//! drops its state, and reports only then. An [`Address`] leads callers to whichever incarnation is there.
//!
//! Absent on purpose: links between the actor and its supervisor, names, and any reading of ractor's exit reasons.
//! Whether an actor has failed is what its own code has said.

mod address;
mod catch_panic;
mod orders;
mod owner;
mod registration;
mod start;
mod user_actor;
mod wrapper;

pub use address::{Address, Undelivered};
pub use registration::Abandoned;
