//! What the [life](super::Life) of a process is told, and what it answers.

use std::time::{Duration, Instant};

use super::Ladder;
use super::ladder::Ask;
use crate::Signal;

/// What a process's user chose.
#[derive(Clone, Debug)]
pub(crate) struct LifeRules {
    pub(crate) ladder: Ladder,
    /// How the program says that it is ready, if it has a way to.
    pub(crate) readiness: Option<Readiness>,
    /// Whether it is found out while the program runs whether it is healthy.
    pub(crate) has_health: bool,
    /// How long what is stopped without a supervisor's request may take to go.
    pub(crate) own_grace: Duration,
}

/// How a program says that it is ready.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readiness {
    /// How long it may take.
    pub(crate) within: Duration,
    /// Whether a task finds out, which has to be ended.
    pub(crate) has_check: bool,
    /// Whether that task looks once more when the program has ended, so that what was there at the end counts.
    pub(crate) looks_last: bool,
}

/// A fact that the machine is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LifeInput {
    /// Start the program.
    Begin,
    /// The program runs.
    Launched,
    /// The program could not be started. Nothing is left of the attempt.
    LaunchFailed,
    /// The program is ready.
    Ready,
    /// The program wants this much time, from now on, to get ready.
    Extend(Duration),
    /// The program will never be ready.
    NeverReady,
    /// The program runs, and is too unhealthy to go on.
    Unhealthy,
    /// The command that asks the program to stop has failed.
    StopCommandFailed,
    /// Nothing is left of the command that asks the program to stop, however it has ended.
    StopCommandOver,
    /// Nothing is left of the check, of the readiness or of the health, whatever it has said.
    CheckOver,
    /// The supervisor asks the process to stop.
    Stop,
    /// The supervisor's patience is over.
    Force,
    /// Time has passed.
    Timer,
    /// The program has ended.
    Exited,
    /// The program has ended, and the set has other members.
    Inhabited,
    /// The program has ended, and the set has no member any more.
    Empty,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start the program, and say how it went.
    Launch,
    /// Find out whether the program is ready, and say so. If that takes a check, say when nothing is left of it.
    AwaitReady,
    /// Have the check look once more and say what it found: the program has ended.
    LookLast,
    /// Abort the check: its answer does not matter any more.
    EndCheck,
    /// Tell the supervisor that the child has started.
    ReportStarted,
    /// Find out again and again whether the program is healthy, and say when it is not, and when nothing is left of
    /// that check.
    CheckHealth,
    /// Send this to every member of the set, once, and have stopped processes continue. A member that comes into being
    /// after it and is seen later gets it then.
    Signal(Signal),
    /// Send this to the program alone, and have it continue if it is stopped.
    SignalLeader(Signal),
    /// Run the command that asks the program to stop. Say if it fails, and when nothing is left of it.
    RunStopCommand,
    /// Kill that command with all that it has started.
    EndStopCommand,
    /// Write down this step of the stop, and how long after the first one it comes.
    NoteStep(Ask, Duration),
    /// Say when this time has come. A later alarm replaces an earlier one.
    WakeAt(Instant),
    /// The program has ended: look for other members, and say when there are some and when there are none.
    WatchMembers,
    /// Nothing of the set is left. Tell the supervisor.
    Finish(LifeEnd),
}

/// What the machine waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LifeWaits {
    /// That the program runs.
    #[default]
    Launch,
    /// That the program is ready, until this time.
    Ready { until: Option<Instant> },
    /// The end of a program that nothing has asked to go.
    End,
    /// The end of what has been asked to go; the next step of that is due then.
    Step { next: Option<Instant> },
    /// Nothing is left of it.
    Gone,
}

/// The outcome of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LifeEnd {
    /// The program never ran.
    NotLaunched,
    /// The program ran, and was ended because it did not get ready.
    NotReady,
    /// The program ran and ended.
    Ended,
}
