//! One misbehaving program in one place.

use std::collections::BTreeSet;
use std::time::Duration;

use rootward_tests::{Known, happens};

use crate::place::Place;
use crate::record::{Leader, Record};
use crate::supervisor::Supervisor;

/// A program, and what is to be expected of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Misbehaviour {
    pub(crate) program: &'static str,
    pub(crate) stays: Stays,
    pub(crate) goes: Goes,
}

/// Where its processes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stays {
    /// In the process group.
    InItsGroup,
    /// Not all of them in the process group.
    Nowhere,
}

/// When its processes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goes {
    /// When they are asked to.
    WhenAsked,
    /// Some of them not before they are killed.
    WhenKilled,
    /// There is no telling.
    AsItPleases,
}

/// A misbehaving program that runs, and all of whose processes are there.
pub(crate) struct Scene {
    place: Place,
    pub(crate) leader: Leader,
    // The supervisor is dropped first: without it no process is started again.
    pub(crate) supervisor: Supervisor,
    pub(crate) record: Record,
}

impl Misbehaviour {
    /// So long that a process that goes when asked is not killed, and so short that the test does not wait long for one
    /// that does not.
    fn grace(self) -> Duration {
        match self.goes {
            Goes::WhenAsked => Duration::from_secs(50),
            Goes::WhenKilled | Goes::AsItPleases => Duration::from_millis(100),
        }
    }

    /// Checks the exit status of a supervisor that was asked to stop.
    pub(crate) fn assert_status(self, status: Option<i32>, place: Place) {
        let expected: &[i32] = match self.goes {
            Goes::WhenAsked => &[0],
            Goes::WhenKilled => &[3],
            Goes::AsItPleases => &[0, 3],
        };
        assert!(status.is_some_and(|status| expected.contains(&status)), "{place:?}: {status:?}");
    }
}

impl Scene {
    pub(crate) fn set(misbehaviour: Misbehaviour, place: Place) -> Self {
        Self::with(place, |register| {
            Supervisor::start(place, misbehaviour.program, misbehaviour.grace(), register)
        })
    }

    pub(crate) fn with(place: Place, start: impl FnOnce(&str) -> Supervisor) -> Self {
        let mut record = Record::begin();
        let mut supervisor = start(record.path());
        let leader = record.wait_for_leader();
        record.wait_until_ready();
        supervisor.note_helpers();
        Self { place, leader, supervisor, record }
    }

    /// Waits for the next incarnation, which must not have met a process of the former one.
    pub(crate) fn wait_for_successor(&mut self) {
        let successor = self.record.wait_for_leader();
        assert_eq!(successor.found, 0, "{:?}: the former incarnation was still there", self.place);
        assert!(!self.leader.process.is_alive());
        self.leader = successor;
        self.record.wait_until_ready();
    }

    /// Checks that no process is left, now.
    pub(crate) fn assert_empty(&mut self) {
        let helpers = self.supervisor.helpers_alive();
        let survivors = self.record.survivors();
        assert!(survivors.is_empty() && helpers.is_empty(), "{:?}: {survivors:?} {helpers:?}", self.place);
    }

    /// Checks that no process of the tree is left, now, and waits until the idle helpers are gone: their warden has
    /// been killed, and the supervisor, which is not their parent, only lets go of them when it ends.
    pub(crate) fn assert_empty_but_for_idle_helpers(&mut self) {
        let survivors = self.record.survivors();
        assert!(survivors.is_empty(), "{:?}: {survivors:?}", self.place);
        let supervisor = &self.supervisor;
        happens(|| supervisor.helpers_alive().is_empty());
    }

    /// Waits until no process is left.
    pub(crate) fn wait_until_empty(&mut self) {
        let (path, known) = (self.record.path().to_owned(), self.record.processes());
        let supervisor = &self.supervisor;
        happens(|| {
            known.iter().all(|process| !process.is_alive())
                && supervisor.helpers_alive().is_empty()
                && Known::all_that_mention(&path).is_empty()
        });
        self.assert_empty();
    }

    /// Checks that the supervisor has named all processes that were there besides the leader.
    pub(crate) fn assert_named(&mut self, members: &BTreeSet<Known>, outcome: &str) {
        let others = members.iter().filter(|member| **member != self.leader.process);
        let expected: BTreeSet<String> = others.map(|member| format!("{} {outcome}", member.pid)).collect();
        let named: BTreeSet<String> =
            self.supervisor.heard.lines_after("child left ").into_iter().map(str::to_owned).collect();
        assert_eq!(named, expected, "{:?}", self.place);
    }
}
