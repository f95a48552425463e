//! The names of what a process left behind, and what became of each.
//!
//! Plain data: the owner of the process writes it down, and any thread may read it under its lock, which is held for no
//! longer than that takes.

use rootward_core::{Outcome, Straggler};

use crate::Signal;

/// How many are named.
const MOST_NAMED: usize = 256;

/// All members of the set that were seen after the process had ended.
#[derive(Debug, Default)]
pub(super) struct Stragglers {
    left: Vec<Left>,
    /// Whether the set has got SIGKILL.
    killed: bool,
    /// Whether it had got it before the process ended: then no member was left behind, all were ended together.
    killed_together: bool,
    /// The name of a readiness check that does not end although the set is empty.
    check: Option<String>,
}

#[derive(Debug)]
struct Left {
    pid: i32,
    command: String,
    outcome: Outcome,
    /// The last signal that it got alone, because it was too young for the set's.
    told: Option<Signal>,
    /// Whether it was there the last time.
    is_there: bool,
    /// Whether it was ended together with the process, and is spoken of only if it does not go.
    together: bool,
}

impl Stragglers {
    /// The process has ended.
    pub(super) fn left_alone(&mut self) {
        self.killed_together = self.killed;
    }

    /// The set is about to get SIGKILL: a member that is alive now does not go by itself.
    pub(super) fn about_to_kill(&mut self, is_alive: impl Fn(i32) -> bool) {
        self.killed = true;
        for left in self.left.iter_mut().filter(|left| is_alive(left.pid)) {
            left.outcome = Outcome::Killed;
        }
    }

    /// This member is there.
    pub(super) fn meet(&mut self, pid: i32, command: String) {
        let known = self.left.iter().any(|left| left.pid == pid);
        if !known && self.left.len() < MOST_NAMED {
            let outcome = if self.killed { Outcome::Killed } else { Outcome::Graceful };
            let together = self.killed_together;
            self.left.push(Left { pid, command, outcome, told: None, is_there: true, together });
        }
    }

    /// Says which members are there now.
    pub(super) fn note(&mut self, is_there: impl Fn(i32) -> bool) {
        self.left.iter_mut().for_each(|left| left.is_there = is_there(left.pid));
    }

    /// Whether this member is to be sent a signal alone, which it is at most once.
    pub(super) fn tell(&mut self, pid: i32, signal: Signal) -> bool {
        let left = self.left.iter_mut().find(|left| left.pid == pid);
        left.is_some_and(|left| left.told.replace(signal) != Some(signal))
    }

    /// This member has left the set.
    pub(super) fn forget(&mut self, pid: i32) {
        self.left.retain(|left| left.pid != pid);
    }

    /// A readiness check of this name is still there, or none is.
    pub(super) fn note_check(&mut self, name: Option<String>) {
        self.check = name;
    }

    /// What became of all members, now that all have gone.
    pub(super) fn report(&self) -> Vec<Straggler> {
        let spoken_of = self.left.iter().filter(|left| !left.together);
        spoken_of.map(|left| left.named(left.outcome)).chain(self.named_check()).collect()
    }

    /// What has become of all members so far.
    pub(super) fn report_so_far(&self) -> Vec<Straggler> {
        let spoken_of = self.left.iter().filter(|left| left.is_there || !left.together);
        let outcome = |left: &Left| if left.is_there { Outcome::Unreapable } else { left.outcome };
        spoken_of.map(|left| left.named(outcome(left))).chain(self.named_check()).collect()
    }

    /// A check that is still there. It runs in this program.
    fn named_check(&self) -> Option<Straggler> {
        let name = self.check.clone()?;
        Some(Straggler::new(std::process::id(), name, Outcome::Unreapable))
    }
}

impl Left {
    fn named(&self, outcome: Outcome) -> Straggler {
        Straggler::new(self.pid.unsigned_abs(), self.command.clone(), outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_goes_before_the_kill_has_gone_gracefully_and_one_that_does_not_was_killed() {
        let mut stragglers = Stragglers::default();
        stragglers.left_alone();
        stragglers.meet(1, "quick".into());
        stragglers.meet(2, "deaf".into());
        stragglers.about_to_kill(|pid| pid == 2);
        stragglers.meet(2, "deaf".into());
        stragglers.meet(3, "late".into());

        assert_eq!(
            stragglers.report(),
            [
                Straggler::new(1, "quick", Outcome::Graceful),
                Straggler::new(2, "deaf", Outcome::Killed),
                Straggler::new(3, "late", Outcome::Killed),
            ]
        );
    }

    #[test]
    fn a_process_that_was_killed_together_with_its_set_has_left_no_member_behind() {
        let mut stragglers = Stragglers::default();
        stragglers.about_to_kill(|_| false);
        stragglers.left_alone();
        stragglers.meet(1, "dying".into());

        assert_eq!(stragglers.report(), []);
    }

    #[test]
    fn a_member_that_does_not_go_is_spoken_of_also_if_it_was_killed_together_with_the_process() {
        let mut stragglers = Stragglers::default();
        stragglers.about_to_kill(|_| false);
        stragglers.left_alone();
        stragglers.meet(1, "dying".into());
        stragglers.meet(2, "out of reach".into());
        stragglers.note(|pid| pid == 2);

        assert_eq!(stragglers.report_so_far(), [Straggler::new(2, "out of reach", Outcome::Unreapable)]);
    }

    #[test]
    fn a_member_that_leaves_the_set_is_not_spoken_of() {
        let mut stragglers = Stragglers::default();
        stragglers.meet(1, "daemon".into());
        stragglers.forget(1);

        assert_eq!(stragglers.report(), []);
    }

    #[test]
    fn a_check_that_does_not_end_is_named_until_it_does() {
        let mut stragglers = Stragglers::default();
        stragglers.note_check(Some("the readiness check of `web`".into()));
        let named = Straggler::new(std::process::id(), "the readiness check of `web`", Outcome::Unreapable);

        assert_eq!((stragglers.report_so_far(), stragglers.report()), (vec![named.clone()], vec![named]));
        stragglers.note_check(None);
        assert_eq!((stragglers.report_so_far(), stragglers.report()), (vec![], vec![]));
    }

    #[test]
    fn a_signal_is_sent_to_one_alone_at_most_once() {
        let mut stragglers = Stragglers::default();
        stragglers.meet(1, "newborn".into());

        assert!(stragglers.tell(1, Signal::TERM));
        assert!(!stragglers.tell(1, Signal::TERM));
        assert!(stragglers.tell(1, Signal::QUIT));
        assert!(!stragglers.tell(2, Signal::TERM), "it is not known");
    }
}
