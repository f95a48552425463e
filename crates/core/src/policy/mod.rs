//! What a supervisor decides, as pure state machines.
//!
//! Pure: the caller passes `now`; nothing here reads a clock, spawns, logs, or knows of tokio and ractor. What is
//! decided here is decided nowhere else.

mod backoff;
mod drain;
mod intensity;
mod machine;
mod ordered;
mod queue;
mod restart;
mod standstill;
mod strategy;
mod timers;

pub use backoff::Backoff;
pub use intensity::Intensity;
pub use strategy::{AutoShutdown, StopOrder, Strategy};

pub(crate) use drain::{Drain, Drained};
pub(crate) use ordered::Ordered;
pub(crate) use queue::Queue;
pub(crate) use standstill::{Look, Standstill};

pub(crate) use machine::{
    Action, CallId, ChildKey, Closing, End, Input, Keeping, Machine, Policy, Reply, Request, Traits, Tuning,
};
