//! The owner of one process: a ractor actor that has everything of it in its state, and decides everything about it.
//!
//! What the supervisor asks and what the sensors have seen comes through the actor's own mailbox. Each message is told
//! to the [`Life`] machine, and what that answers is done before the next message is looked at. Nothing in here waits:
//! a process that cannot be ended, a check that blocks and a pipe that stays open hold up no message.
//!
//! Absent on purpose: decisions, which are the machine's. And any use of ractor's links, names and exit reasons.

use std::io;
use std::sync::{Arc, Mutex};

use ractor::{Actor, ActorProcessingErr, ActorRef};
use rootward_core::pace::{Pacer, RealTimeGuard};
use rootward_core::sibling::awake_now;
use rootward_core::{Exit, ExitClass, StartError};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::alarm::Alarm;
use super::check::RunningCheck;
use super::error::ReadyError;
use super::health_state::{HealthState, StopSteps};
use super::member_sensors::MemberSensor;
use super::member_tracker::MemberTracker;
use super::message::{Fact, ListNumber, OwnerMessage};
use super::panics::catch;
use super::probe::{CommandProbe, MembersOfSet, ProbeTarget};
use super::sensor::Sensor;
use super::shown::Shown;
use super::start_log::StartLog;
use super::stragglers::Stragglers;
use crate::Signal;
use crate::launch::Launcher;
use crate::policy::{Action, Ask, Life, LifeEnd, LifeInput, Way};
use crate::set::{Ack, KillOnDrop, SetKillHandle};
use crate::spec::{Process, Ready, ReadyCondition};

/// The actor's behaviour. What it has is its [`Owner`].
pub(super) struct ProcessActor;

/// One incarnation of a process, with everything that belongs to it.
pub(super) struct Owner {
    pub(super) life: Life,
    /// Given back before the end is reported.
    pub(super) process: Option<Arc<Process>>,
    pub(super) ack: Ack,
    pub(super) kill_handle: Arc<SetKillHandle>,
    pub(super) shown: Arc<Shown>,
    pub(super) tasks: Handle,
    pub(super) owned_set: Option<KillOnDrop>,
    pub(super) members: MemberTracker,
    pub(super) sensing: Sensing,
    /// Dropping it calls off a start that would be tried again. `None` says that the supervisor has asked for the end.
    pub(super) wanted: Option<oneshot::Sender<()>>,
    pub(super) member_sensor: Option<MemberSensor>,
    pub(super) round: ListNumber,
    pub(super) check: Option<RunningCheck>,
    pub(super) alarm: Option<Alarm>,
    pub(super) pacer: Pacer,
    /// Held while the process is waited for, so that no clock that a test has paused decides before the process has
    /// had its time.
    pub(super) real_time: Option<RealTimeGuard>,
    pub(super) exit: Option<Exit>,
    /// Runs commands that find out whether the process is ready.
    pub(super) launcher: Arc<dyn Launcher>,
    /// What is known of the start, while it is not over.
    pub(super) log: Option<Arc<StartLog>>,
    /// Whether the supervisor has been told that it has started.
    pub(super) has_started: bool,
    /// Why the start failed, if it did.
    pub(super) failure: Option<StartError>,
    /// What it needs for its health check, if it has one.
    pub(super) health_state: Option<Box<HealthState>>,
    /// What it needs for its stop, if that has several steps.
    pub(super) steps: Option<Box<StopSteps>>,
    pub(super) state: OwnerState,
}

/// What the owner of a process that is being started begins with.
pub(super) struct Beginning {
    pub(super) life: Life,
    pub(super) process: Arc<Process>,
    pub(super) tasks: Handle,
    pub(super) launcher: Arc<dyn Launcher>,
    /// Given if the process has a way to say that it is ready.
    pub(super) log: Option<Arc<StartLog>>,
    pub(super) ack: Ack,
    pub(super) shared: SharedOwner,
    pub(super) pacer: Pacer,
    pub(super) health_state: Option<Box<HealthState>>,
    pub(super) steps: Option<Box<StopSteps>>,
    /// Dropping it calls off a start that would be tried again.
    pub(super) wanted: oneshot::Sender<()>,
    /// Dropping it tells the sensor that it is over.
    pub(super) over: oneshot::Sender<()>,
}

