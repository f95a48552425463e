//! What the tests stand on: trees that are given, children that do as they are told, and the record of
//! what happened.

mod backstop;
mod beside;
mod blocked;
mod double;
mod given;
mod hostile;
mod identity;
mod json;
mod log;
mod odd;
mod process;
mod program;
mod puppet;
mod record;
mod rules;
mod runs;
mod tasks;

pub(crate) use backstop::{settle, until, within};
pub(crate) use beside::beside;
pub(crate) use blocked::{Blocked, OtherRuntime, stuck};
pub(crate) use double::{Double, broken, ignored, started_by};
pub(crate) use given::{GivenTree, builder, cause_of, given, given_tree, launched, launched_tree};
pub(crate) use hostile::{Deed, Hostile, Lookout, Place, WhenDropped, blocks, for_each, panics};
pub(crate) use identity::{Identity, Leftovers, are_gone};
pub(crate) use json::assert_holds;
pub(crate) use log::EventLog;
pub(crate) use odd::{Act, Odd, poll};
pub(crate) use process::fixture;
pub(crate) use process::{identity_of, line_in, pid_in};
pub(crate) use program::{Finished, Program};
pub(crate) use puppet::Puppet;
pub(crate) use record::Record;
pub(crate) use rootward_tests::press_again;
pub(crate) use runs::runs;
pub(crate) use tasks::{Flag, obedient, ready_made, stubborn, takes, work_for};
