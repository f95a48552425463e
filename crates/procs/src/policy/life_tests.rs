//! The life of a process, case by case and then at random.

#![expect(clippy::disallowed_methods, reason = "a pure machine needs any instant to count from")]

use proptest::prelude::*;

use super::super::{Ask, Ladder, Step};
use super::*;

#[path = "life_command_tests.rs"]
mod command;
#[path = "life_health_tests.rs"]
mod health;
#[path = "life_ready_tests.rs"]
mod ready;

const SECOND: Duration = Duration::from_secs(1);
const TERM: Action = Action::Signal(Signal::TERM);
const KILL: Action = Action::Signal(Signal::KILL);

// --- starting ---

#[test]
fn a_program_without_a_readiness_rule_has_started_when_it_runs() {
    let mut life = Sim::new(rules());

    assert_eq!(life.tell(LifeInput::Begin), [Action::Launch]);
    assert_eq!(life.tell(LifeInput::Launched), [Action::ReportStarted]);
}

#[test]
fn a_program_with_a_readiness_rule_has_started_when_it_is_ready() {
    let mut life = Sim::new(ready_rules());
    life.tell(LifeInput::Begin);

    assert_eq!(life.tell(LifeInput::Launched), [Action::AwaitReady, life.wake_in(10)]);
    assert_eq!(life.tell(LifeInput::Ready), [Action::ReportStarted]);
    assert_eq!(life.tell(LifeInput::Ready), []);
}

#[test]
fn a_program_is_awaited_until_it_has_started_and_when_it_is_on_its_way_out() {
    let mut life = Sim::new(ready_rules());
    let mut awaited_after = |input| {
        life.tell(input);
        life.life.is_awaited()
    };

    assert!([LifeInput::Begin, LifeInput::Launched].into_iter().all(&mut awaited_after));
    assert!(!awaited_after(LifeInput::Ready));
    assert!([LifeInput::Stop, LifeInput::Exited].into_iter().all(&mut awaited_after));
    assert!(!awaited_after(LifeInput::Empty));
}

#[test]
fn a_program_that_does_not_get_ready_in_time_is_ended_before_its_start_counts_as_failed() {
    let mut life = Sim::unready();

    assert_eq!(life.later(9, LifeInput::Timer), []);
    assert_eq!(life.later(1, LifeInput::Timer), [TERM, life.wake_in(5)]);
    assert_eq!(life.tell(LifeInput::Exited), [Action::WatchMembers]);
    assert_eq!(life.tell(LifeInput::Empty), [Action::Finish(LifeEnd::NotReady)]);
}

#[test]
fn a_program_that_will_never_be_ready_is_ended_at_once_and_killed_after_its_own_grace() {
    let mut life = Sim::unready();

    assert_eq!(life.tell(LifeInput::NeverReady), [TERM, life.wake_in(5)]);
    assert_eq!(life.later(5, LifeInput::Timer), [KILL, life.wake_in(1)]);
}

#[test]
fn a_program_that_ends_before_it_is_ready_has_ended() {
    let mut life = Sim::unready();

    assert_eq!(life.tell(LifeInput::Exited), [Action::WatchMembers]);
    assert_eq!(life.tell(LifeInput::Empty), [Action::Finish(LifeEnd::Ended)]);
}

#[test]
fn a_program_that_cannot_be_started_is_over() {
    let mut life = Sim::new(rules());
    life.tell(LifeInput::Begin);

    assert_eq!(life.tell(LifeInput::LaunchFailed), [Action::Finish(LifeEnd::NotLaunched)]);
}

#[test]
fn what_is_asked_during_the_start_is_done_after_it_the_stronger_wish_winning() {
    let answers = [
        vec![LifeInput::Stop],
        vec![LifeInput::Force],
        vec![LifeInput::Stop, LifeInput::Force],
        vec![LifeInput::Force, LifeInput::Stop],
    ]
    .map(|wishes| {
        let mut life = Sim::new(ready_rules());
        life.tell(LifeInput::Begin);
        for wish in wishes {
            assert_eq!(life.tell(wish), []);
        }
        life.tell(LifeInput::Launched)
    });

    let again = Action::WakeAt(answers_at() + SECOND);
    assert_eq!(answers, [vec![TERM], vec![KILL, again], vec![KILL, again], vec![KILL, again]]);
}

// --- ending by itself ---

