//! Small stories in which something went wrong once, told as many seeds want them.

use std::time::Duration;

use rootward::Shutdown;
use rootward::spec::{Intensity, StopReach};
use rootward_core::seeded::Time;

use super::Kind;
use super::trees::Trees;
use crate::describe::{Body, Form, Group, Launched, Leaf, Member, Opening, Plan};
use crate::operate::Operation;

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
