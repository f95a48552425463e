//! Any supervisor, any children, and anything that may happen to them.

use proptest::prelude::{Just, any, prop, prop_oneof};
use proptest::strategy::Strategy as Generate;

use super::*;

/// What happens to the machine.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Say(Input),
    Call(Wish, u64),
    /// The stop of an ancestor begins; the machine learns of it when it wants something that is not allowed any more.
    HoldBack,
    /// The supervisor is asked to stop, and has the time of one grace.
    StopSoon,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    Start,
    CleanUp,
    Terminate,
    Restart,
    Delete,
    Reserve,
    /// A start in a reserved place, if there is one.
    StartInReserved,
    /// A reserved place is given up, if there is one.
    Leave,
}

/// What a caller asks for that has no place reserved.
pub(super) fn request(wish: Wish, known: ChildKey, new: ChildKey) -> Request {
    match wish {
        Wish::Start => Request::Start { key: new, id: number(new), traits: permanent() },
        Wish::CleanUp => Request::CleanUp { key: new, id: number(new), traits: temporary() },
        Wish::Terminate => Request::Terminate(id(known)),
        Wish::Restart => Request::Restart(id(known)),
        Wish::Delete => Request::Delete(id(known)),
        Wish::Reserve | Wish::StartInReserved | Wish::Leave => Request::Reserve,
    }
}

pub(super) fn number(key: ChildKey) -> ChildId {
    ChildId::new(format!("new-{}", key.0)).unwrap()
}

pub(super) fn any_policy() -> impl Generate<Value = Policy> {
    let strategy = prop::sample::select(vec![Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne]);
    let order = prop::sample::select(vec![StopOrder::Reverse, StopOrder::Reverse, StopOrder::Concurrent]);
    let shutdown = prop::sample::select(vec![AutoShutdown::Never, AutoShutdown::AllSignificant]);
    let closing = prop::sample::select(vec![Closing::WhenEmpty, Closing::WhenEmpty, Closing::WhenTold]);
    (strategy, 0u32..4, order, shutdown, closing).prop_map(
        |(strategy, max_restarts, stop_order, auto_shutdown, closing)| Policy {
            stop_order,
            auto_shutdown,
            closing,
            ..policy(strategy, max_restarts)
        },
    )
}

pub(super) fn any_traits() -> impl Generate<Value = Traits> {
    let restart = prop::sample::select(vec![Restart::Permanent, Restart::Transient, Restart::Temporary]);
    let shutdown = prop::sample::select(vec![Shutdown::Kill, Shutdown::Grace(GRACE), Shutdown::Infinity]);
    let tuning = prop_oneof![
        2 => Just(None),
        1 => Just(put_off().tuning),
        1 => Just(Some(Arc::new(Tuning { start_timeout: Some(GRACE), ..Tuning::default() }))),
    ];
    (restart, shutdown, any::<bool>(), tuning).prop_map(|(restart, shutdown, significant, tuning)| Traits {
        restart,
        shutdown,
        // A permanent child cannot be significant.
        significant: significant && restart != Restart::Permanent,
        tuning,
    })
}

/// Mostly what children say, in any order and about children that may not exist.
pub(super) fn any_step() -> impl Generate<Value = (Step, Duration)> {
    let key = || (0u64..6).prop_map(ChildKey);
    let says = prop_oneof![
        12 => key().prop_map(Input::Started),
        6 => key().prop_map(|key| Input::Ended(key, ExitClass::Abnormal)),
        3 => key().prop_map(|key| Input::Ended(key, ExitClass::Normal)),
        3 => key().prop_map(|key| Input::EndedBySignal(key, ExitClass::Abnormal)),
        2 => key().prop_map(|key| Input::EndedBySignal(key, ExitClass::Normal)),
        3 => key().prop_map(Input::StartFailed),
        3 => key().prop_map(Input::StartFailedBySignal),
        2 => key().prop_map(Input::Ignored),
        2 => key().prop_map(Input::Stuck),
        1 => key().prop_map(Input::Forced),
        2 => Just(Input::Alarm),
        1 => Just(Input::Begin),
        1 => Just(Input::GaveUp),
        1 => Just(Input::Hold),
        1 => Just(Input::Force),
        1 => Just(Input::Stop { cause: StopCause::Parent, deadline: None }),
    ];
    let wish = prop::sample::select(vec![
        Wish::Start,
        Wish::CleanUp,
        Wish::Terminate,
        Wish::Terminate,
        Wish::Restart,
        Wish::Delete,
        Wish::Reserve,
        Wish::StartInReserved,
        Wish::Leave,
    ]);
    let step = prop_oneof![
        20 => says.prop_map(Step::Say),
        8 => (wish, 0u64..6).prop_map(|(wish, key)| Step::Call(wish, key)),
        1 => Just(Step::HoldBack),
        1 => Just(Step::StopSoon),
    ];
    (step, (0u64..4).prop_map(Duration::from_secs))
}
