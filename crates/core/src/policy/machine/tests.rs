//! The machine's behaviour, fact by fact. Children are 0, 1, 2 … in start order; time stands still unless a test moves it.

use std::collections::BTreeSet;

use proptest::prelude::{Just, TestCaseError, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as Generate;

use super::*;
use crate::child::{Restart, Shutdown};

const A: ChildKey = ChildKey(0);
const B: ChildKey = ChildKey(1);
const C: ChildKey = ChildKey(2);
const GRACE: Duration = Duration::from_secs(5);

// --- start ---

#[test]
fn children_start_one_after_the_other_each_when_the_one_before_runs() {
    let mut rig = Rig::new(Policy::default(), [permanent(); 2]);

    assert_eq!(rig.tell(Input::Begin), [Action::Start(A)]);
    assert_eq!(rig.tell(Input::Started(A)), [Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(B)), [Action::Ready]);
}

#[test]
fn a_supervisor_without_children_is_ready_at_once() {
    let mut rig = Rig::new(Policy::default(), []);

    assert_eq!(rig.tell(Input::Begin), [Action::Ready]);
}

#[test]
fn a_child_that_had_nothing_to_run_is_kept_and_a_temporary_one_is_not() {
    let mut rig = Rig::new(Policy::default(), [temporary(), permanent()]);
    rig.tell(Input::Begin);

    assert_eq!(rig.tell(Input::Ignored(A)), [Action::Forget(A), Action::Start(B)]);
    assert_eq!(rig.tell(Input::Ignored(B)), [Action::Ready]);
}

#[test]
fn if_a_child_cannot_be_started_those_before_it_stop_in_reverse_order_and_those_after_it_never_start() {
    let mut rig = Rig::new(Policy::default(), [permanent(); 4]);
    rig.tell(Input::Begin);
    rig.tell(Input::Started(A));
    rig.tell(Input::Started(B));

    let actions = rig.tell(Input::StartFailed(C));

    assert_eq!(actions, [Action::Stopping(StopCause::StartFailed), rig.asks(B, StopCause::StartFailed)]);
    assert_eq!(rig.ended(B), [rig.asks(A, StopCause::StartFailed)]);
    assert_eq!(rig.ended(A), [Action::Finish(End::StartFailed(C))]);
}

// --- restart ---

#[test]
fn one_for_one_starts_only_the_child_that_failed() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 1), [permanent(); 3]);

    assert_eq!(rig.failed(B), [restarting(B, 1), Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(B)), []);
}

#[test]
fn one_for_all_stops_all_others_in_reverse_order_and_starts_all_in_order() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [permanent(); 3]);

    assert_eq!(rig.failed(B), [restarting(B, 1), rig.asks(C, StopCause::Sibling)]);
    assert_eq!(rig.ended(C), [rig.asks(A, StopCause::Sibling)]);
    assert_eq!(rig.ended(A), [Action::Start(A)]);
    assert_eq!(rig.tell(Input::Started(A)), [Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(B)), [Action::Start(C)]);
    assert_eq!(rig.tell(Input::Started(C)), []);
}

#[test]
fn rest_for_one_leaves_those_before_the_failed_child_alone() {
    let mut rig = Rig::running(policy(Strategy::RestForOne, 1), [permanent(); 3]);

    assert_eq!(rig.failed(B), [restarting(B, 1), rig.asks(C, StopCause::Sibling)]);
    assert_eq!(rig.ended(C), [Action::Start(B)]);
    assert_eq!(rig.tell(Input::Started(B)), [Action::Start(C)]);
}

#[test]
fn a_group_restart_revives_a_transient_sibling_that_had_ended_normally() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [transient(), permanent()]);
    rig.tell(Input::Ended(A, ExitClass::Normal));

    assert_eq!(rig.failed(B), [restarting(B, 1), Action::Start(A)]);
}

#[test]
fn a_group_restart_deletes_temporary_siblings() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [temporary(), permanent()]);
    rig.failed(B);

    assert_eq!(rig.ended(A), [Action::Forget(A), Action::Start(B)]);
}

