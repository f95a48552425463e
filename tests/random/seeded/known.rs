//! Small stories in which something went wrong once, told as many seeds want them.

use std::time::Duration;

use rootward::signal::Hangup;
use rootward::spec::{Intensity, StopReach};
use rootward::{Shutdown, Signal};
use rootward_core::seeded::Time;

use super::Kind;
use super::trees::Trees;
use crate::describe::{Answer, Body, Form, Group, Launched, Leaf, Member, Opening, Plan};
use crate::operate::Operation;
use crate::signal_input::Hearing;

/// How often each is told.
const SEEDS: std::ops::Range<u64> = 0..100;

#[test]
fn seeded_a_force_is_written_after_the_stop_that_the_root_begins_by_itself() {
    let fails = Opening { outcome: Launched::Fails, after: None };
    let leaf = Member::new(Body::Leaf(Leaf { openings: vec![fails], ..Leaf::PLAIN }));

    judge_often(Time::AtRest, &(plan(vec![leaf], None), vec![Operation::Force]));
}

#[test]
fn seeded_nothing_is_written_after_the_last_event_of_the_root_at_the_deadline() {
    let group = group(vec![plain(), plain()]);
    let at_once = Member { shutdown: Shutdown::Grace(Duration::ZERO), ..Member::new(Body::Group(group)) };

    judge_often(Time::AtAnyPoint, &(plan(vec![at_once], Some(Duration::from_secs(1))), Vec::new()));
}

#[test]
fn seeded_nothing_starts_once_the_stop_of_the_root_is_written() {
    let group = Member::new(Body::Group(group(vec![plain(), plain()])));
    let children = vec![plain(), group, plain()];

    for turns in 0..4 {
        let turns = std::iter::repeat_n(Operation::Pass(Duration::ZERO), turns);
        let operations = turns.chain([Operation::Stop]).collect();
        judge_often(Time::AtRest, &(plan(children.clone(), None), operations));
    }
}

#[test]
fn seeded_three_requests_lead_out_of_a_tree_that_does_not_stop() {
    let refuses = Body::Leaf(Leaf { answer: Answer::Refuses, ..Leaf::PLAIN });
    let refuses = Member { shutdown: Shutdown::Infinity, ..Member::new(refuses) };
    let plan = plan(vec![plain(), refuses], None);

    for has_handlers in [false, true] {
        let hearing = Hearing { hangup: Hangup::Stop, has_handlers, suspends: false };
        let requests = [(Signal::INT, 0), (Signal::INT, 100), (Signal::INT, 110), (Signal::TERM, 1000)];
        let requests = requests.into_iter().chain([(Signal::HUP, 10)]);
        let requests = requests.map(|(signal, after)| Operation::Send(Duration::from_millis(after), signal));
        let operations: Vec<_> = std::iter::once(Operation::Listen(hearing)).chain(requests).collect();
        judge_often(Time::AtRest, &(plan.clone(), operations.clone()));
        judge_often(Time::AtAnyPoint, &(plan.clone(), operations));
    }
}

fn judge_often(time: Time, story: &(Plan, Vec<Operation>)) {
    for seed in SEEDS {
        if let Err(wrong) = Trees.tell(seed, time, story) {
            panic!("{wrong}\nwith seed {seed}");
        }
    }
}

fn plan(children: Vec<Member>, deadline: Option<Duration>) -> Plan {
    let root = Member { shutdown: Shutdown::Infinity, ..Member::new(Body::Group(group(children))) };
    Plan { root, deadline, stop_when_idle: false, stop_reach: StopReach::Subtree }
}

fn group(children: Vec<Member>) -> Group {
    let form = Form::Static { strategy: Default::default(), stop_order: Default::default(), children };
    let intensity = Intensity { max_restarts: 3, within: Duration::from_secs(1) };
    Group { intensity, auto_shutdown: Default::default(), form }
}

fn plain() -> Member {
    Member::new(Body::Leaf(Leaf::PLAIN))
}
