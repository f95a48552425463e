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
mod standstill;
mod strategy;
mod timers;

pub use backoff::Backoff;
pub use intensity::Intensity;
pub use machine::{Consequence, NextStep, PatienceLimit};
pub use strategy::{AutoShutdown, StopOrder, Strategy};

pub(crate) use drain::{Drain, Drained, is_put_off};
pub(crate) use ordered::Ordered;
pub(crate) use queue::ShortQueue;
pub(crate) use standstill::{Standstill, StandstillStep};
pub(crate) use strategy::{Closing, Keeping, Policy};

pub(crate) use machine::{
    Action, AwaitedKey, CallKey, ChildKey, CountedRestarts, Input, Machine, Prospects, Reply, Request,
    SupervisorEnd, Traits, Tuning,
};