#[test]
fn the_end_of_a_temporary_child_restarts_nobody() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [temporary(), permanent()]);

    assert_eq!(rig.failed(A), [Action::Forget(A)]);
}

#[test]
fn a_sibling_that_died_before_a_group_restart_came_to_it_is_absorbed_and_counts_nothing() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 1), [permanent(); 3]);
    rig.failed(C);

    // B is being asked to stop; A dies on its own meanwhile.
    assert_eq!(rig.failed(A), []);
    assert_eq!(rig.ended(B), [Action::Start(A)], "one restart was allowed, and one was counted");
}

#[test]
fn under_one_for_one_each_of_two_deaths_counts() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 1), [permanent(); 2]);
    rig.failed(A);

    assert_eq!(rig.failed(B), [], "A is being started");
    assert_eq!(
        rig.tell(Input::Started(A)),
        [Action::GaveUp, Action::Stopping(StopCause::GaveUp), rig.asks(A, StopCause::GaveUp)]
    );
}

#[test]
fn a_restart_that_fails_is_tried_again_and_counted_until_the_supervisor_gives_up() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 2), [permanent()]);
    rig.failed(A);

    assert_eq!(rig.tell(Input::StartFailed(A)), [restarting(A, 2), Action::Start(A)]);
    let gives_up = [Action::GaveUp, Action::Stopping(StopCause::GaveUp), Action::Finish(End::GaveUp)];
    assert_eq!(rig.tell(Input::StartFailed(A)), gives_up);
}

#[test]
fn one_for_all_starts_the_whole_round_again_when_a_start_in_it_fails() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(); 3]);
    rig.failed(C);
    rig.ended(B);
    rig.ended(A);
    rig.tell(Input::Started(A));

    let again = rig.tell(Input::StartFailed(B));

    assert_eq!(again, [restarting(B, 1), rig.asks(A, StopCause::Sibling)]);
    assert_eq!(rig.ended(A), [Action::Start(A)]);
}

#[test]
fn rest_for_one_resumes_at_the_child_whose_start_failed() {
    let mut rig = Rig::running(policy(Strategy::RestForOne, 9), [permanent(); 3]);
    rig.failed(A);
    rig.ended(C);
    rig.ended(B);
    rig.tell(Input::Started(A));

    assert_eq!(rig.tell(Input::StartFailed(B)), [restarting(B, 1), Action::Start(B)]);
}

#[test]
fn attempts_count_anew_once_a_child_has_run_as_long_as_restarts_are_counted() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent()]);
    rig.failed(A);
    rig.tell(Input::Started(A));
    assert_eq!(rig.failed(A)[0], restarting(A, 2));
    rig.tell(Input::Started(A));

    rig.passes(Intensity::default().within);

    assert_eq!(rig.failed(A)[0], restarting(A, 1));
}

// --- auto-shutdown ---

#[test]
fn any_significant_end_stops_the_supervisor() {
    let policy = Policy { auto_shutdown: AutoShutdown::AnySignificant, ..Policy::default() };
    let mut rig = Rig::running(policy, [significant(transient()), permanent()]);

    let actions = rig.tell(Input::Ended(A, ExitClass::Normal));

    assert_eq!(actions, [Action::Stopping(StopCause::AutoShutdown), rig.asks(B, StopCause::AutoShutdown)]);
    assert_eq!(rig.ended(B), [Action::Finish(End::AutoShutdown)]);
}

#[test]
fn all_significant_waits_for_the_last_one() {
    let policy = Policy { auto_shutdown: AutoShutdown::AllSignificant, ..Policy::default() };
    let mut rig = Rig::running(policy, [significant(transient()), significant(temporary())]);

    assert_eq!(rig.tell(Input::Ended(A, ExitClass::Normal)), []);
    let last = rig.failed(B);

    let stops =
        [Action::Forget(B), Action::Stopping(StopCause::AutoShutdown), Action::Finish(End::AutoShutdown)];
    assert_eq!(last, stops);
}

// --- stop ---

