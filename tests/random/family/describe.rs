//! Descriptions of tasks with children, and how they are grown.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, any, prop_oneof};
use proptest::strategy::Strategy as Generate;
use rootward::{Restart, Shutdown};

/// Tasks under one root, and what is done to them.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    pub(super) tasks: Vec<Person>,
    pub(super) deeds: Vec<Deed>,
}

/// A task.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) restart: Restart,
    pub(super) shutdown: Shutdown,
    pub(super) steps: Vec<Step>,
    pub(super) then: Then,
    /// What it does when it is asked to stop.
    pub(super) asked: Vec<Step>,
}

/// What a task does.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Lets others go first.
    GiveWay,
    Pass(Duration),
    /// Starts a child that has children itself.
    Start(Box<Person>),
    /// Starts a future.
    Spawn,
    CleanUp(Duration),
    WaitForChildren,
    /// Makes a token of the stop.
    Token,
}

/// What a task does after its steps.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then {
    /// Waits until it is asked to stop.
    Stays,
    Returns,
    Fails,
    Panics,
    /// Never looks whether it is asked.
    Refuses,
}

/// What is done to the tree.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    GiveWay,
    Pass(Duration),
    Stop,
    Force,
    /// Terminates one of the root's children.
    Terminate(usize),
    /// Starts one of the root's children that may be down.
    Restart(usize),
}

/// Some tasks, and what is done to them.
pub(crate) fn any_family() -> impl Generate<Value = Family> {
    let deed = prop_oneof![
        6 => Just(Deed::GiveWay),
        2 => any_time().prop_map(Deed::Pass),
        1 => Just(Deed::Stop),
        1 => Just(Deed::Force),
        1 => (0..2usize).prop_map(Deed::Terminate),
        1 => (0..2usize).prop_map(Deed::Restart),
    ];
    (vec(any_person(2), 1..3), vec(deed, 0..10)).prop_map(|(tasks, deeds)| Family { tasks, deeds })
}

fn any_person(depth: u32) -> BoxedStrategy<Person> {
    let then = prop_oneof![
        6 => Just(Then::Stays),
        2 => Just(Then::Returns),
        1 => Just(Then::Fails),
        1 => Just(Then::Panics),
        1 => Just(Then::Refuses),
    ];
    let restart = prop_oneof![Just(Restart::Permanent), Just(Restart::Transient), Just(Restart::Temporary)];
    let shutdown = prop_oneof![
        4 => any_time().prop_map(Shutdown::Grace),
        2 => Just(Shutdown::Infinity),
        1 => Just(Shutdown::Kill),
    ];
    (restart, shutdown, vec(any_step(depth), 0..4), then, vec(any_step(depth), 0..3))
        .prop_map(|(restart, shutdown, steps, then, asked)| Person { restart, shutdown, steps, then, asked })
        .boxed()
}

fn any_step(depth: u32) -> BoxedStrategy<Step> {
    let simple = prop_oneof![
        3 => Just(Step::GiveWay),
        1 => any_time().prop_map(Step::Pass),
        3 => Just(Step::Spawn),
        3 => any_time().prop_map(Step::CleanUp),
        1 => Just(Step::WaitForChildren),
        1 => Just(Step::Token),
    ];
    match depth {
        0 => simple.boxed(),
        _ => {
            let start = any_person(depth - 1).prop_map(|person| Step::Start(Box::new(person)));
            (any::<bool>(), simple, start)
                .prop_map(|(starts, simple, start)| if starts { start } else { simple })
                .boxed()
        }
    }
}

fn any_time() -> impl Generate<Value = Duration> {
    prop_oneof![Just(0), 1..=5u64].prop_map(|tens| Duration::from_millis(10 * tens))
}
