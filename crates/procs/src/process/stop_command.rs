//! The command that asks a process to stop: it runs beside the process, contained as that is, and is killed with all it
//! has started when it is not wanted any more.

use std::sync::Arc;

use ractor::ActorRef;
use rootward_core::ExitClass;
use rootward_core::sibling::awake_now;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::launching::{Running, take_in};
use super::message::{Fact, OwnerMessage};
use super::outputs::LineSinks;
use super::owner::Owner;
use super::sensor::exited;
use super::shown::COMMAND;
use super::start_log::StartLog;
use crate::launch::{Launcher, Order, launch};
use crate::policy::{Ask, LifeInput, Way};
use crate::set::{Ack, SetKillHandle};
use crate::spec::Process;

impl Owner {
    /// Runs the command. What comes of it is told.
    pub(super) fn run_stop_command(&mut self, myself: &ActorRef<OwnerMessage>) {
        let over =
            StopCommandReporter { owner: myself.clone(), result: Err("it could not be run".to_owned()) };
        let pid = self.pid().map(|pid| pid.to_string());
        let (Some(process), Some(steps), Some(pid)) = (&self.process, &mut self.steps, pid) else { return };
        let Some(argv) = process.get_stop_command() else { return };
        let command = Arc::new(process.sibling(argv).env("MAINPID", pid));
        let (end, is_ended) = oneshot::channel();
        (steps.command, steps.is_running) = (Some(end), true);
        self.shown.took_step(COMMAND, awake_now());
        let launcher = Arc::clone(&self.launcher);
        Handle::current().spawn(async move {
            let mut over = over;
            let result = run(command, launcher, is_ended).await;
            over.result = result;
            drop(over);
        });
    }

    /// Has the command killed. When nothing is left of it, that is told.
    pub(super) fn end_stop_command(&mut self) {
        if let Some(steps) = &mut self.steps {
            steps.command = None;
        }
    }

    pub(super) fn stop_command_over(&mut self, result: Result<(), String>, myself: &ActorRef<OwnerMessage>) {
        if let Some(steps) = &mut self.steps {
            steps.is_running = false;
            steps.failed = result.as_ref().err().cloned();
        }
        if let Err(error) = &result {
            self.shown.command_failed(error);
        }
        if result.is_err() {
            self.tell(LifeInput::StopCommandFailed, myself);
        }
        self.tell(LifeInput::StopCommandOver, myself);
    }

    /// A step of the stop is about to be taken.
    pub(super) fn take_step(&self, ask: Ask) {
        self.shown.took_step(&named(ask), awake_now());
    }

    /// Writes down a step of the stop.
    pub(super) fn note_step(&mut self, ask: Ask, after: std::time::Duration) {
        let Some(steps) = &mut self.steps else { return };
        let with = named(ask);
        self.shown.asked(with.clone());
        steps.sink.asked(with, after, steps.failed.take());
    }
}

/// What a step is called in events and reports.
fn named(Ask { signal, way }: Ask) -> String {
    match way {
        Way::Group => signal.name().to_owned(),
        Way::Leader => format!("{} to the program alone", signal.name()),
        Way::Command => COMMAND.to_owned(),
    }
}

/// Tells the owner when it is dropped.
struct StopCommandReporter {
    owner: ActorRef<OwnerMessage>,
    result: Result<(), String>,
}

impl Drop for StopCommandReporter {
    fn drop(&mut self) {
        let result = std::mem::replace(&mut self.result, Ok(()));
        // An owner that is gone does not need it.
        let _ = self.owner.cast(OwnerMessage::Fact(Fact::StopCommandOver(result)));
    }
}

/// Runs the command until it ends, or `is_ended` resolves. Nothing is left of it then. If this is dropped, it is
/// killed.
async fn run(
    process: Arc<Process>,
    launcher: Arc<dyn Launcher>,
    mut is_ended: oneshot::Receiver<()>,
) -> Result<(), String> {
    let log = Arc::new(StartLog::default());
    let lines = LineSinks::new(None, None, Some(Arc::clone(&log)));
    let order = Order {
        process: Arc::clone(&process),
        kill_handle: Arc::new(SetKillHandle::default()),
        pipe: None,
        ack: Ack::of_nothing(),
    };
    let answer = launch(&launcher, order).await;
    let taken = take_in(answer, process.command(), lines).await;
    let (owned_set, Running { set, notify_fd, stdin, mut outputs, .. }) =
        taken.map_err(|error| format!("the stop command: {error}"))?;
    let exit = loop {
        tokio::select! {
            biased;
            _ = &mut is_ended => break None,
            exit = exited(&set, &notify_fd) => break Some(exit),
            output = outputs.readable() => {
                outputs.read(output);
                tokio::task::yield_now().await;
            }
        }
    };
    outputs.read_what_is_there();
    let is_empty = exit.is_some() && set.is_empty() == Some(true);
    drop((set, notify_fd, stdin));
    if is_empty {
        owned_set.release();
    } else {
        let (gone, is_gone) = oneshot::channel::<()>();
        owned_set.kill_and_reap(move |_| drop(gone));
        let _ = is_gone.await;
    }
    match exit {
        Some(exit) if exit.class() != ExitClass::Normal => {
            let wrote: String = log.known().1.iter().map(|line| format!(", {line:?}")).collect();
            Err(format!("the stop command: {exit}{wrote}"))
        }
        Some(_) | None => Ok(()),
    }
}
