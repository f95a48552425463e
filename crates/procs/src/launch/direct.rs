//! Starts programs as children of this process.
//!
//! One thread does it, for two reasons. An exec can take long, from a slow file system for example, and must not hold up a
//! runtime's worker. And the kernel kills a program when the thread that started it ends, so that thread must never end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::{Answer, Launched, Launcher, Order, SpawnError, image, stdio};
use crate::group::Group;
use crate::set::{Grip, Leash, Set};
use crate::spec::Command;
use crate::sys::{self, Stack};
use crate::worker::Worker;

/// The launcher that starts programs as children of this process.
pub(crate) struct Direct;

static SPAWNER: Worker<Order> = Worker::new("rootward-spawn", work);

impl Launcher for Direct {
    fn launch(&self, order: Order) {
        if let Err((order, error)) = SPAWNER.give(order) {
            // Whoever does not wait any more has no use for the reason either.
            let _ = order.answer.send(Err(SpawnError::new(order.process.command(), error)));
        }
    }
}

fn work(orders: &Receiver<Order>) {
    let mut stack = Stack::new();
    for Order { process, grip, answer } in orders {
        // A panic here would end the thread, and with it every program that it has started.
        let result = catch_unwind(AssertUnwindSafe(|| launch(process.command(), &grip, &mut stack)));
        if let Ok(result) = result {
            // Dropping an answer that nobody takes kills and reaps the program.
            let _ = answer.send(result);
        }
    }
}

fn launch(command: &Command, grip: &Grip, stack: &mut Stack) -> Answer {
    let stdio::Stdio { theirs, stdout, stderr } =
        stdio::open(command).map_err(|error| SpawnError::new(command, error))?;
    let program = image::program(command, theirs)?;
    match sys::spawn(&program, stack) {
        Ok(spawned) => {
            let set = Arc::new(Set::Group(Group::new(spawned)));
            grip.hold(&set);
            Ok(Launched { leash: Leash::new(set), stdout, stderr })
        }
        Err(failure) => Err(SpawnError::from_failure(command, failure, image::exists(command))),
    }
}