/// The parts of a process that other threads reach without its owner. Each is locked for as long as it takes to read or
/// to kill.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedOwner {
    /// Kills the set.
    pub(super) kill_handle: Arc<SetKillHandle>,
    /// Says what is left of the set.
    pub(super) stragglers: Arc<Mutex<Stragglers>>,
    /// Says what the process waits for, and how it is.
    pub(super) shown: Arc<Shown>,
    /// What is known of the start, if the process has a way to say that it is ready.
    pub(super) log: Option<Arc<StartLog>>,
}

/// How far the owner has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnerState {
    Owning,
    /// The machine has come to its end, and nothing of the set is left.
    Finished(LifeEnd),
    /// The handling of a message has panicked, and the sensor has not let go of the set yet.
    Failing,
    /// The handling of a message or a sensor has panicked, and the sensor has let go of the set.
    Failed,
    /// The supervisor has been told, or will be when the set has been killed.
    Ended,
}

/// How far the sensor has come.
#[derive(Debug)]
pub(super) enum Sensing {
    /// It waits for what happens, and can be told that it is over.
    On(oneshot::Sender<()>),
    /// It has been told.
    Ending,
    /// It has let go of everything.
    Through,
}

#[cfg_attr(feature = "async-trait", ractor::async_trait)]
impl Actor for ProcessActor {
    type Msg = OwnerMessage;
    type State = Owner;
    type Arguments = (Owner, Sensor);

    async fn pre_start(
        &self,
        myself: ActorRef<OwnerMessage>,
        (owner, sensor): (Owner, Sensor),
    ) -> Result<Owner, ActorProcessingErr> {
        Handle::current().spawn(sensor.sense(myself));
        Ok(owner)
    }

    async fn handle(
        &self,
        myself: ActorRef<OwnerMessage>,
        message: OwnerMessage,
        owner: &mut Owner,
    ) -> Result<(), ActorProcessingErr> {
        if catch(|| owner.hear(message, &myself)).is_err() {
            owner.fail();
        }
        match owner.state {
            OwnerState::Owning | OwnerState::Failing => {}
            OwnerState::Finished(_) | OwnerState::Failed | OwnerState::Ended => myself.stop(None),
        }
        Ok(())
    }

    /// The last that the actor does.
    async fn post_stop(&self, _: ActorRef<Self::Msg>, owner: &mut Owner) -> Result<(), ActorProcessingErr> {
        owner.end();
        Ok(())
    }
}

impl Owner {
    pub(super) fn new(beginning: Beginning) -> Self {
        let Beginning {
            life,
            process,
            tasks,
            launcher,
            log,
            ack,
            shared,
            pacer,
            health_state,
            steps,
            wanted,
            over,
        } = beginning;
        let SharedOwner { kill_handle, stragglers, shown, log: _ } = shared;
        let real_time = Some(pacer.hold());
        Self {
            life,
            process: Some(process),
            ack,
            kill_handle,
            shown,
            tasks,
            owned_set: None,
            members: MemberTracker::new(stragglers),
            sensing: Sensing::On(over),
            wanted: Some(wanted),
            member_sensor: None,
            round: 0,
            check: None,
            alarm: None,
            pacer,
            real_time,
            exit: None,
            launcher,
            log,
            has_started: false,
            failure: None,
            health_state,
            steps,
            state: OwnerState::Owning,
        }
    }

    fn hear(&mut self, message: OwnerMessage, myself: &ActorRef<OwnerMessage>) {
        match message {
            message if self.state != OwnerState::Owning => self.hear_after_failure(message),
            OwnerMessage::Stop => {
                self.wanted = None;
                self.tell(LifeInput::Stop, myself);
            }
            OwnerMessage::Force => {
                self.wanted = None;
                self.tell(LifeInput::Force, myself);
            }
            OwnerMessage::Fact(fact) => self.learn(fact, myself),
            #[cfg(test)]
            OwnerMessage::Poison => panic!("a test poisoned the owner of this process"),
        }
    }

