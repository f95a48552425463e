//! The names of those whom a process left behind, and what became of each.

use rootward_core::{Outcome, Straggler};

use crate::Signal;

/// How many are named.
const MOST_NAMED: usize = 256;

/// Everybody who was seen after the process had ended.
#[derive(Debug, Default)]
pub(super) struct Stragglers {
    left: Vec<Left>,
    /// Whether the set has got SIGKILL.
    killed: bool,
    /// Whether it had got it before the process ended: then nobody was left behind, all were ended together.
    killed_together: bool,
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

    /// The set is about to get SIGKILL: whoever is alive now does not go by itself.
    pub(super) fn about_to_kill(&mut self, is_alive: impl Fn(i32) -> bool) {
        self.killed = true;
        for left in self.left.iter_mut().filter(|left| is_alive(left.pid)) {
            left.outcome = Outcome::Killed;
        }
    }

    /// Somebody is there.
    pub(super) fn meet(&mut self, pid: i32, command: String) {
        let known = self.left.iter().any(|left| left.pid == pid);
        if !known && self.left.len() < MOST_NAMED {
            let outcome = if self.killed { Outcome::Killed } else { Outcome::Graceful };
            let together = self.killed_together;
            self.left.push(Left { pid, command, outcome, told: None, is_there: true, together });
        }
    }

    /// Says who is there now.
    pub(super) fn note(&mut self, is_there: impl Fn(i32) -> bool) {
        self.left.iter_mut().for_each(|left| left.is_there = is_there(left.pid));
    }

    /// Whether this one is to be sent a signal alone, which it is at most once.
    pub(super) fn tell(&mut self, pid: i32, signal: Signal) -> bool {
        let left = self.left.iter_mut().find(|left| left.pid == pid);
        left.is_some_and(|left| left.told.replace(signal) != Some(signal))
    }

    /// Somebody has left the set.
    pub(super) fn forget(&mut self, pid: i32) {
        self.left.retain(|left| left.pid != pid);
    }

    /// What became of everybody, now that all have gone.
    pub(super) fn report(&self) -> Vec<Straggler> {
        self.left.iter().filter(|left| !left.together).map(|left| left.named(left.outcome)).collect()
    }

    /// What has become of everybody so far.
    pub(super) fn report_so_far(&self) -> Vec<Straggler> {
        let spoken_of = self.left.iter().filter(|left| left.is_there || !left.together);
        spoken_of
            .map(|left| left.named(if left.is_there { Outcome::Unreapable } else { left.outcome }))
            .collect()
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
    fn who_goes_before_the_kill_has_gone_gracefully_and_who_does_not_was_killed() {
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
    fn nobody_was_left_behind_by_a_process_that_was_killed_together_with_its_set() {
        let mut stragglers = Stragglers::default();
        stragglers.about_to_kill(|_| false);
        stragglers.left_alone();
        stragglers.meet(1, "dying".into());

        assert_eq!(stragglers.report(), []);
    }

    #[test]
    fn who_does_not_go_is_spoken_of_also_if_it_was_killed_together_with_the_process() {
        let mut stragglers = Stragglers::default();
        stragglers.about_to_kill(|_| false);
        stragglers.left_alone();
        stragglers.meet(1, "dying".into());
        stragglers.meet(2, "out of reach".into());
        stragglers.note(|pid| pid == 2);

        assert_eq!(stragglers.report_so_far(), [Straggler::new(2, "out of reach", Outcome::Unreapable)]);
    }

    #[test]
    fn who_leaves_the_set_is_not_spoken_of() {
        let mut stragglers = Stragglers::default();
        stragglers.meet(1, "daemon".into());
        stragglers.forget(1);

        assert_eq!(stragglers.report(), []);
    }

    #[test]
    fn a_signal_is_sent_to_one_alone_at_most_once() {
        let mut stragglers = Stragglers::default();
        stragglers.meet(1, "newborn".into());

        assert!(stragglers.tell(1, Signal::TERM));
        assert!(!stragglers.tell(1, Signal::TERM));
        assert!(stragglers.tell(1, Signal::QUIT));
        assert!(!stragglers.tell(2, Signal::TERM), "nobody is told whose name is not known");
    }
}
