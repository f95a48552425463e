//! The sample tasks: each shows one way in which a task can behave, or misbehave, in a tree.

mod block_thread;
mod fail;
mod finish;
mod forever;
mod ignore_stop;
mod never_yield;
mod panic;
mod respawn;
mod sample;
mod wait;

pub(crate) use sample::{Sample, SampleTask};
