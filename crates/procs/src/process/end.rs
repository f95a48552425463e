//! The end of a process, as its owner brings it about: in order, or because the owner has failed or is dropped.
//!
//! Whatever happens, the supervisor hears of the end last: after the set is gone, and after what the owner held has
//! been given back.

use rootward_core::{Ended, Exit, StartError};

use super::error::ReadyError;
use super::message::{Fact, OwnerMessage};
use super::owner::{Owner, OwnerState, Sensing};
use crate::policy::LifeEnd;

/// What was seen of a start that failed.
#[derive(Default)]
struct StartLook {
    condition: String,
    last_error: Option<String>,
    output: Vec<String>,
}

impl Owner {
    /// Acknowledges. The last that the owner does.
    pub(super) fn end(&mut self) {
        match std::mem::replace(&mut self.state, OwnerState::Ended) {
            OwnerState::Finished(verdict) => self.acknowledge(verdict),
            OwnerState::Owning | OwnerState::Failing | OwnerState::Failed => self.give_up(),
            OwnerState::Ended => {}
        }
    }

    /// Gives back everything, now that nothing is left of the set, and tells the supervisor.
    fn acknowledge(&mut self, verdict: LifeEnd) {
        self.alarm = None;
        // It has been aborted. If it is still there, it blocks its thread.
        let check = self.check.take().map(|_| self.check_name());
        let command = self.steps.as_ref().filter(|steps| steps.is_running);
        let check = check.or_else(|| command.map(|_| format!("the stop command of `{}`", self.program())));
        self.members.note_check(check);
        self.kill_handle.let_go();
        if let Some(owned_set) = self.owned_set.take() {
            owned_set.release();
        }
        let report = match verdict {
            LifeEnd::NotLaunched => Err(self.failure()),
            LifeEnd::NotReady => {
                let error = self.failure();
                Ok(self.ended().with_start_error(error))
            }
            LifeEnd::Ended => Ok(self.ended_in_time()),
        };
        // Dropped here, so that the supervisor has the last reference and drops the values that a user's check holds.
        self.process = None;
        if let Some(reporter) = self.ack.take() {
            match report {
                Ok(ended) => reporter.ended(ended),
                Err(failure) => reporter.failed(failure),
            }
        }
    }

    fn ended(&mut self) -> Ended {
        let exit = self.exit.take().unwrap_or(Exit::Unknown);
        let exit = match self.illness() {
            Some(illness) => Exit::Failed { error: format!("unhealthy: {illness}; stopped: {exit}") },
            None => exit,
        };
        Ended::new(exit).with_stragglers(self.members.report()).with_steps(self.shown.steps())
    }

    /// How it ended, and why its start failed if it had not started by then.
    fn ended_in_time(&mut self) -> Ended {
        let ended = self.ended();
        if self.has_started {
            return ended;
        }
        let Some(StartLook { condition, last_error, output }) = self.start_look() else { return ended };
        let (exit, left_behind) = (ended.exit.clone(), ended.stragglers.len());
        let error =
            ReadyError::Ended { program: self.program(), exit, condition, last_error, output, left_behind };
        ended.with_start_error(StartError::new(error))
    }

    /// Why the start failed.
    fn failure(&mut self) -> StartError {
        self.failure.take().unwrap_or_else(|| {
            let within = self.process.as_ref().map(|process| process.get_ready_timeout()).unwrap_or_default();
            let StartLook { condition, last_error, output } = self.start_look().unwrap_or_default();
            let program = self.program();
            StartError::new(ReadyError::TimedOut { program, within, condition, last_error, output })
        })
    }

    /// What was seen of the start, if the process has a way to say that it is ready.
    fn start_look(&self) -> Option<StartLook> {
        let (last_error, output) = self.log.as_ref()?.known();
        let condition = self.process.as_ref().map(|process| process.awaited()).unwrap_or_default();
        Some(StartLook { condition, last_error, output })
    }

    // --- the end of an owner that has failed ---

    /// The handling of a message has panicked, and what it has left half done is abandoned. The set is killed,
    /// and reaped as soon as the sensor has let go of it.
    pub(super) fn fail(&mut self) {
        if let OwnerState::Owning | OwnerState::Failing = self.state {
            self.over();
            self.state = match self.sensing {
                Sensing::On(_) | Sensing::Ending => OwnerState::Failing,
                Sensing::Through => OwnerState::Failed,
            };
            self.kill_handle.kill();
        }
    }

    /// Waits for the sensor to let go. The notification descriptor may be watched for another set as soon as this one
    /// is released.
    pub(super) fn hear_after_failure(&mut self, message: OwnerMessage) {
        let OwnerMessage::Fact(fact) = message else { return };
        let is_through = match fact {
            Fact::Launched(Ok(owned_set)) => {
                self.owned_set = Some(owned_set);
                false
            }
            Fact::Exited { exit, is_last } => {
                self.exit = Some(exit);
                is_last
            }
            Fact::Launched(Err(_)) | Fact::Empty | Fact::Lost => true,
            Fact::Ready
            | Fact::Extend(_)
            | Fact::Checked(_)
            | Fact::Diagnosed(_)
            | Fact::StopCommandOver(_)
            | Fact::Time
            | Fact::Counted(..)
            | Fact::Look(_) => false,
        };
        if is_through && self.state == OwnerState::Failing {
            self.state = OwnerState::Failed;
        }
    }

    /// Has the set killed and reaped by a thread that exists only for that, and the supervisor told after it.
    fn give_up(&mut self) {
        let Some(owned_set) = self.owned_set.take() else {
            // A program that is being started is killed when it is there. The acknowledgement waits for that.
            self.kill_handle.kill();
            return;
        };
        let exit = self.exit.take();
        let reporter = self.ack.take();
        let real_time = self.real_time.take();
        owned_set.kill_and_reap(move |found| {
            drop(real_time);
            if let Some(reporter) = reporter {
                reporter.ended(exit.unwrap_or(found));
            }
        });
    }
}

impl Drop for Owner {
    /// The runtime is shut down, or ractor's task is gone: the process goes, and the supervisor hears of it after that.
    fn drop(&mut self) {
        self.end();
    }
}
