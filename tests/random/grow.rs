//! Random trees: how descriptions of them are grown.
//!
//! All times are multiples of ten milliseconds, so that between them there are moments in which nothing can happen.

use std::ops::Range;
use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{BoxedStrategy, Just, any, prop_oneof};
use proptest::sample::select;
use proptest::strategy::Strategy as Generate;
use rootward::spec::{Intensity, StopReach};
use rootward::{AutoShutdown, Backoff, Restart, Shutdown, StopOrder, Strategy};

use crate::describe::{Answer, Body, Conduct, Form, Group, Launched, Leaf, Member, Opening, Plan};

/// How much happens in a tree by itself.
#[derive(Clone, Copy)]
enum Mood {
    /// Nearly nothing, so that a large tree stays up.
    Calm,
    /// Much, so that a small one is kept busy.
    Lively,
}

/// A tree: often small and lively, sometimes broad, deep, or large.
pub(crate) fn any_plan() -> impl Generate<Value = Plan> {
    let root = prop_oneof![
        8 => any_group(Mood::Lively, 2, 4),
        4 => any_group(Mood::Calm, 3, 6),
        1 => any_group(Mood::Calm, 4, 9),
        2 => broad_group(),
        1 => deep_group(2..24),
    ];
    with_options(root)
}

/// A small tree, for a story of which every step counts.
pub(crate) fn any_small_plan() -> impl Generate<Value = Plan> {
    let root = prop_oneof![
        6 => any_group(Mood::Lively, 2, 3),
        4 => any_group(Mood::Calm, 2, 4),
        2 => deep_group(2..6),
    ];
    with_options(root)
}

fn with_options(root: impl Generate<Value = Group>) -> impl Generate<Value = Plan> {
    let deadline = option::weighted(0.9, select(vec![100, 1000, 3000, 10_000, 25_000]).prop_map(millis));
    let stop_reach = prop_oneof![3 => Just(StopReach::Subtree), 1 => Just(StopReach::Asked)];
    (root, deadline, any_rarely(), stop_reach).prop_map(|(mut root, deadline, stop_when_idle, stop_reach)| {
        bound(&mut root, 100);
        let root = Member { shutdown: Shutdown::Infinity, ..Member::new(Body::Group(root)) };
        Plan { root, deadline, stop_when_idle, stop_reach }
    })
}

/// A child for a tree that runs.
pub(crate) fn any_member_to_add() -> impl Generate<Value = Member> {
    any_member(Mood::Lively, 1, 3).prop_map(|mut member| {
        if let Body::Group(group) = &mut member.body {
            bound(group, 3);
        }
        member
    })
}

/// Bounds how often a leaf can be started before everything above it has given up: what supervisors allow is multiplied
/// from level to level.
fn bound(group: &mut Group, starts: u32) {
    group.intensity.max_restarts = group.intensity.max_restarts.min(starts - 1);
    let Form::Static { children, .. } = &mut group.form else { return };
    for child in children {
        if let Body::Group(below) = &mut child.body {
            bound(below, (starts / (group.intensity.max_restarts + 1)).max(1));
        }
    }
}

/// A time from zero on.
pub(crate) fn any_time(up_to: u64) -> impl Generate<Value = Duration> {
    prop_oneof![1 => Just(0), 2 => 1..=10u64, 2 => 0..=up_to / 10].prop_map(|tens| millis(10 * tens))
}

fn any_group(mood: Mood, depth: u32, width: usize) -> BoxedStrategy<Group> {
    let children = vec(any_member(mood, depth.saturating_sub(1), width), 0..=width);
    static_group(mood, children).boxed()
}

/// More children than a supervisor deals with at once.
fn broad_group() -> BoxedStrategy<Group> {
    let leaf = any_leaf(Mood::Calm).prop_map(Body::Leaf);
    static_group(Mood::Calm, vec(with_traits(Mood::Calm, leaf.boxed()), 0..300)).boxed()
}

/// Supervisors in supervisors, with a leaf or two on every level.
fn deep_group(levels: Range<usize>) -> BoxedStrategy<Group> {
    let level = static_group(Mood::Calm, vec(any_member(Mood::Calm, 0, 0), 0..=2));
    vec(level, levels)
        .prop_map(|levels| {
            levels
                .into_iter()
                .reduce(|below, mut level| {
                    let Form::Static { children, .. } = &mut level.form else { return below };
                    let inner = Member { shutdown: Shutdown::Infinity, ..Member::new(Body::Group(below)) };
                    children.insert(children.len() / 2, inner);
                    level
                })
                .expect("there are at least two levels")
        })
        .boxed()
}

fn any_member(mood: Mood, depth: u32, width: usize) -> BoxedStrategy<Member> {
    let leaf = any_leaf(mood).prop_map(Body::Leaf);
    if depth == 0 {
        return with_traits(mood, leaf.boxed());
    }
    let body = prop_oneof![
        6 => leaf,
        3 => any_group(mood, depth, width).prop_map(Body::Group),
        1 => dynamic_group(mood).prop_map(Body::Group),
    ];
    with_traits(mood, body.boxed())
}