#[test]
fn children_stop_in_reverse_order_each_when_the_one_after_it_is_gone() {
    let mut rig = Rig::running(Policy::default(), [permanent(); 3]);

    assert_eq!(rig.stop(None), [rig.asks(C, StopCause::Parent)]);
    assert_eq!(rig.ended(C), [rig.asks(B, StopCause::Parent)]);
    assert_eq!(rig.ended(B), [rig.asks(A, StopCause::Parent)]);
    assert_eq!(rig.ended(A), [Action::Finish(End::Stopped)]);
}

#[test]
fn a_child_is_forced_when_its_grace_is_over_and_not_before() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.stop(None);

    rig.passes(GRACE - Duration::from_millis(1));
    assert_eq!(rig.tell(Input::Alarm), []);
    rig.passes(Duration::from_millis(1));
    assert_eq!(rig.tell(Input::Alarm), [Action::Force { key: A, cause: StopCause::Deadline }]);
    assert_eq!(rig.ended(A), [Action::Finish(End::Stopped)]);
}

#[test]
fn a_grace_is_cut_to_what_is_left_of_the_deadline() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    let deadline = rig.now + Duration::from_secs(1);

    let actions = rig.stop(Some(deadline));

    let asks = Action::Stop { key: A, cause: StopCause::Parent, deadline: Some(deadline) };
    assert_eq!(actions, [asks]);
    assert_eq!(rig.machine.next_alarm(), Some(deadline));
}

#[test]
fn a_tighter_deadline_cuts_a_grace_that_is_running() {
    let mut rig = Rig::running(Policy::default(), [Traits { shutdown: Shutdown::Infinity, ..permanent() }]);
    rig.stop(None);
    assert_eq!(rig.machine.next_alarm(), None);
    let deadline = rig.now + Duration::from_secs(1);

    rig.stop(Some(deadline));

    assert_eq!(rig.machine.next_alarm(), Some(deadline));
}

#[test]
fn when_the_deadline_is_over_everything_is_forced_at_once() {
    let mut rig = Rig::running(Policy::default(), [permanent(); 2]);
    let deadline = rig.now + Duration::from_secs(1);
    rig.stop(Some(deadline));

    rig.passes(Duration::from_secs(1));

    let cause = StopCause::Deadline;
    assert_eq!(rig.tell(Input::Alarm), [Action::Force { key: B, cause }, Action::Force { key: A, cause }]);
    assert_eq!(rig.ended(A), [], "and everything is still awaited");
    assert_eq!(rig.ended(B), [Action::Finish(End::Stopped)]);
}

#[test]
fn a_child_with_shutdown_kill_is_not_asked_and_not_forced_again() {
    let mut rig = Rig::running(Policy::default(), [Traits { shutdown: Shutdown::Kill, ..permanent() }]);

    assert_eq!(rig.stop(None), [Action::Kill { key: A, cause: StopCause::Parent }]);
    assert_eq!(rig.tell(Input::Force), []);
}

#[test]
fn a_stop_cancels_a_start_that_is_under_way_and_nothing_is_started_after_it() {
    let mut rig = Rig::new(Policy::default(), [permanent(); 3]);
    rig.tell(Input::Begin);
    rig.tell(Input::Started(A));

    assert_eq!(rig.stop(None), [rig.asks(B, StopCause::Parent)]);
    assert_eq!(rig.tell(Input::Started(B)), [], "a start that was over before the request came through");
    assert_eq!(rig.ended(B), [rig.asks(A, StopCause::Parent)]);
}

#[test]
fn a_stop_cancels_a_restart_that_waits() {
    let mut rig = Rig::running(policy(Strategy::OneForAll, 9), [permanent(); 2]);
    rig.failed(A);

    assert_eq!(rig.stop(None), [], "B is being stopped already");
    assert_eq!(rig.ended(B), [Action::Finish(End::Stopped)]);
}

#[test]
fn a_second_stop_changes_nothing() {
    let mut rig = Rig::running(Policy::default(), [permanent()]);
    rig.stop(None);

    assert_eq!(rig.stop(None), []);
    assert_eq!(rig.ended(A), [Action::Finish(End::Stopped)]);
    assert_eq!(rig.stop(None), []);
}

