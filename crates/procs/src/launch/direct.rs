//! Starts programs as children of this process.
//!
//! One thread does it, for two reasons. An exec can take long, from a slow file system for example, and must not hold
//! up a runtime's worker. And the kernel kills a program when the thread that started it ends, so that thread must
//! never end.

use std::future::ready;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use tokio::sync::oneshot;

use super::attributes::wanted;
use super::{LaunchError, LaunchResult, Launched, Launcher, Launching, Order, image, resolve, stdio};
use crate::group::Group;
use crate::set::{KillOnDrop, ProcessSet};
use crate::shortage::Whose;
use crate::sys::{self, Inherited, Stack};
use crate::worker::Worker;

/// The launcher that starts programs as children of this process.
pub(crate) struct Direct;

struct LaunchJob {
    order: Order,
    /// What the program is to inherit.
    inherited: Inherited,
    answer: oneshot::Sender<LaunchResult>,
}

static SPAWNER: Worker<LaunchJob> = Worker::new("rootward-spawn", work);

impl Launcher for Direct {
    fn launch(&self, order: Order) -> Launching {
        let process = Arc::clone(&order.process);
        let inherited = match Inherited::now() {
            Ok(inherited) => inherited,
            Err(error) => return Box::pin(ready(Err(LaunchError::new(process.command(), error)))),
        };
        let (answer, receiver) = oneshot::channel();
        let given = SPAWNER.give(LaunchJob { order, inherited, answer });
        Box::pin(async move {
            match given {
                Ok(()) => receiver.await.unwrap_or_else(|_| Err(LaunchError::lost(process.command()))),
                Err((_, error)) => Err(LaunchError::new(process.command(), error)),
            }
        })
    }
}

fn work(jobs: &Receiver<LaunchJob>) {
    let mut stack = Stack::for_many();
    for LaunchJob { order, inherited, answer } in jobs {
        // A panic here would end the thread, and with it every program that it has started.
        let result = catch_unwind(AssertUnwindSafe(|| launch(order, &inherited, &mut stack)));
        if let Ok(result) = result {
            // An answer that is not taken is dropped, which kills and reaps the program.
            let _ = answer.send(result);
        }
    }
}

fn launch(order: Order, inherited: &Inherited, stack: &mut Stack) -> LaunchResult {
    let Order { process, kill_handle, pipe, ack } = order;
    let command = process.command();
    let refused = |error| LaunchError::new(command, error);
    if command.cgroup.is_any() {
        return Err(LaunchError::no_cgroup(command, "group"));
    }
    let stdio::Stdio { theirs: [zero, one, two], terminal, stdin, stdout, stderr } = stdio::open(command)?;
    let theirs = || Ok([zero.for_child_of_ours()?, one.for_child_of_ours()?, two.for_child_of_ours()?]);
    let mut program = image::program(command, theirs().map_err(refused)?)?;
    program.extra = resolve::extra(command)?.into_iter().chain(pipe).collect();
    // This thread was started before, and some of it is a thread's own.
    program.inherited =
        wanted(inherited.clone(), &command.attributes).beyond(&Inherited::as_it_is().map_err(refused)?);
    match sys::spawn(&program, stack) {
        Ok(spawned) => {
            let set = Arc::new(ProcessSet::Group(Group::new(spawned)));
            kill_handle.hold(&set);
            Ok(Launched {
                owned_set: KillOnDrop::new(set).with(ack),
                watch: None,
                degraded: None,
                terminal,
                stdin,
                stdout,
                stderr,
            })
        }
        Err(failure) => Err(LaunchError::from_failure(command, failure, Whose::Ours, image::found(command))),
    }
}
