//! A process child: its actor, which decides, and its keeper, which has it in hand.
//!
//! For every incarnation there is a ractor actor that runs the [`Life`](crate::policy::Life) machine. It takes what the
//! supervisor asks and what the keeper sees, and answers with orders. Beside it stands the keeper, a plain task that owns
//! the process: it watches the process and its output, carries out the orders, and tells the supervisor. Should the
//! actor fail, the keeper runs a machine of its own that ends everything; should the keeper be dropped with its
//! runtime, the [`Leash`](crate::set::Leash) kills and reaps. The supervisor hears of the end when there is nothing left.
//!
//! Absent on purpose: decisions outside of [`policy`](crate::policy), and waiting for the end of an output: a process that
//! has ended may have lent its pipes to somebody who lives on.

mod actor;
mod body;
mod keeper;
mod output;
mod probe;
mod rest;
mod start;
mod stragglers;
#[cfg(test)]
mod tests;

pub use probe::ReadyError;
pub(crate) use start::StartProcess;