#[test]
fn a_supervisor_that_was_never_started_is_finished_when_it_is_stopped() {
    let mut rig = Rig::new(Policy::default(), [permanent()]);

    assert_eq!(rig.stop(None), [Action::Finish(End::Stopped)]);
    assert_eq!(rig.tell(Input::Begin), []);
}

// --- any sequence ---

proptest! {
    #[test]
    fn whatever_happens_the_promises_hold(
        strategy in prop::sample::select(vec![Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne]),
        max_restarts in 0u32..4,
        traits in prop::collection::vec(any_traits(), 0..5),
        inputs in prop::collection::vec(any_input(), 0..60),
    ) {
        let mut rig = Rig::new(policy(strategy, max_restarts), traits);
        let mut checker = Checker::default();
        let mut actions = rig.tell(Input::Begin);
        for (input, pass) in inputs {
            checker.check(&actions, rig.now, max_restarts)?;
            checker.hear(input);
            rig.passes(pass);
            actions = rig.tell(input);
        }
        checker.check(&actions, rig.now, max_restarts)?;

        // Then a stop, and every child that is there ends when it has been asked.
        let mut actions = rig.stop(None);
        checker.stopping = true;
        for _ in 0..100 {
            checker.check(&actions, rig.now, max_restarts)?;
            let Some(key) = checker.asked.iter().next().copied() else { break };
            checker.hear(Input::Ended(key, ExitClass::Normal));
            actions = rig.ended(key);
        }
        prop_assert_eq!(checker.finished, 1, "every stop ends in one finish");
        prop_assert!(checker.live.is_empty(), "the finish comes when everything is gone");
    }
}

/// Reads the machine's actions and knows what must never be among them.
#[derive(Default)]
struct Checker {
    starting: BTreeSet<ChildKey>,
    live: BTreeSet<ChildKey>,
    asked: BTreeSet<ChildKey>,
    restarts: Vec<Instant>,
    stopping: bool,
    finished: u32,
}

impl Checker {
    fn hear(&mut self, input: Input) {
        match input {
            // That a child which runs could not be started is nonsense, and the machine has to treat it as such.
            Input::Ignored(key) | Input::StartFailed(key)
                if !self.starting.contains(&key) && !self.asked.contains(&key) => {}
            Input::Ended(key, _) | Input::Ignored(key) | Input::StartFailed(key) => {
                self.starting.remove(&key);
                self.live.remove(&key);
                self.asked.remove(&key);
            }
            Input::Started(key) => {
                self.starting.remove(&key);
            }
            Input::Stop { .. } | Input::Force | Input::Fail => self.stopping = true,
            Input::Begin | Input::Alarm => {}
        }
    }

    fn check(&mut self, actions: &[Action], now: Instant, max_restarts: u32) -> Result<(), TestCaseError> {
        for action in actions {
            prop_assert_eq!(self.finished, 0, "nothing follows the finish");
            match *action {
                Action::Start(key) => {
                    prop_assert!(!self.stopping, "nothing starts once stopping has begun");
                    self.starting.insert(key);
                    prop_assert!(self.live.insert(key), "a child that is there is not started again");
                }
                Action::Stop { key, .. } | Action::Kill { key, .. } => {
                    prop_assert!(self.live.contains(&key), "only what is there is asked to stop");
                    prop_assert!(self.asked.insert(key), "a child is asked once");
                    let later: Vec<_> = self.live.iter().filter(|other| **other > key).collect();
                    prop_assert!(!self.stopping || later.is_empty(), "children stop in reverse order");
                }
                Action::Force { key, .. } => {
                    prop_assert!(self.live.contains(&key));
                    self.asked.insert(key);
                }
                Action::Restarting { .. } => {
                    let within = Intensity::default().within;
                    self.restarts.retain(|restart| now.duration_since(*restart) <= within);
                    self.restarts.push(now);
                    prop_assert!(
                        self.restarts.len() <= max_restarts as usize,
                        "restarts stay within intensity"
                    );
                }
                Action::Stopping(_) => self.stopping = true,
                Action::Finish(_) => {
                    prop_assert!(self.live.is_empty(), "the acknowledgement comes after all children's");
                    self.finished += 1;
                }
                Action::Forget(key) => prop_assert!(!self.live.contains(&key)),
                Action::GaveUp | Action::Ready => {}
            }
        }
        Ok(())
    }
}