fn static_group(mood: Mood, children: impl Generate<Value = Vec<Member>>) -> impl Generate<Value = Group> {
    let strategy = select(vec![Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne]);
    let stop_order = prop_oneof![5 => Just(StopOrder::Reverse), 1 => Just(StopOrder::Concurrent)];
    (strategy, stop_order, any_intensity(mood), any_auto_shutdown(), children).prop_map(
        |(strategy, stop_order, intensity, auto_shutdown, mut children)| {
            for child in &mut children {
                child.significant &=
                    auto_shutdown != AutoShutdown::Never && child.restart != Restart::Permanent;
            }
            let form = Form::Static { strategy, stop_order, children };
            Group { intensity, auto_shutdown, form }
        },
    )
}

fn dynamic_group(mood: Mood) -> impl Generate<Value = Group> {
    let max_children = prop_oneof![Just(usize::MAX), (0..4usize).prop_map(|max| max)];
    (max_children, any_intensity(mood), any_auto_shutdown()).prop_map(
        |(max_children, intensity, auto_shutdown)| Group {
            intensity,
            auto_shutdown,
            form: Form::Dynamic { max_children },
        },
    )
}

fn with_traits(mood: Mood, body: BoxedStrategy<Body>) -> BoxedStrategy<Member> {
    let restart = match mood {
        Mood::Calm => prop_oneof![6 => Just(Restart::Permanent), 1 => any_restart()].boxed(),
        Mood::Lively => any_restart().boxed(),
    };
    let tuning = (
        option::weighted(0.1, any_backoff()),
        option::weighted(0.05, any_intensity(mood)),
        option::weighted(0.1, any_time(2000)),
    );
    (restart, any_shutdown(), any::<bool>(), tuning, body)
        .prop_map(|(restart, shutdown, significant, (backoff, intensity, start_timeout), body)| Member {
            restart,
            shutdown,
            significant,
            backoff,
            intensity,
            start_timeout,
            body,
        })
        .boxed()
}

fn any_leaf(mood: Mood) -> impl Generate<Value = Leaf> {
    let stays = match mood {
        Mood::Calm => 60,
        Mood::Lively => 6,
    };
    let conduct = prop_oneof![
        stays => Just(Conduct::Stays),
        1 => any_time(2000).prop_map(Conduct::Ends),
        1 => any_time(2000).prop_map(Conduct::Fails),
        1 => any_time(2000).prop_map(Conduct::Panics),
    ];
    let plain = match mood {
        Mood::Calm => 40,
        Mood::Lively => 8,
    };
    let answer = prop_oneof![
        plain => Just(Answer::Obeys),
        2 => any_time(3000).prop_map(Answer::Dawdles),
        1 => select(vec![Answer::Refuses, Answer::Fails, Answer::Panics, Answer::PanicsInDrop]),
        1 => select(vec![Answer::Breeds, Answer::Throws]),
    ];
    let answer = prop_oneof![
        30 => answer,
        1 => any_time(30_000).prop_map(Answer::Lingers),
    ];
    let openings = prop_oneof![
        plain => Just(Vec::new()),
        2 => vec(any_opening(), 1..4),
    ];
    (openings, conduct, answer).prop_map(|(openings, conduct, answer)| Leaf { openings, conduct, answer })
}

fn any_opening() -> impl Generate<Value = Opening> {
    let outcome = prop_oneof![
        12 => Just(Launched::Runs),
        2 => Just(Launched::Fails),
        1 => Just(Launched::Panics),
        1 => Just(Launched::Ignores),
    ];
    let after = option::weighted(0.4, any_time(2000));
    (outcome, after).prop_map(|(outcome, after)| Opening { outcome, after })
}

fn any_restart() -> impl Generate<Value = Restart> {
    select(vec![Restart::Permanent, Restart::Transient, Restart::Temporary])
}

fn any_shutdown() -> impl Generate<Value = Shutdown> {
    prop_oneof![
        4 => any_time(5000).prop_map(Shutdown::Grace),
        2 => Just(Shutdown::Infinity),
        1 => Just(Shutdown::Kill),
    ]
}

fn any_auto_shutdown() -> impl Generate<Value = AutoShutdown> {
    prop_oneof![
        4 => Just(AutoShutdown::Never),
        1 => Just(AutoShutdown::AnySignificant),
        1 => Just(AutoShutdown::AllSignificant),
    ]
}

fn any_intensity(mood: Mood) -> impl Generate<Value = Intensity> {
    let max_restarts = match mood {
        Mood::Calm => 2..12u32,
        Mood::Lively => 0..6u32,
    };
    let within = select(vec![100, 1000, 5000]).prop_map(millis);
    (max_restarts, within).prop_map(|(max_restarts, within)| Intensity { max_restarts, within })
}

/// Without jitter, so that a case can be told again.
fn any_backoff() -> impl Generate<Value = Backoff> {
    let reset_after = option::of(any_time(3000));
    (1..100u64, 0..200u64, select(vec![1.0, 2.0]), reset_after).prop_map(
        |(initial, more, factor, reset_after)| {
            let backoff = Backoff::new(millis(10 * initial), millis(10 * (initial + more))).factor(factor);
            Backoff { reset_after, ..backoff }
        },
    )
}

fn any_rarely() -> impl Generate<Value = bool> {
    prop_oneof![4 => Just(false), 1 => Just(true)]
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