#[test]
fn a_program_that_ends_alone_is_over_when_its_set_has_been_found_empty() {
    let mut life = Sim::running();

    assert_eq!(life.tell(LifeInput::Exited), [Action::WatchMembers]);
    assert_eq!(life.tell(LifeInput::Empty), [Action::Finish(LifeEnd::Ended)]);
}

#[test]
fn leftovers_of_a_program_that_ended_by_itself_are_asked_once_and_killed_after_a_grace() {
    let mut life = Sim::running();
    life.tell(LifeInput::Exited);

    assert_eq!(life.tell(LifeInput::Inhabited), [TERM, life.wake_in(5)]);
    assert_eq!(life.tell(LifeInput::Inhabited), []);
    assert_eq!(life.tell(LifeInput::Stop), []);
    assert_eq!(life.later(4, LifeInput::Timer), [], "it comes early");
    assert_eq!(life.later(1, LifeInput::Timer), [KILL, life.wake_in(1)]);
    assert_eq!(life.tell(LifeInput::Timer), [], "it comes early");
    assert_eq!(life.tell(LifeInput::Inhabited), [KILL, life.wake_in(1)]);
    assert_eq!(life.tell(LifeInput::Empty), [Action::Finish(LifeEnd::Ended)]);
}

#[test]
fn the_supervisors_force_ends_the_grace_of_leftovers() {
    let mut life = Sim::running();
    life.tell(LifeInput::Exited);
    life.tell(LifeInput::Inhabited);

    assert_eq!(life.tell(LifeInput::Force), [KILL, life.wake_in(1)]);
}

// --- being stopped ---

#[test]
fn a_stop_sends_the_stop_signal_once_and_leaves_the_grace_to_the_supervisor() {
    let mut life = Sim::running();

    assert_eq!(life.tell(LifeInput::Stop), [TERM]);
    assert_eq!(life.tell(LifeInput::Stop), []);
    assert_eq!(life.later(3600, LifeInput::Timer), []);
    assert_eq!(life.tell(LifeInput::Force), [KILL, life.wake_in(1)]);
    assert_eq!(life.tell(LifeInput::Force), []);
}

#[test]
fn a_ladder_is_climbed_step_by_step_while_the_supervisor_waits() {
    let mut life = Sim::new(LifeRules { ladder: ladder(), ..rules() });
    life.tell(LifeInput::Begin);
    life.tell(LifeInput::Launched);

    assert_eq!(life.tell(LifeInput::Stop), [Action::Signal(Signal::INT), life.wake_in(1)]);
    assert_eq!(life.later(1, LifeInput::Timer), [note(Signal::TERM, 1), TERM]);
    assert_eq!(life.later(2, LifeInput::Timer), []);
}

#[test]
fn a_ladder_goes_on_for_what_a_stopped_program_leaves_behind() {
    let mut life = Sim::new(LifeRules { ladder: ladder(), ..rules() });
    life.tell(LifeInput::Begin);
    life.tell(LifeInput::Launched);
    life.tell(LifeInput::Stop);
    life.tell(LifeInput::Exited);

    assert_eq!(life.tell(LifeInput::Inhabited), []);
    assert_eq!(life.later(1, LifeInput::Timer), [note(Signal::TERM, 1), TERM]);
    assert_eq!(life.tell(LifeInput::Force), [KILL, life.wake_in(1)]);
}

/// Case P15.
#[test]
fn a_leader_that_is_asked_alone_leaves_the_signal_to_what_it_leaves_behind() {
    let mut life = Sim::led();

    assert_eq!(life.tell(LifeInput::Stop), [Action::SignalLeader(Signal::TERM), life.wake_in(20)]);
    assert_eq!(life.tell(LifeInput::Exited), [Action::WatchMembers]);
    assert_eq!(life.tell(LifeInput::Inhabited), [TERM]);
    assert_eq!(life.tell(LifeInput::Inhabited), []);
    assert_eq!(life.later(20, LifeInput::Timer), [note(Signal::INT, 20), Action::Signal(Signal::INT)]);
}

/// Case P15.
#[test]
fn what_is_left_without_a_leader_is_asked_by_a_step_for_the_leader_too() {
    let mut life = Sim::led();
    life.tell(LifeInput::Exited);

    assert_eq!(life.tell(LifeInput::Inhabited), [TERM, life.wake_in(5)]);
}

#[test]
fn what_survives_a_kill_is_killed_again() {
    let mut life = Sim::running();
    life.tell(LifeInput::Force);

    assert_eq!(life.later(1, LifeInput::Timer), [KILL, life.wake_in(1)]);
    life.tell(LifeInput::Exited);
    assert_eq!(life.later(1, LifeInput::Timer), [KILL, life.wake_in(1)]);
}

