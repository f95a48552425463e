//! Random operations on a tree that runs.

use std::fmt;
use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::strategy::{Just, Strategy as Generate};
use rootward::Signal;
use rootward::signal::Hangup;

use crate::describe::Member;
use crate::grow::{any_member_to_add, any_time};
use crate::registry::Deed;
use crate::signal_input::Hearing;

/// Picks one of those that are there then: the number is taken modulo how many there are.
pub(crate) type Pick = u8;

/// Something that is done to a tree.
#[derive(Clone)]
pub(crate) enum Operation {
    /// Time passes, and the operator looks at the tree.
    Pass(Duration),
    /// A leaf is made to do something by itself.
    Make(Pick, Deed),
    /// A new child is added.
    Add { group: Pick, child: Box<Member> },
    /// A child that the supervisor was described with is added, as if it were not there.
    AddAgain { group: Pick, child: Pick },
    /// A child is terminated.
    Terminate { group: Pick, child: Pick },
    /// A child that may be down is started.
    Restart { group: Pick, child: Pick },
    /// A child that may be down is deleted.
    Delete { group: Pick, child: Pick },
    /// The tree is asked to stop, and the operator does not wait for it.
    Stop,
    /// The last handle is dropped.
    Drop,
    /// Every grace ends.
    Force,
    /// The report is written now, whatever is still there.
    GiveUp,
    /// From now on the tree hears the operator's signals, and holds on to a handle.
    Listen(Hearing),
    /// Time passes, and a signal is sent, if the tree hears any.
    Send(Duration, Signal),
}

/// What is done to a tree, in order.
pub(crate) fn any_operations() -> impl Generate<Value = Vec<Operation>> {
    let any = || vec(any_operation(), 0..30);
    // A broad tree that is stopped while it is still starting.
    let early_stop = (0..12usize, any()).prop_map(|(turns, rest)| {
        let turns = std::iter::repeat_n(Operation::Pass(Duration::ZERO), turns);
        turns.chain([Operation::Stop]).chain(rest).collect()
    });
    prop_oneof![5 => any(), 1 => early_stop]
}

/// What is done in a short story, mostly while the tree is busy.
pub(crate) fn any_few_operations() -> impl Generate<Value = Vec<Operation>> {
    let turn = || Just(Operation::Pass(Duration::ZERO));
    let end = || {
        prop_oneof![
            6 => Just(Operation::Stop),
            1 => Just(Operation::Drop),
            3 => Just(Operation::Force),
            2 => Just(Operation::GiveUp),
        ]
    };
    let any = || vec(prop_oneof![1 => any_operation(), 1 => turn()], 0..12);
    let early_end = (0..8usize, end(), any()).prop_map(|(turns, end, rest)| {
        let turns = std::iter::repeat_n(Operation::Pass(Duration::ZERO), turns);
        turns.chain([end]).chain(rest).collect()
    });
    let without_signals = prop_oneof![3 => any(), 2 => early_end];
    let signals = option::of((any_hearing(), any_sends()));
    (without_signals, signals).prop_map(|(mut operations, signals)| {
        if let Some((hearing, sends)) = signals {
            for (place, send) in sends {
                let place = place.index(operations.len() + 1);
                operations.insert(place, send);
            }
            operations.insert(0, Operation::Listen(hearing));
        }
        operations
    })
}

/// One to four signals, each at some place among what is done.
fn any_sends() -> impl Generate<Value = Vec<(Index, Operation)>> {
    vec((any::<Index>(), any_send()), 1..=4)
}

fn any_hearing() -> impl Generate<Value = Hearing> {
    let hangup = prop_oneof![3 => Just(Hangup::Stop), 1 => Just(Hangup::Reload)];
    (hangup, any::<bool>(), any::<bool>()).prop_map(|(hangup, has_handlers, suspends)| {
        let suspends = suspends && !has_handlers;
        Hearing { hangup, has_handlers, suspends }
    })
}

/// The times are on both sides of those within which two signals are one request: 0.1 s and 1 s. As all other times
/// they are multiples of ten milliseconds.
fn any_send() -> impl Generate<Value = Operation> {
    let after =
        select(vec![0, 0, 0, 50, 90, 100, 110, 500, 1000, 1010, 2000]).prop_map(Duration::from_millis);
    let requests = select(vec![Signal::INT, Signal::TERM, Signal::HUP]);
    let others = select(vec![Signal::USR1, Signal::USR2, Signal::TSTP, Signal::CONT]);
    let signal = prop_oneof![3 => requests, 1 => others];
    (after, signal).prop_map(|(after, signal)| Operation::Send(after, signal))
}

fn any_operation() -> impl Generate<Value = Operation> {
    let deed = select(vec![Deed::End, Deed::Fail, Deed::Panic]);
    let pair = || (any::<Pick>(), any::<Pick>());
    prop_oneof![
        10 => any_time(3000).prop_map(Operation::Pass),
        10 => (any::<Pick>(), deed).prop_map(|(pick, deed)| Operation::Make(pick, deed)),
        3 => (any::<Pick>(), any_member_to_add()).prop_map(|(group, child)| {
            Operation::Add { group, child: Box::new(child) }
        }),
        1 => pair().prop_map(|(group, child)| Operation::AddAgain { group, child }),
        3 => pair().prop_map(|(group, child)| Operation::Terminate { group, child }),
        2 => pair().prop_map(|(group, child)| Operation::Restart { group, child }),
        1 => pair().prop_map(|(group, child)| Operation::Delete { group, child }),
        1 => prop_oneof![
            4 => Just(Operation::Stop),
            1 => Just(Operation::Drop),
            1 => Just(Operation::Force),
            1 => Just(Operation::GiveUp),
        ],
    ]
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass(time) => write!(f, "{time:?} pass"),
            Self::Make(pick, deed) => write!(f, "leaf {pick}: {deed:?}"),
            Self::Add { group, child } => write!(f, "group {group}: add {child:?}"),
            Self::AddAgain { group, child } => write!(f, "group {group}: add child {child} again"),
            Self::Terminate { group, child } => write!(f, "group {group}: terminate child {child}"),
            Self::Restart { group, child } => write!(f, "group {group}: restart child {child}"),
            Self::Delete { group, child } => write!(f, "group {group}: delete child {child}"),
            Self::Stop => f.write_str("stop"),
            Self::Drop => f.write_str("drop the last handle"),
            Self::Force => f.write_str("force"),
            Self::GiveUp => f.write_str("give up"),
            Self::Listen(hearing) => write!(f, "{hearing:?}"),
            Self::Send(after, signal) => write!(f, "{signal} after {after:?}"),
        }
    }
}