    /// Tells the machine what has happened, and does what it wants.
    pub(super) fn tell(&mut self, input: LifeInput, myself: &ActorRef<OwnerMessage>) {
        for action in self.life.step(input, awake_now()) {
            self.perform(action, myself);
        }
        self.shown.pending(self.life.pending());
        match self.life.is_awaited() {
            true => _ = self.real_time.get_or_insert_with(|| self.pacer.hold()),
            false => self.real_time = None,
        }
    }

    fn learn(&mut self, fact: Fact, myself: &ActorRef<OwnerMessage>) {
        match fact {
            Fact::Launched(Ok(owned_set)) => {
                self.owned_set = Some(owned_set);
                self.tell(LifeInput::Launched, myself);
            }
            Fact::Launched(Err(error)) => {
                self.sensing = Sensing::Through;
                self.failure = Some(StartError::new(error));
                self.tell(LifeInput::LaunchFailed, myself);
            }
            Fact::Ready => self.tell(LifeInput::Ready, myself),
            Fact::Extend(by) => self.tell(LifeInput::Extend(by), myself),
            Fact::Checked(exit) => self.checked(exit, myself),
            Fact::Diagnosed(diagnosis) => self.diagnosed(diagnosis, myself),
            Fact::StopCommandOver(result) => self.stop_command_over(result, myself),
            Fact::Time => self.tell(LifeInput::Timer, myself),
            Fact::Exited { exit, is_last } => {
                let exit = match &self.process {
                    Some(process) => process.judge(exit),
                    None => exit,
                };
                let is_done = exit.class() == ExitClass::Normal && self.counts_when_done();
                self.exit = Some(exit);
                if is_last {
                    self.sensing = Sensing::Through;
                }
                if is_done {
                    self.tell(LifeInput::Ready, myself);
                }
                self.tell(LifeInput::Exited, myself);
                if is_last {
                    self.empty(myself);
                }
            }
            // A fact from a sensor that has been replaced may be too old.
            Fact::Counted(round, _) | Fact::Look(round) if round != self.round => {}
            Fact::Counted(_, listed) => self.counted(listed, myself),
            Fact::Look(_) => self.look(myself),
            Fact::Empty => self.empty(myself),
            Fact::Lost => {
                self.sensing = Sensing::Through;
                self.fail();
            }
        }
    }

    fn perform(&mut self, action: Action, myself: &ActorRef<OwnerMessage>) {
        match action {
            Action::Launch => {} // The supervisor's call has begun it, before there was an owner.
            Action::AwaitReady => self.await_ready(myself),
            Action::LookLast => self.check.iter().for_each(RunningCheck::look_last),
            Action::EndCheck => self.check.iter_mut().for_each(RunningCheck::end),
            Action::ReportStarted => {
                // It was set for a process that does not get ready.
                self.alarm = None;
                self.has_started = true;
                if let Some(log) = self.log.take() {
                    log.close();
                }
                self.ack.started(self.pid());
            }
            Action::CheckHealth => self.watch_health(myself),
            Action::Signal(signal) => {
                self.take_step(Ask { signal, way: Way::Group });
                self.signal(signal);
            }
            Action::SignalLeader(signal) => {
                self.take_step(Ask { signal, way: Way::Leader });
                self.signal_leader(signal);
            }
            Action::RunStopCommand => self.run_stop_command(myself),
            Action::EndStopCommand => self.end_stop_command(),
            Action::NoteStep(ask, after) => self.note_step(ask, after),
            Action::WakeAt(at) => self.alarm = Some(Alarm::at(at, myself)),
            Action::WatchMembers => self.watch_remaining_members(myself),
            Action::Finish(verdict) => self.state = OwnerState::Finished(verdict),
        }
    }

    // --- readiness ---

    fn await_ready(&mut self, myself: &ActorRef<OwnerMessage>) {
        let Some(process) = self.process.clone() else { return };
        let (Some(ready), Some(log), Some(owned_set)) = (process.readiness(), &self.log, &self.owned_set)
        else {
            return;
        };
        if let ReadyCondition::Check(check) = &ready.condition {
            let pid = owned_set.set().pid().unsigned_abs();
            self.check = Some(RunningCheck::run(|cx| check(cx), pid, &self.tasks, myself.clone()));
        } else if let Some(probe) = self.probe(&process, ready) {
            let members = MembersOfSet(Arc::downgrade(owned_set.set()));
            self.check = Some(RunningCheck::probe(probe, members, Arc::clone(log), myself.clone()));
        }
    }