#[test]
fn a_stop_after_the_end_changes_nothing() {
    let mut life = Sim::running();
    life.tell(LifeInput::Exited);
    life.tell(LifeInput::Empty);

    for input in [
        LifeInput::Stop,
        LifeInput::Force,
        LifeInput::Timer,
        LifeInput::Exited,
        LifeInput::Inhabited,
        LifeInput::Empty,
    ] {
        assert_eq!(life.tell(input), []);
    }
}

// --- checks ---

#[test]
fn a_check_that_has_answered_is_not_ended() {
    let mut life = Sim::checked();
    life.tell(LifeInput::CheckOver);
    assert_eq!(life.tell(LifeInput::Ready), [Action::ReportStarted]);

    assert_eq!(life.tell(LifeInput::Stop), [TERM]);
    assert_eq!(life.tell(LifeInput::Exited), [Action::WatchMembers]);
    assert_eq!(life.tell(LifeInput::Empty), [Action::Finish(LifeEnd::Ended)]);
}

#[test]
fn a_check_is_ended_once_as_soon_as_its_answer_does_not_matter() {
    let first = |input| Sim::checked().tell(input);
    let wake = |seconds: u32| Action::WakeAt(answers_at() + seconds * SECOND);

    assert_eq!(first(LifeInput::Stop), [Action::EndCheck, TERM]);
    assert_eq!(first(LifeInput::Force), [Action::EndCheck, KILL, wake(1)]);
    assert_eq!(first(LifeInput::Exited), [Action::EndCheck, Action::WatchMembers]);
    let mut life = Sim::checked();
    assert_eq!(life.later(10, LifeInput::Timer), [Action::EndCheck, TERM, life.wake_in(5)]);
    assert_eq!(life.tell(LifeInput::Force), [KILL, life.wake_in(1)]);
    assert_eq!(life.tell(LifeInput::Exited), [Action::WatchMembers]);
}

#[test]
fn an_empty_set_waits_for_the_end_of_its_check() {
    let mut life = Sim::checked();
    life.tell(LifeInput::Stop);
    life.tell(LifeInput::Exited);

    assert_eq!(life.tell(LifeInput::Empty), [life.wake_in(1)]);
    assert_eq!(life.tell(LifeInput::Ready), []);
    assert_eq!(life.tell(LifeInput::CheckOver), [Action::Finish(LifeEnd::Ended)]);
}

#[test]
fn an_empty_set_does_not_wait_for_ever_for_a_check_that_blocks() {
    for late in [(1, LifeInput::Timer), (0, LifeInput::Force)] {
        let mut life = Sim::checked();
        life.tell(LifeInput::Stop);
        life.tell(LifeInput::Exited);
        life.tell(LifeInput::Empty);

        assert_eq!(life.tell(LifeInput::Timer), []);
        assert_eq!(life.later(late.0, late.1), [Action::Finish(LifeEnd::Ended)]);
    }
}

#[test]
fn after_sigkill_a_check_is_waited_for_less_than_a_deadline_can_tell() {
    let mut life = Sim::checked();
    life.tell(LifeInput::Force);
    life.tell(LifeInput::Exited);

    let soon = Action::WakeAt(life.now + Duration::from_millis(50));
    assert_eq!(life.tell(LifeInput::Empty), [soon]);
}

// --- at random ---

