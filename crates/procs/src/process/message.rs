//! What the owner of a process is told: by the supervisor, and by the sensors.

use std::time::Duration;

use rootward_core::Exit;

use super::health_state::Diagnosis;
use crate::group::MemberList;
use crate::launch::LaunchError;
use crate::set::KillOnDrop;

/// What the owner of a process is told.
pub(super) enum OwnerMessage {
    /// The supervisor asks the process to stop.
    Stop,
    /// The supervisor's patience is over.
    Force,
    /// A sensor has seen something.
    Fact(Fact),
    /// Makes the owner panic, so that a test can see what becomes of the process.
    #[cfg(test)]
    Poison,
}

/// What a sensor has seen.
pub(super) enum Fact {
    /// How the start went.
    Launched(Result<KillOnDrop, LaunchError>),
    /// The process has said that it is ready, by a line or in another way.
    Ready,
    /// The process wants this much time, from now on, to get ready.
    Extend(Duration),
    /// The readiness check ended like this, and nothing is left of it.
    Checked(Exit),
    /// A health check has failed, or has succeeded again.
    Diagnosed(Option<Diagnosis>),
    /// The command that asks the process to stop has ended like this, and nothing is left of it.
    StopCommandOver(Result<(), String>),
    /// The time has come for which the alarm was set.
    Time,
    /// The program has ended like this, and what it wrote before is in the record. If it was the last member of the
    /// set, this is [`Fact::Empty`] as well.
    Exited { exit: Exit, is_last: bool },
    /// The members have been listed, with the list with this number.
    Counted(ListNumber, MemberList),
    /// The members that are watched since this list of members have ended, or it is time to look again.
    Look(ListNumber),
    /// The sensor has let go of everything but outputs that another process holds open. If the program had been
    /// started, its set is empty, or the owner has said that it is over.
    Empty,
    /// The sensor has failed, and has let go of everything.
    Lost,
}

/// The number of the list of members.
pub(super) type ListNumber = u32;