    /// What is to be looked at, if that is how the process says that it is ready.
    pub(super) fn probe(&self, process: &Process, ready: &Ready) -> Option<ProbeTarget> {
        // At its sockets it is this program that listens.
        let any_owner = ready.any_owner || !process.command().descriptors.sockets.is_empty();
        match &ready.condition {
            // Lines and messages are looked at where they are read, and the end where it is heard of.
            ReadyCondition::Line(_)
            | ReadyCondition::Notify
            | ReadyCondition::Completion
            | ReadyCondition::Descriptor(_)
            | ReadyCondition::Check(_) => None,
            ReadyCondition::Tcp(address) => Some(ProbeTarget::Tcp { address: address.clone(), any_owner }),
            ReadyCondition::Unix(path) => Some(ProbeTarget::Unix { path: process.resolve(path), any_owner }),
            ReadyCondition::Http(get) => Some(ProbeTarget::Http { get: get.clone(), any_owner }),
            ReadyCondition::Path(path) => Some(ProbeTarget::Path(process.resolve(path))),
            ReadyCondition::Command(argv) => {
                let (process, launcher) = (Arc::new(process.sibling(argv)), Arc::clone(&self.launcher));
                Some(ProbeTarget::Command(Box::new(CommandProbe { process, launcher })))
            }
        }
    }

    /// Whether it counts as started when it has ended with success.
    fn counts_when_done(&self) -> bool {
        let ready = self.process.as_ref().and_then(|process| process.readiness());
        ready.is_some_and(|ready| matches!(ready.condition, ReadyCondition::Completion))
    }

    fn has_users_check(&self) -> bool {
        let ready = self.process.as_ref().and_then(|process| process.readiness());
        ready.is_some_and(|ready| matches!(ready.condition, ReadyCondition::Check(_)))
    }

    fn checked(&mut self, exit: Exit, myself: &ActorRef<OwnerMessage>) {
        let matters = self.check.take().is_some_and(|check| !check.is_ended());
        self.members.note_check(None);
        self.tell(LifeInput::CheckOver, myself);
        if self.has_started {
            // It was a health check, which has told what it found.
            return;
        }
        if matters && exit.class() == ExitClass::Normal {
            self.tell(LifeInput::Ready, myself);
        } else if matters {
            if self.has_users_check() {
                let refused = ReadyError::Refused { program: self.program(), reason: exit };
                self.failure = Some(StartError::new(refused));
            }
            self.tell(LifeInput::NeverReady, myself);
        }
    }

    fn signal(&mut self, signal: Signal) {
        if signal == Signal::KILL {
            self.note_kill();
        }
        let Some(owned_set) = &self.owned_set else { return };
        if let Some(log) = &self.log {
            // What it writes from now on is about its end.
            log.close();
        }
        self.members.about_to_signal(signal, owned_set.set());
        let sent = owned_set.set().signal(signal);
        self.note_reach(sent);
    }

    fn signal_leader(&self, signal: Signal) {
        if let Some(log) = &self.log {
            log.close();
        }
        if let Some(owned_set) = &self.owned_set {
            let sent = owned_set.set().signal_leader(signal);
            self.note_reach(sent);
        }
    }

    /// A process that has changed its user may be out of reach. It is waited for all the same, and the report names it
    /// if it stays; but its siblings need not wait until its grace is over, because it has not been asked.
    fn note_reach(&self, sent: io::Result<()>) {
        let is_out_of_reach = sent.is_err_and(|error| error.raw_os_error() == Some(libc::EPERM));
        if is_out_of_reach && self.is_asked() {
            self.ack.stuck();
        }
    }

    // --- what it is ---

    pub(super) fn pid(&self) -> Option<u32> {
        self.owned_set.as_ref().map(|owned_set| owned_set.set().pid().unsigned_abs())
    }

    pub(super) fn program(&self) -> String {
        let program = self.process.as_ref().map(|process| process.command().program.to_string_lossy());
        program.unwrap_or_default().into_owned()
    }

    pub(super) fn check_name(&self) -> String {
        let of_what = if self.has_started { "health" } else { "readiness" };
        format!("the {of_what} check of `{}`", self.program())
    }
}
