//! What keys and changes of the tree do to the view.

#![cfg(test)]

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rootward_observer::model::Seen;
use rootward_observer::wire::{Event, Kind, What};

use super::{Effect, Explained, KnownReasons, Mode, Pane, ViewInput, ViewState};
use crate::chaos::ChaosTurn;
use crate::terminal::samples::{Story, attached, drains, own, stop, up};

fn press(state: &mut ViewState, codes: impl IntoIterator<Item = KeyCode>) -> Vec<Effect> {
    let keys = codes.into_iter().map(|code| ViewInput::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    keys.flat_map(|key| state.update(key, 110.0)).collect()
}

fn keys(state: &mut ViewState, text: &str) -> Vec<Effect> {
    press(state, text.chars().map(KeyCode::Char))
}

#[test]
fn the_user_moves_through_the_tree_and_folds_it() {
    let mut state = own(up());
    assert_eq!(state.selected(), "root");

    keys(&mut state, "jj");
    assert_eq!(state.selected(), "root/storage/database");
    keys(&mut state, "h");
    assert_eq!(state.selected(), "root/storage", "a leaf leads to what is above it");
    keys(&mut state, "h");
    assert_eq!(state.rows().len(), 6, "two are folded");
    keys(&mut state, "j");
    assert_eq!(state.selected(), "root/front");
    press(&mut state, [KeyCode::Up, KeyCode::Right]);
    assert_eq!(state.rows().len(), 8);
    keys(&mut state, "G");
    assert_eq!(state.selected(), "root/front/a-child-with-quite-a-long-name");
    keys(&mut state, "g");
    assert_eq!(state.selected(), "root");
}

#[test]
fn children_of_ones_own_tree_are_restarted_and_stopped_at_one_key() {
    let mut state = own(up());
    keys(&mut state, "jj");

    assert_eq!(keys(&mut state, "r"), [Effect::Restart("root/storage/database".to_owned())]);
    assert_eq!(keys(&mut state, "t"), [Effect::Terminate("root/storage/database".to_owned())]);
    assert_eq!(keys(&mut state, "S"), [Effect::Stop]);
    assert_eq!(keys(&mut state, "s"), [], "it runs");
}

#[test]
fn a_stop_that_is_asked_for_again_is_a_force() {
    let mut state = own(stop());

    assert_eq!(keys(&mut state, "S"), [Effect::Force]);
}

#[test]
fn a_tree_that_drains_has_been_asked_to_stop_and_the_next_request_forces_it() {
    let mut state = own(drains());

    assert_eq!(keys(&mut state, "S"), [Effect::Force]);
    // What is left of the drain goes down while nothing happens.
    assert!(state.next_change().is_some_and(|next| next < Duration::from_secs(1)));
}

#[test]
fn changes_of_another_programs_tree_are_asked_twice() {
    let mut state = attached(up(), true);
    keys(&mut state, "jj");

    assert_eq!(keys(&mut state, "t"), []);
    assert!(matches!(state.mode, Mode::Sure(..)));
    assert_eq!(keys(&mut state, "n"), []);
    assert_eq!(state.mode, Mode::Usual);
    assert_eq!(keys(&mut state, "ty"), [Effect::Terminate("root/storage/database".to_owned())]);
    assert_eq!(keys(&mut state, "q"), [Effect::Leave], "that changes nothing in the tree");
}

#[test]
fn without_leave_nothing_changes_the_tree() {
    let mut state = attached(up(), false);

    assert_eq!(keys(&mut state, "jjrytysySyx"), vec![Effect::Copy("root/storage/database".to_owned()); 4]);
    assert_eq!(keys(&mut state, "r"), []);
    assert!(state.notice.contains("look"), "{}", state.notice);
}

#[test]
fn a_signal_is_chosen_and_goes_to_the_process() {
    let mut state = own(up());

    assert_eq!(keys(&mut state, "x"), []);
    assert!(state.notice.contains("process"), "a supervisor has none: {}", state.notice);
    keys(&mut state, "jjx");
    press(&mut state, [KeyCode::Down]);
    let sent = press(&mut state, [KeyCode::Enter]);

    let path = "root/storage/database".to_owned();
    assert_eq!(sent, [Effect::Signal { path: path.clone(), signal: "SIGINT" }]);
    assert_eq!(keys(&mut state, "x8"), [Effect::Signal { path, signal: "SIGKILL" }]);
    keys(&mut state, "x");
    assert_eq!(press(&mut state, [KeyCode::Esc, KeyCode::Enter]), [], "the menu is closed");
}

#[test]
fn a_signal_to_a_process_of_another_program_is_asked_back() {
    let mut state = attached(up(), true);
    keys(&mut state, "jjx");

    assert_eq!(press(&mut state, [KeyCode::Enter]), []);
    let path = "root/storage/database".to_owned();
    assert_eq!(keys(&mut state, "y"), [Effect::Signal { path, signal: "SIGTERM" }]);
}

#[test]
fn a_search_goes_to_the_events() {
    let mut state = own(up());

    keys(&mut state, "/hellx");
    press(&mut state, [KeyCode::Backspace]);
    keys(&mut state, "o");
    press(&mut state, [KeyCode::Enter]);

    assert_eq!((state.pane, &state.mode), (Pane::Events, &Mode::Usual));
    assert!(state.log.current().unwrap().said().text.starts_with("hello"));
    keys(&mut state, "f");
    assert!(state.log.is_following());
}

#[test]
fn while_a_text_is_typed_keys_are_letters() {
    let mut state = own(up());

    assert_eq!(keys(&mut state, "/qSrt"), []);
    assert_eq!(state.mode, Mode::Search("qSrt".to_owned()));
}

#[test]
fn the_events_are_those_of_one_child_if_that_is_wanted() {
    let mut state = own(up());

    keys(&mut state, "jp");
    assert_eq!(state.log.under(), Some("root/storage"));
    assert!(state.log.up_to_cursor().all(|entry| entry.path().starts_with("root/storage")));
    keys(&mut state, "p");
    assert_eq!(state.log.under(), None);
}

#[test]
fn the_user_goes_up_when_the_child_has_gone() {
    let mut state = own(up());
    keys(&mut state, "jj");

    // A start of the supervisor has others below it.
    let model = state.model.clone();
    let mut seen = model.snapshot().children;
    seen.retain(|child| child.path != "root/storage/database");
    let seen = seen.into_iter().map(|child| Seen::at_once(child, model.as_of(), 3.0)).collect();
    state.update(ViewInput::Seen(seen, None), 110.0);

    assert_eq!(state.selected(), "root/storage");
}

#[test]
fn events_that_were_lost_lead_to_a_look() {
    let mut state = own(up());

    assert_eq!(state.update(ViewInput::Lost(3), 110.0), [Effect::Look]);
    assert!(state.notice.contains('3'));
}

#[test]
fn the_tree_is_looked_at_after_an_answer_while_a_child_waits_for_its_restart() {
    let answer = || ViewInput::Answer("root/front/flaky is down".to_owned());
    let mut state = own(up());
    assert_eq!(state.update(answer(), 110.0), [Effect::Look]);
    assert_eq!(state.notice, "root/front/flaky is down");

    let mut state = own(Story::new().up(1.0, "root", Kind::Supervisor, None));
    assert_eq!(state.update(answer(), 110.0), [], "events tell of all other changes");
}

/// An event tells why and how a child ended, and a look does not.
#[test]
fn what_was_seen_waits_for_the_events_that_are_in_it() {
    let running = || Story::new().up(1.0, "root", Kind::Supervisor, None);
    let stops = || running().stopping(2.0, "root", Kind::Supervisor);
    let look = || {
        let model = stops().model();
        let mut seen: Vec<Seen> =
            model.children().map(|child| Seen::at_once(child.clone(), model.as_of(), 2.0)).collect();
        seen.iter_mut().for_each(|seen| seen.child.stop = None);
        ViewInput::Seen(seen, Some("group".to_owned()))
    };
    let mut state = own(running());

    state.update(look(), 110.0);
    assert_eq!(state.model.tree().containment, None, "the event that tells of the stop is on its way");
    stops().told(&mut state);
    assert!(state.model.find("root").unwrap().stop.is_some());
    assert_eq!(state.model.tree().containment.as_deref(), Some("group"));

    let mut state = own(running());
    state.update(ViewInput::Lost(1), 110.0);
    state.update(look(), 110.0);
    assert!(state.is_stopping(), "an event that was lost is not waited for");
}

#[test]
fn a_program_looks_at_its_own_tree_as_soon_as_it_runs() {
    let mut state = own(Story::new());
    assert!(!state.wants_look(), "there is nothing yet");

    let mut state = own(Story::new().up(1.0, "root", Kind::Supervisor, None));
    assert!(state.wants_look());
    assert!(!state.wants_look(), "once");
    let mut state = attached(Story::new().up(1.0, "root", Kind::Supervisor, None), true);
    assert!(!state.wants_look(), "what was sent had everything");
}

#[test]
fn the_tree_is_looked_at_now_and_then_when_children_are_down() {
    for (mut state, rest) in [(own(stop()), 1.0), (attached(stop(), true), 10.0)] {
        let begun = 1000.0;
        state.tick(begun);
        assert!(state.wants_look());
        state.tick(begun + 0.9 * rest);
        assert!(!state.wants_look(), "nothing has gone since");
        gone(&mut state);
        state.tick(begun + 0.9 * rest);
        assert!(!state.wants_look(), "it was just now");
        assert!(state.next_change().is_some(), "it will be soon");
        state.tick(begun + 1.1 * rest);
        assert!(state.wants_look());
    }
}

/// What the last one has done that is still there.
fn gone(state: &mut ViewState) {
    let (path, time) = ("root/storage/database".to_owned(), String::new());
    let what = What::Exited { status: None, stragglers: vec![], hint: None };
    let event = Event { seq: 99, at: 5.0, time, what, path, incarnation: 1, kind: Kind::Process };
    state.update(ViewInput::Event(Arc::new(event)), 105.0);
}

#[test]
fn what_is_shown_changes_by_itself_only_where_a_time_is_shown() {
    let mut state = own(up());
    state.heights = (8, 8);
    assert_eq!(state.next_change().unwrap().as_millis(), 200, "a restart is due");

    state.heights = (1, 8);
    assert_eq!(state.next_change().unwrap().as_secs(), 1, "the root runs");
    state.tick(100_000.0);
    assert!(state.wants_look(), "one is down");
    assert_eq!(state.next_change().unwrap().as_secs(), 30);
}

#[test]
fn the_end_of_the_tree_closes_the_view() {
    let mut state = own(stop());

    assert_eq!(state.update(ViewInput::Over(None), 110.0), [Effect::Leave]);
    assert_eq!(state.over(), Some(&None));
}

#[test]
fn chaos_is_turned_on_and_off_up_and_down_in_ones_own_tree() {
    let (mut state, mut other) = (own(up()), attached(up(), true));

    assert_eq!(keys(&mut state, "c"), [Effect::Chaos(ChaosTurn::OnOrOff)]);
    assert_eq!(keys(&mut state, "+"), [], "it is off");
    state.update(ViewInput::Chaos(Some("chaos 1/s, seed 7".to_owned())), 110.0);
    assert_eq!(keys(&mut state, "+-"), [Effect::Chaos(ChaosTurn::Faster), Effect::Chaos(ChaosTurn::Slower)]);
    assert_eq!(keys(&mut other, "c"), []);
    assert!(other.notice.contains("its own tree"), "{}", other.notice);
}

#[test]
fn why_is_asked_again_every_second_while_it_is_shown() {
    let mut state = own(up());
    let asked = Effect::Explain("root".to_owned());

    assert_eq!(keys(&mut state, "w"), [asked]);
    assert_eq!(state.wants_explanation(), None, "it has just been asked");
    state.tick(112.0);
    assert_eq!(state.wants_explanation().as_deref(), Some("root"));
    assert_eq!(state.wants_explanation(), None);
    keys(&mut state, "w");
    state.tick(120.0);
    assert_eq!(state.wants_explanation(), None, "it is not shown any more");
}

#[test]
fn what_was_said_before_the_last_event_of_the_child_is_said_no_more() {
    let mut state = own(up());
    let decided = |as_of| Explained {
        decided: Some(crate::terminal::samples::decided(as_of)),
        child: None,
        because: None,
        path: "root/storage/database".to_owned(),
        usage: None,
    };
    let is_said = |state: &ViewState| state.why("root/storage/database").unwrap().0.decided.is_some();

    state.update(ViewInput::Explained(Box::new(decided(90))), 110.0);
    assert!(is_said(&state));
    gone(&mut state);
    assert!(!is_said(&state));
}

/// A view of another program that begins later had nothing to say of it.
#[test]
fn a_view_says_what_the_door_knows_from_before_it_began() {
    let model = up().model();
    let told = model.why("root/front/flaky").unwrap();
    let mut state = attached(Story::new(), false);
    state.update(ViewInput::Snapshot(Box::new(model.snapshot())), 110.0);
    let because = Some(KnownReasons { as_of: told.as_of, reasons: told.because.clone() });
    let path = told.child.path.clone();
    let explained = Explained { decided: None, child: None, because, path, usage: None };
    let reasons = |state: &ViewState| state.why("root/front/flaky").unwrap().0.because;

    assert!(reasons(&state).is_empty());
    state.update(ViewInput::Explained(Box::new(explained)), 110.0);

    assert!(!told.because.is_empty());
    assert_eq!(reasons(&state), told.because);
}
