//! The escalation as a table: which signals, at which milliseconds, lead to which reactions.

use proptest::prelude::*;

use super::Reaction::{Force, Ignore, Leave, Snapshot, Stop};
use super::*;
use crate::Signal;

const RULES: SignalRules =
    SignalRules { hangup: Hangup::Stop, stop: BTreeSet::new(), snapshot: true, suspend: false };

/// Feeds signals at milliseconds and pairs each reaction with the one that the table wants.
fn assert_reactions(rules: SignalRules, table: &[(Signal, u64, Reaction)]) {
    let mut escalation = Escalation::new(rules);
    let origin = origin();

    for (row, &(signal, millis, wanted)) in table.iter().enumerate() {
        let reaction = escalation.step(signal, origin + Duration::from_millis(millis));

        assert_eq!(reaction, wanted, "row {row} of {table:?}");
    }
}

fn origin() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "any moment will do as the origin")]
    Instant::now()
}

#[test]
fn the_first_signal_stops_the_second_forces_the_third_leaves() {
    assert_reactions(
        RULES,
        &[(Signal::INT, 0, Stop), (Signal::INT, 5000, Force), (Signal::INT, 9000, Leave)],
    );
    assert_reactions(
        RULES,
        &[(Signal::TERM, 0, Stop), (Signal::TERM, 5000, Force), (Signal::TERM, 9000, Leave)],
    );
    assert_reactions(
        RULES,
        &[(Signal::HUP, 0, Stop), (Signal::HUP, 5000, Force), (Signal::HUP, 9000, Leave)],
    );
    assert_reactions(
        RULES,
        &[(Signal::HUP, 0, Stop), (Signal::TERM, 5000, Force), (Signal::INT, 9000, Leave)],
    );
}

#[test]
fn sigints_within_a_tenth_of_a_second_are_one_key_press() {
    assert_reactions(
        RULES,
        &[
            (Signal::INT, 0, Stop),
            (Signal::INT, 0, Ignore),
            (Signal::INT, 100, Ignore),
            (Signal::INT, 201, Force),
            (Signal::INT, 202, Ignore),
            (Signal::INT, 303, Leave),
        ],
    );
}

#[test]
fn a_key_that_is_held_down_is_one_request_for_a_second() {
    let held = (1..=20).map(|n| (Signal::INT, n * 50, Ignore));
    let table: Vec<_> = [(Signal::INT, 0, Stop)].into_iter().chain(held).collect();

    assert_reactions(
        RULES,
        &[&table[..], &[(Signal::INT, 1050, Force), (Signal::INT, 1051, Ignore)]].concat(),
    );
}

#[test]
fn a_storm_of_signals_is_one_stop() {
    let signals = [Signal::INT, Signal::TERM, Signal::HUP, Signal::INT];
    let mut escalation = Escalation::new(RULES);
    let origin = origin();
    assert_eq!(escalation.step(Signal::INT, origin), Stop);

    for n in 0..4000 {
        let now = origin + Duration::from_micros(250 * n);
        let reaction = escalation.step(signals[usize::try_from(n % 4).unwrap()], now);

        assert_eq!(reaction, Ignore, "after {:?}", now - origin);
    }
}

#[test]
fn a_sigint_counts_however_soon_it_comes_after_another_signal() {
    assert_reactions(RULES, &[(Signal::TERM, 0, Stop), (Signal::INT, 1, Force), (Signal::INT, 102, Leave)]);
    assert_reactions(RULES, &[(Signal::HUP, 0, Stop), (Signal::INT, 1, Force), (Signal::INT, 102, Leave)]);
}

#[test]
fn sigterms_within_a_second_are_one_request() {
    assert_reactions(
        RULES,
        &[
            (Signal::TERM, 0, Stop),
            (Signal::TERM, 0, Ignore),
            (Signal::TERM, 1000, Ignore),
            (Signal::TERM, 1001, Force),
        ],
    );
    assert_reactions(
        RULES,
        &[
            (Signal::TERM, 0, Stop),
            (Signal::TERM, 1001, Force),
            (Signal::TERM, 2001, Ignore),
            (Signal::TERM, 2002, Leave),
        ],
    );
}

#[test]
fn a_sigterm_that_was_ignored_does_not_put_off_the_next_one() {
    assert_reactions(
        RULES,
        &[(Signal::TERM, 0, Stop), (Signal::TERM, 900, Ignore), (Signal::TERM, 1100, Force)],
    );
}

#[test]
fn a_sigterm_right_after_a_sigint_belongs_to_the_same_request() {
    assert_reactions(
        RULES,
        &[(Signal::INT, 0, Stop), (Signal::TERM, 500, Ignore), (Signal::TERM, 1001, Force)],
    );
    assert_reactions(
        RULES,
        &[
            (Signal::INT, 0, Stop),
            (Signal::INT, 800, Force),
            (Signal::TERM, 1500, Ignore),
            (Signal::TERM, 1801, Leave),
        ],
    );
}

#[test]
fn a_sighup_after_the_first_request_counts_like_a_sigterm() {
    assert_reactions(
        RULES,
        &[
            (Signal::TERM, 0, Stop),
            (Signal::HUP, 10, Ignore),
            (Signal::HUP, 1500, Force),
            (Signal::HUP, 1600, Ignore),
        ],
    );
}

#[test]
fn a_sighup_that_reloads_never_stops_and_never_counts() {
    let rules = SignalRules { hangup: Hangup::Reload, ..RULES };

    assert_reactions(
        rules,
        &[
            (Signal::HUP, 0, Ignore),
            (Signal::TERM, 10, Stop),
            (Signal::HUP, 5000, Ignore),
            (Signal::TERM, 6000, Force),
        ],
    );
}

