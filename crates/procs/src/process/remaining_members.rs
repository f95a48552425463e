//! How the owner of a process goes on after the program has ended, until no member of its set is left.
//!
//! The notification descriptor of a set may tell by itself that it is empty, and then the sensor of the process says
//! so. Otherwise the members are counted, watched, and counted again.

use std::sync::Arc;

use ractor::ActorRef;

use super::member_sensors;
use super::member_tracker::Found;
use super::message::OwnerMessage;
use super::owner::{Owner, OwnerState, Sensing};
use crate::group::MemberList;
use crate::policy::LifeInput;
use crate::set::ProcessSet;

impl Owner {
    /// Looks for other members, because the program has ended.
    pub(super) fn watch_remaining_members(&mut self, myself: &ActorRef<OwnerMessage>) {
        self.members.left_alone();
        self.count(myself);
    }

    /// Has the members counted, unless it is certain that there are none.
    fn count(&mut self, myself: &ActorRef<OwnerMessage>) {
        if let Some(set) = self.set_to_be_watched() {
            match set.is_empty() {
                Some(true) => self.over(),
                Some(false) | None => {
                    self.round += 1;
                    self.member_sensor = Some(member_sensors::count(&set, self.round, myself));
                }
            }
        }
    }

    pub(super) fn counted(&mut self, listed: MemberList, myself: &ActorRef<OwnerMessage>) {
        let Some(set) = self.set_to_be_watched() else { return };
        let found = self.members.counted(listed, &set);
        match found {
            Found::Empty => self.over(),
            Found::Unsure => self.count(myself),
            Found::Members | Found::Zombies => {
                let pidfds = self.members.pidfds();
                self.member_sensor = Some(member_sensors::watch(pidfds, self.round, myself));
            }
        }
        if found == Found::Members {
            self.tell(LifeInput::Inhabited, myself);
        }
    }

    pub(super) fn look(&mut self, myself: &ActorRef<OwnerMessage>) {
        let Some(set) = self.set_to_be_watched() else { return };
        if self.members.look(&set) {
            self.count(myself);
        }
    }

    /// The set, unless the sensor knows that it is empty or is about to.
    fn set_to_be_watched(&self) -> Option<Arc<ProcessSet>> {
        let is_watched = matches!(self.sensing, Sensing::On(_));
        self.owned_set.as_ref().filter(|_| is_watched).map(|owned_set| Arc::clone(owned_set.set()))
    }

    /// Has the sensor let go: no member is left. It reads what they have written before it says so.
    pub(super) fn over(&mut self) {
        self.member_sensor = None;
        self.sensing = match std::mem::replace(&mut self.sensing, Sensing::Through) {
            Sensing::On(over) => {
                // A sensor that has let go already has said so.
                let _ = over.send(());
                Sensing::Ending
            }
            sensing @ (Sensing::Ending | Sensing::Through) => sensing,
        };
    }

    pub(super) fn empty(&mut self, myself: &ActorRef<OwnerMessage>) {
        self.sensing = Sensing::Through;
        self.member_sensor = None;
        if let Some(owned_set) = &self.owned_set {
            self.members.dismiss(owned_set.set());
        }
        self.tell(LifeInput::Empty, myself);
        if self.state == OwnerState::Owning && self.check.is_some() {
            // If the supervisor's deadline comes while the check is waited for, the report names the check.
            self.members.note_check(Some(self.check_name()));
        }
    }
}
