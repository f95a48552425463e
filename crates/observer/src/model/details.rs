//! What is known of a process beyond what it is doing: a look tells all of it, and events most of it.

use std::collections::HashMap;

use crate::model::Model;
use crate::wire::{Child, HealthFindings, Snapshot, StopStep, What};

impl Child {
    /// What an event tells of a process that goes on.
    pub(super) fn tells(&mut self, what: &What) {
        match what {
            What::Notified { said, reloading, reloaded, .. } => {
                self.said = said.clone().or(self.said.take());
                self.reloading = *reloading || self.reloading && !*reloaded;
            }
            What::Unhealthy { error, failures, threshold } => {
                let checks = self.health.take().and_then(|health| health.checks);
                // The event names what is checked, too.
                let prefix =
                    checks.as_deref().and_then(|checks| error.strip_prefix(checks)?.strip_prefix(": "));
                let error = Some(prefix.unwrap_or(error).to_owned());
                let threshold = Some(*threshold);
                self.health =
                    Some(Box::new(HealthFindings { checks, failures: *failures, threshold, error }));
            }
            What::Healthy => {
                if let Some(health) = &mut self.health {
                    (health.failures, health.error) = (0, None);
                }
            }
            What::Asked { with, .. } => {
                self.stop_step = Some(Box::new(StopStep { with: with.clone(), next: None }));
            }
            What::MadeToCrash { .. }
            | What::Starting
            | What::Started { .. }
            | What::StartFailed { .. }
            | What::Ignored
            | What::Exited { .. }
            | What::Restarting { .. }
            | What::GaveUp { .. }
            | What::Signal { .. }
            | What::Stopping { .. }
            | What::Escalated { .. }
            | What::Stopped { .. }
            | What::Draining { .. }
            | What::Retrying { .. }
            | What::NotReady { .. }
            | What::Stalled { .. }
            | What::GuestPanicked { .. }
            | What::Degraded { .. }
            | What::HandlerFailed { .. }
            | What::Output { .. }
            | What::Unknown => {}
        }
    }

    /// Forgets what an incarnation told.
    pub(super) fn has_nothing_to_tell(&mut self) {
        (self.readiness, self.health, self.said, self.stop_step) = (None, None, None, None);
        self.reloading = false;
    }

    /// Takes over what a later look at the same incarnation tells of a process, beyond what it is doing.
    pub fn take_details(&mut self, seen: &Self) {
        if (self.incarnation, self.state) == (seen.incarnation, seen.state) {
            self.readiness.clone_from(&seen.readiness);
            self.health.clone_from(&seen.health);
            self.said.clone_from(&seen.said);
            self.stop_step.clone_from(&seen.stop_step);
            self.reloading = seen.reloading;
        }
    }
}

impl Model {
    /// The document that says all of it, with what a later look tells of the processes.
    pub(crate) fn snapshot_with(&self, details: &[Child]) -> Snapshot {
        let mut snapshot = self.snapshot();
        let details: HashMap<&str, &Child> = details.iter().map(|seen| (&*seen.path, seen)).collect();
        for child in &mut snapshot.children {
            if let Some(seen) = details.get(&*child.path) {
                child.take_details(seen);
            }
        }
        snapshot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Seen;
    use crate::model::tree::Node;
    use crate::wire::{Event, Kind, Readiness, State};

    fn model() -> Model {
        let mut child = Node::unknown("root", Kind::Process).child;
        (child.state, child.incarnation) = (State::Starting, 1);
        child.readiness =
            Some(Box::new(Readiness { awaits: "a line".to_owned(), until: None, last_miss: None }));
        let (checks, error) = (Some("it".to_owned()), None);
        child.health = Some(Box::new(HealthFindings { checks, failures: 0, threshold: Some(3), error }));
        let mut model = Model::new();
        model.see(vec![Seen::at_once(child, 1, 0.0)], None);
        model
    }

    fn event(seq: u64, what: What) -> Event {
        let (time, path) = (String::new(), "root".to_owned());
        Event { seq, at: 1.0, time, what, path, incarnation: 1, kind: Kind::Process }
    }

    fn notified(said: Option<&str>, reloading: bool, reloaded: bool) -> What {
        let said = said.map(str::to_owned);
        let (stopping, monotonic_usec, main_pid, errno, exit_status) = (false, None, None, None, None);
        What::Notified { said, stopping, reloading, monotonic_usec, reloaded, main_pid, errno, exit_status }
    }

    #[test]
    fn events_keep_up_to_date_what_a_look_has_told() {
        let mut model = model();

        model.apply(&event(2, What::Started { pid: Some(7) }));
        let error = "it: no answer".to_owned();
        model.apply(&event(3, What::Unhealthy { error, failures: 2, threshold: 3 }));
        model.apply(&event(4, notified(Some("busy"), true, false)));
        let child = model.find("root").unwrap().clone();
        model.apply(&event(5, What::Healthy));
        model.apply(&event(6, notified(None, false, true)));
        let later = model.find("root").unwrap();

        assert_eq!(child.readiness, None, "it has started");
        let health = child.health.unwrap();
        assert_eq!((health.failures, health.error.as_deref()), (2, Some("no answer")));
        assert_eq!((child.said.as_deref(), child.reloading), (Some("busy"), true));
        assert_eq!(later.health.as_ref().map(|health| health.failures), Some(0));
        assert_eq!((later.said.as_deref(), later.reloading), (Some("busy"), false));
    }

    #[test]
    fn the_next_incarnation_has_told_nothing_yet() {
        let mut model = model();

        model.apply(&event(2, notified(Some("busy"), false, false)));
        model.apply(&event(3, What::Exited { status: None, stragglers: vec![], hint: None }));

        let child = model.find("root").unwrap();
        assert_eq!((&child.said, &child.health, &child.readiness), (&None, &None, &None));
    }

    #[test]
    fn a_look_at_another_incarnation_tells_nothing_of_this_one() {
        let mut child = model().find("root").unwrap().clone();
        let before = child.clone();

        child.take_details(&Child { incarnation: 2, said: Some("another".to_owned()), ..child.clone() });

        assert_eq!(child, before);
    }
}