#[test]
fn a_sigusr1_shows_the_snapshot_and_counts_as_nothing() {
    let stopping = [
        (Signal::USR1, 0, Snapshot),
        (Signal::INT, 1, Stop),
        (Signal::USR1, 2, Snapshot),
        (Signal::INT, 102, Force),
    ];
    let leaving = [(Signal::USR1, 150, Snapshot), (Signal::INT, 203, Leave), (Signal::USR1, 204, Snapshot)];

    assert_reactions(RULES, &[&stopping[..], &leaving[..]].concat());
}

#[test]
fn without_a_snapshot_to_show_a_sigusr1_is_for_handlers_alone() {
    assert_reactions(
        SignalRules { snapshot: false, ..RULES },
        &[(Signal::USR1, 0, Ignore), (Signal::TERM, 1, Stop)],
    );
}

#[test]
fn signals_that_only_handlers_know_change_nothing() {
    assert_reactions(
        RULES,
        &[
            (Signal::USR2, 0, Ignore),
            (Signal::QUIT, 1, Ignore),
            (Signal::INT, 2, Stop),
            (Signal::QUIT, 3, Ignore),
        ],
    );
}

#[test]
fn a_signal_that_the_application_has_chosen_stops_like_sigterm_after_the_snapshot() {
    let rules = SignalRules { stop: BTreeSet::from([Signal::QUIT]), ..RULES };
    assert_reactions(
        rules.clone(),
        &[(Signal::QUIT, 0, Stop), (Signal::QUIT, 900, Ignore), (Signal::TERM, 1001, Force)],
    );

    let escalation = Escalation::new(rules);
    let shown =
        [Stop, Force, Ignore, Leave].map(|reaction| escalation.shows_snapshot(Signal::QUIT, reaction));
    assert_eq!(shown, [true, true, false, false]);
    assert!(!escalation.shows_snapshot(Signal::TERM, Stop));
}

#[test]
fn nothing_comes_after_leaving() {
    let escalate = [(Signal::INT, 0, Stop), (Signal::INT, 200, Force), (Signal::INT, 400, Leave)];
    let afterwards = [(Signal::INT, 600, Ignore), (Signal::TERM, 9000, Ignore), (Signal::HUP, 20000, Ignore)];

    assert_reactions(RULES, &[&escalate[..], &afterwards[..]].concat());
}

#[test]
fn what_has_nothing_left_to_do_ends_with_the_third_request_or_with_one_that_comes_a_second_after_it() {
    let mut escalation = Escalation::new(RULES);
    let origin = origin();
    let mut ends = |signal, millis| {
        let at = origin + Duration::from_millis(millis);
        let reaction = escalation.step(signal, at);
        escalation.ends_program(signal, reaction, at)
    };

    assert!(!ends(Signal::INT, 0), "a stop");
    assert!(!ends(Signal::INT, 5000), "a force");
    assert!(ends(Signal::TERM, 9000), "the request to leave");
    assert!(!ends(Signal::TERM, 10_000), "it belongs to the request to leave");
    assert!(ends(Signal::TERM, 10_001));
    assert!(ends(Signal::INT, 10_002));
    for other in [Signal::USR1, Signal::USR2] {
        assert!(!ends(other, 20_000), "{other} asks for no end");
    }
}

#[test]
fn a_pause_that_is_wanted_is_no_request_to_stop_and_changes_none() {
    let now = origin();
    for (suspend, expected) in [(true, [Reaction::Suspend, Reaction::Resume]), (false, [Ignore, Ignore])] {
        let mut escalation = Escalation::new(SignalRules { suspend, ..RULES });

        let reactions = [Signal::TSTP, Signal::CONT].map(|signal| escalation.step(signal, now));

        assert_eq!(reactions, expected);
        assert_eq!(escalation.step(Signal::TERM, now), Stop, "this is the first request");
        assert_eq!(escalation.step(Signal::TSTP, now), expected[0]);
    }
}

proptest! {
    #[test]
    fn any_signals_at_any_times_lead_to_stop_force_and_leave_once_each_and_in_this_order(
        signals in prop::collection::vec((prop::sample::select(crate::policy::tests::SIGNALS.to_vec()), 0_u64..3000), 0..40),
        reload: bool,
        snapshot: bool,
        suspend: bool,
    ) {
        let hangup = if reload { Hangup::Reload } else { Hangup::Stop };
        let mut escalation = Escalation::new(SignalRules { hangup, stop: BTreeSet::from([Signal::QUIT]), snapshot, suspend });
        let mut now = origin();
        let mut escalated = Vec::new();
        let mut last_key = None;

        for (signal, gap) in signals {
            now += Duration::from_millis(gap);
            let reaction = escalation.step(signal, now);
            if matches!(reaction, Stop | Force | Leave) {
                escalated.push(reaction);
            }
            // A key that is pressed once more is never ignored while there is still something to ask for.
            let is_pressed = signal == Signal::INT
                && last_key.replace(now).is_none_or(|last| now - last > SAME_KEY_PRESS);
            prop_assert!(!is_pressed || reaction != Ignore || escalated.last() == Some(&Leave));
        }

        prop_assert!([Stop, Force, Leave].starts_with(&escalated));
    }

    #[test]
    fn sigterms_alone_take_more_than_a_second_for_every_step(
        gaps in prop::collection::vec(0_u64..1500, 0..20),
    ) {
        let mut escalation = Escalation::new(RULES);
        let mut now = origin();
        let mut counted = Vec::new();

        for gap in gaps {
            now += Duration::from_millis(gap);
            if escalation.step(Signal::TERM, now) != Ignore {
                counted.push(now);
            }
        }

        prop_assert!(counted.windows(2).all(|pair| pair[1] - pair[0] > SAME_REQUEST));
    }
}