fn any_traits() -> impl Generate<Value = Traits> {
    let restart = prop::sample::select(vec![Restart::Permanent, Restart::Transient, Restart::Temporary]);
    let shutdown = prop::sample::select(vec![Shutdown::Kill, Shutdown::Grace(GRACE), Shutdown::Infinity]);
    (restart, shutdown).prop_map(|(restart, shutdown)| Traits { restart, shutdown, significant: false })
}

/// Mostly what children say, in any order and about children that may not exist.
fn any_input() -> impl Generate<Value = (Input, Duration)> {
    let key = || (0u64..6).prop_map(ChildKey);
    let input = prop_oneof![
        8 => key().prop_map(Input::Started),
        4 => key().prop_map(|key| Input::Ended(key, ExitClass::Abnormal)),
        2 => key().prop_map(|key| Input::Ended(key, ExitClass::Normal)),
        2 => key().prop_map(Input::StartFailed),
        1 => key().prop_map(Input::Ignored),
        1 => Just(Input::Alarm),
        1 => Just(Input::Begin),
    ];
    (input, (0u64..4).prop_map(Duration::from_secs))
}

// --- how the tests talk to the machine ---

struct Rig {
    machine: Machine,
    now: Instant,
}

impl Rig {
    fn new(policy: Policy, children: impl IntoIterator<Item = Traits>) -> Self {
        let mut machine = Machine::new(policy);
        for (key, traits) in (0..).map(ChildKey).zip(children) {
            machine.add(key, traits);
        }
        #[expect(clippy::disallowed_methods, reason = "any moment will do as the origin")]
        let now = Instant::now();
        Self { machine, now }
    }

    /// All children have been started.
    fn running<const N: usize>(policy: Policy, children: [Traits; N]) -> Self {
        let mut rig = Self::new(policy, children);
        rig.tell(Input::Begin);
        for key in (0..N as u64).map(ChildKey) {
            rig.tell(Input::Started(key));
        }
        rig
    }

    fn tell(&mut self, input: Input) -> Vec<Action> {
        self.machine.step(input, self.now)
    }

    fn ended(&mut self, key: ChildKey) -> Vec<Action> {
        self.tell(Input::Ended(key, ExitClass::Normal))
    }

    fn failed(&mut self, key: ChildKey) -> Vec<Action> {
        self.tell(Input::Ended(key, ExitClass::Abnormal))
    }

    fn stop(&mut self, deadline: Option<Instant>) -> Vec<Action> {
        self.tell(Input::Stop { cause: StopCause::Parent, deadline })
    }

    fn passes(&mut self, time: Duration) {
        self.now += time;
    }

    /// The request that a child with the usual grace gets now.
    fn asks(&self, key: ChildKey, cause: StopCause) -> Action {
        Action::Stop { key, cause, deadline: Some(self.now + GRACE) }
    }
}

fn policy(strategy: Strategy, max_restarts: u32) -> Policy {
    let intensity = Intensity { max_restarts, ..Intensity::default() };
    Policy { strategy, intensity, ..Policy::default() }
}

fn permanent() -> Traits {
    Traits { restart: Restart::Permanent, shutdown: Shutdown::Grace(GRACE), significant: false }
}

fn transient() -> Traits {
    Traits { restart: Restart::Transient, ..permanent() }
}

fn temporary() -> Traits {
    Traits { restart: Restart::Temporary, ..permanent() }
}

fn significant(traits: Traits) -> Traits {
    Traits { significant: true, ..traits }
}

fn restarting(key: ChildKey, attempt: u32) -> Action {
    Action::Restarting { key, attempt, delay: Duration::ZERO }
}
