//! Remembers how children ended by themselves, so that a supervisor that stops by itself can say for what.

use std::collections::VecDeque;
use std::time::Instant;

use crate::blame::{Blame, Failures};
use crate::child::{ChildPath, Exit};
use crate::policy::{ChildKey, Intensity};

/// Of how many children the last failure is kept. The one that is to blame is among the last ones that failed.
const KEPT: usize = 16;

/// The last failures of children, and what this supervisor says of them when it has ended.
#[derive(Default)]
pub(super) struct Faults {
    failed: VecDeque<(ChildKey, Fault)>,
    said: Failures,
}

/// A child that failed, and what it said itself if it is a supervisor.
struct Fault {
    path: ChildPath,
    exit: Exit,
    below: Option<Blame>,
}

impl Faults {
    /// A child has ended by itself, and has not failed.
    pub(super) fn ended(&mut self, key: ChildKey) {
        self.failed.retain(|(other, _)| *other != key);
    }

    /// A child has ended by itself, and has failed.
    pub(super) fn failed(&mut self, key: ChildKey, path: ChildPath, exit: Exit, below: Option<Blame>) {
        self.ended(key);
        if self.failed.len() == KEPT {
            self.failed.pop_front();
        }
        self.failed.push_back((key, Fault { path, exit, below }));
    }

    /// A child has ended by itself and is not started again.
    pub(super) fn ended_for_good(&mut self, key: ChildKey, at: Instant) {
        let blame = self.find(key, None, None);
        self.said.note_last(at, blame);
    }

    /// A supervisor below says this of what is below it.
    pub(super) fn heard(&mut self, failures: &Failures) {
        if let Some((at, blame)) = &failures.last {
            self.said.note_last(*at, blame.clone());
        }
    }

    /// The supervisor stops by itself because of this child.
    pub(super) fn stops_for(&mut self, key: ChildKey, supervisor: &ChildPath, limit: Option<Intensity>) {
        if self.said.blame.is_none() {
            self.said.blame = self.find(key, Some(supervisor), limit);
        }
    }

    fn find(&self, key: ChildKey, supervisor: Option<&ChildPath>, limit: Option<Intensity>) -> Option<Blame> {
        let (_, fault) = self.failed.iter().find(|(other, _)| *other == key)?;
        let own = || Blame {
            child: fault.path.clone(),
            exit: fault.exit.clone(),
            supervisor: supervisor.cloned(),
            limit,
        };
        // The deepest one says most.
        Some(fault.below.clone().unwrap_or_else(own))
    }

    pub(super) fn take(&mut self) -> Failures {
        std::mem::take(&mut self.said)
    }
}