proptest! {
    #[test]
    fn after_any_inputs_a_life_has_ended_once_and_signalled_only_what_is_there(
        rules in proptest::sample::select(vec![rules(), ready_rules(), check_rules()]),
        story in proptest::collection::vec((input(), 0_u64..4), 0..40),
    ) {
        let mut life = Sim::new(rules);
        let mut seen = Vec::new();
        let (mut launched, mut begun) = (false, false);
        for (input, seconds) in story {
            let actions = life.later(seconds, input);
            launched |= begun && input == LifeInput::Launched;
            begun |= input == LifeInput::Begin;
            let signals = actions.iter().any(|action| matches!(action, Action::Signal(_)));
            prop_assert!(!signals || launched, "{input:?} led to {actions:?} before there was a program");
            seen.extend(actions);
        }
        // However far it has come: from here on it is stopped, and the world answers.
        let stop = [LifeInput::Begin, LifeInput::Stop, LifeInput::Launched, LifeInput::Force, LifeInput::Exited, LifeInput::Empty];
        for input in stop.into_iter().chain([LifeInput::CheckOver]) {
            seen.extend(life.tell(input));
        }

        let finishes = seen.iter().filter(|action| matches!(action, Action::Finish(_))).count();
        prop_assert_eq!(finishes, 1);
        prop_assert!(matches!(seen.last(), Some(Action::Finish(_))), "something came after the end: {:?}", seen);
        let ended_checks = seen.iter().filter(|action| matches!(action, Action::EndCheck)).count();
        prop_assert!(ended_checks <= 1);
        let started: Vec<_> = seen.iter().filter(|action| matches!(action, Action::ReportStarted)).collect();
        prop_assert!(started.len() <= 1);
        let first_signal = seen.iter().position(|action| matches!(action, Action::Signal(_)));
        let start = seen.iter().position(|action| matches!(action, Action::ReportStarted));
        prop_assert!(start.is_none() || first_signal.is_none() || start < first_signal, "{:?}", seen);
        let force = seen.iter().position(|action| *action == KILL);
        let asked_later = seen.iter().skip(force.unwrap_or(seen.len())).any(|action| *action == TERM);
        prop_assert!(!asked_later, "it was asked after it was killed: {:?}", seen);
    }
}

fn input() -> impl Strategy<Value = LifeInput> {
    proptest::sample::select(vec![
        LifeInput::Begin,
        LifeInput::Launched,
        LifeInput::LaunchFailed,
        LifeInput::Ready,
        LifeInput::NeverReady,
        LifeInput::Unhealthy,
        LifeInput::Extend(SECOND),
        LifeInput::CheckOver,
        LifeInput::Stop,
        LifeInput::Force,
        LifeInput::Timer,
        LifeInput::Exited,
        LifeInput::Inhabited,
        LifeInput::Empty,
    ])
}

/// A life and its time.
struct Sim {
    life: Life,
    now: Instant,
}

impl Sim {
    fn new(rules: LifeRules) -> Self {
        Self { life: Life::new(rules), now: answers_at() }
    }

    fn running() -> Self {
        let mut life = Self::new(rules());
        life.tell(LifeInput::Begin);
        life.tell(LifeInput::Launched);
        life
    }

    fn unready() -> Self {
        let mut life = Self::new(ready_rules());
        life.tell(LifeInput::Begin);
        life.tell(LifeInput::Launched);
        life
    }

    fn checked() -> Self {
        let mut life = Self::new(check_rules());
        life.tell(LifeInput::Begin);
        life.tell(LifeInput::Launched);
        life
    }

    fn led() -> Self {
        let steps = [Step::new(Signal::TERM, 20 * SECOND).to_leader(), Step::new(Signal::INT, SECOND)];
        let mut life = Self::new(LifeRules { ladder: Ladder::new(&steps).unwrap(), ..rules() });
        life.tell(LifeInput::Begin);
        life.tell(LifeInput::Launched);
        life
    }

    fn tell(&mut self, input: LifeInput) -> Vec<Action> {
        self.life.step(input, self.now)
    }

    fn later(&mut self, seconds: u64, input: LifeInput) -> Vec<Action> {
        self.now += Duration::from_secs(seconds);
        self.tell(input)
    }

    fn wake_in(&self, seconds: u64) -> Action {
        Action::WakeAt(self.now + Duration::from_secs(seconds))
    }
}

/// One instant for all lives of this program, so that those of several can be compared.
fn answers_at() -> Instant {
    static NOW: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *NOW.get_or_init(Instant::now)
}

fn rules() -> LifeRules {
    LifeRules {
        ladder: Ladder::single(Signal::TERM),
        readiness: None,
        has_health: false,
        own_grace: 5 * SECOND,
    }
}

fn ready_rules() -> LifeRules {
    LifeRules {
        readiness: Some(Readiness { within: 10 * SECOND, has_check: false, looks_last: false }),
        ..rules()
    }
}

fn check_rules() -> LifeRules {
    LifeRules {
        readiness: Some(Readiness { within: 10 * SECOND, has_check: true, looks_last: false }),
        ..rules()
    }
}

/// A step that sends this to the group, so long after the first one.
fn note(signal: Signal, after: u64) -> Action {
    Action::NoteStep(Ask { signal, way: Way::Group }, Duration::from_secs(after))
}

fn ladder() -> Ladder {
    Ladder::new(&[Step::new(Signal::INT, SECOND), Step::new(Signal::TERM, 2 * SECOND)]).unwrap()
}
