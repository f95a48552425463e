//! The view as pictures of text, at three sizes.

#![cfg(test)]

use std::fmt::Write as _;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};
use rootward_observer::wire::{HealthFindings, Kind, Usage, What};

use super::draw;
use crate::terminal::fit::Fit;
use crate::terminal::samples::{Story, attached, decided, drains, own, stop, up};
use crate::terminal::state::{Explained, ViewInput, ViewState};

const FIT: Fit = Fit { has_colour: true, has_unicode: true };

const SIZES: [(u16, u16); 3] = [(80, 24), (40, 10), (120, 40)];

fn screen(state: &mut ViewState, fit: Fit, (width, height): (u16, u16)) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(state, fit, frame)).unwrap();
    terminal
}

fn picture(state: &mut ViewState, fit: Fit, size: (u16, u16)) -> String {
    let terminal = screen(state, fit, size);
    let buffer = terminal.backend().buffer();
    let mut picture = String::new();
    for line in buffer.content().chunks(size.0.into()) {
        let line: String = line.iter().map(ratatui::buffer::Cell::symbol).collect();
        writeln!(picture, "{}", line.trim_end()).unwrap();
    }
    picture
}

fn press(state: &mut ViewState, text: &str) {
    for key in text.chars() {
        let code = if key == '\t' { KeyCode::Tab } else { KeyCode::Char(key) };
        let seconds = state.now + 100.0;
        state.update(ViewInput::Key(KeyEvent::new(code, KeyModifiers::NONE)), seconds);
    }
}

fn at_all_sizes(name: &str, make: impl Fn() -> ViewState) {
    for size in SIZES {
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), picture(&mut make(), FIT, size));
    }
}

#[test]
fn a_tree_that_runs() {
    at_all_sizes("running", || own(up()));
}

#[test]
fn a_tree_that_drains_says_in_its_first_line_when_it_stops() {
    let first = |size| {
        let picture = picture(&mut own(drains()), FIT, size);
        picture.lines().next().unwrap().to_owned()
    };

    assert!(
        first((80, 24)).starts_with("rootward-demo draining · stops in 8.5s (signal) · "),
        "{}",
        first((80, 24))
    );
    assert!(first((40, 10)).starts_with("rootward-demo draining"), "{}", first((40, 10)));
    assert!(picture(&mut own(drains()), FIT, (80, 24)).contains("Ctrl-C forces"), "so does the signal again");
}

/// The first signal after that asks for what has been asked for.
#[test]
fn a_stop_that_no_signal_began_is_forced_by_the_key_that_began_it() {
    let drains = What::Draining { cause: "api".to_owned(), delay_ms: 10_000 };
    let story = up().event(4.0, "root", Kind::Supervisor, drains);

    let picture = picture(&mut own(story), FIT, (80, 24));

    assert!(picture.contains("S forces") && !picture.contains("Ctrl-C forces"), "{picture}");
}

#[test]
fn a_tree_that_stops_says_what_it_waits_for() {
    at_all_sizes("stopping", || own(stop()));
}

#[test]
fn the_tree_of_another_program() {
    at_all_sizes("attached", || attached(up(), false));
}

#[test]
fn the_keys() {
    at_all_sizes("keys", || {
        let mut state = own(up());
        press(&mut state, "?");
        state
    });
}

#[test]
fn the_signals() {
    at_all_sizes("signals", || {
        let mut state = own(up());
        press(&mut state, "jjx");
        state
    });
}

#[test]
fn why_a_child_is_in_its_state() {
    at_all_sizes("why", || {
        let mut state = own(up());
        press(&mut state, "jjjjjw");
        state
    });
}

#[test]
fn the_name_of_what_blocks_a_stop_is_always_to_be_seen() {
    let storage = "root/the-storage-of-all-there-is";
    let path = format!("{storage}/a-database-with-a-rather-long-name-that-fills-a-line");
    let long = || {
        let tree = ["root", storage]
            .into_iter()
            .fold(Story::new(), |tree, path| tree.event(0.0, path, Kind::Supervisor, What::Starting));
        let tree = tree.up(0.1, &path, Kind::Process, Some(4711)).stopping(4.0, "root", Kind::Supervisor);
        own(tree.stopping(4.0, storage, Kind::Supervisor).stopping(4.0, &path, Kind::Process))
    };

    for (size, usual, long_one) in [
        ((40, 10), "waits for root/storage/database · 3.5s", "waits for …name-that-fills-a-line · 1.5s"),
        (
            (80, 24),
            "waits for root/storage/database (pid 4711), forced in 3.5s",
            "waits for …ather-long-name-that-fills-a-line, asked 1.5s ago",
        ),
    ] {
        let line = |mut state: ViewState| picture(&mut state, FIT, size).lines().nth(1).unwrap().to_owned();
        let lines = [line(own(stop())), line(long())];
        assert!(lines[0].ends_with(usual) && lines[1].ends_with(long_one), "{lines:#?}");
    }
}

#[test]
fn an_explanation_that_is_longer_than_the_screen_can_be_moved_and_says_so() {
    let mut state = own(up());
    press(&mut state, "jjw");
    let all = picture(&mut state, FIT, (40, 30));
    let last = all.lines().rfind(|line| line.starts_with('│')).unwrap().to_owned();

    let begin = picture(&mut state, FIT, (40, 5));
    assert!(begin.contains("… 1 more line, j") && !begin.contains(&last), "{begin}");
    press(&mut state, "jjjjjjjjjjjjjjjj");
    let end = picture(&mut state, FIT, (40, 5));
    assert!(end.contains(&last) && !end.contains("more line"), "{end}");
    press(&mut state, "k");
    assert!(picture(&mut state, FIT, (40, 5)).contains("1 more line, j"), "it is not moved beyond its end");
    press(&mut state, "w");
    assert!(!picture(&mut state, FIT, (40, 30)).contains("why root"), "any other key closes it");
}

#[test]
fn a_search_among_the_events() {
    at_all_sizes("search", || {
        let mut state = own(up());
        press(&mut state, "\t/flaky");
        let seconds = state.now + 100.0;
        state.update(ViewInput::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)), seconds);
        press(&mut state, "n");
        state
    });
}

#[test]
fn without_unicode_everything_is_ascii() {
    let fit = Fit { has_unicode: false, ..FIT };

    let picture = picture(&mut own(stop()), fit, (80, 24));

    assert!(picture.is_ascii(), "{picture}");
    insta::assert_snapshot!("ascii_80x24", picture);
}

#[test]
fn without_colour_there_is_none_and_all_is_said_in_words() {
    let fit = Fit { has_colour: false, ..FIT };

    let plain = screen(&mut own(stop()), fit, (80, 24));
    let coloured = screen(&mut own(stop()), FIT, (80, 24));

    let cells = plain.backend().buffer().content();
    assert!(cells.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert!(
        cells.iter().any(|cell| cell.modifier.contains(Modifier::REVERSED)),
        "the user sees where they are"
    );
    let cells = coloured.backend().buffer().content();
    assert!(cells.iter().any(|cell| cell.fg != Color::Reset));
}

#[test]
fn every_size_can_be_drawn() {
    for width in [1, 5, 19, 20, 21, 40, 50, 58, 71, 72, 109, 110, 130] {
        for height in [1, 4, 5, 6, 9, 16, 41] {
            for keys in ["", "\t", "?", "jjx", "w", "/a"] {
                let mut state = own(stop());
                press(&mut state, keys);
                screen(&mut state, FIT, (width, height));
            }
        }
    }
}

#[test]
fn the_child_on_which_the_user_stands_is_always_on_the_screen() {
    let mut state = own(up());
    for key in "jjjjjjjkkkkkkkG".chars() {
        press(&mut state, &key.to_string());
        let id = state.selected().rsplit('/').next().unwrap().chars().take(8).collect::<String>();

        let picture = picture(&mut state, FIT, (40, 6));

        assert!(picture.contains(&id), "{id}\n{picture}");
    }
}

#[test]
fn nothing_from_outside_reaches_the_terminal_as_a_control_character() {
    let evil = "\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}2J\r\u{202e}";
    let mut state = own(up().says(5.0, "root/front/flaky", evil));

    for size in SIZES {
        let picture = picture(&mut state, FIT, size);
        assert!(!picture.chars().any(|c| c.is_control() && c != '\n'), "{picture}");
        assert!(!picture.contains('\u{202e}'), "{picture}");
    }
}

#[test]
fn before_anything_is_known_there_is_a_view_already() {
    at_all_sizes("empty", || own(Story::new()));
}

#[test]
fn a_process_is_explained_with_what_it_tells_and_uses_and_what_its_supervisor_is_going_to_do() {
    at_all_sizes("explained", || {
        let mut state = own(up());
        press(&mut state, "jjw");
        let mut child = state.model.find("root/storage/database").unwrap().clone();
        let (checks, error) = (Some("a listener at 127.0.0.1:5432".to_owned()), Some("no answer".to_owned()));
        child.health = Some(Box::new(HealthFindings { checks, failures: 1, threshold: Some(3), error }));
        child.said = Some("17 clients".to_owned());
        let usage = Usage {
            cpu_ms: 1234,
            memory: 48 << 20,
            processes: 7,
            stopped: 0,
            threads: 9,
            descriptors: Some(61),
            read: Some(5 << 20),
            written: None,
        };
        let explained = Explained {
            decided: Some(decided(90)),
            child: Some(child),
            because: None,
            path: "root/storage/database".to_owned(),
            usage: Some(usage),
        };
        let seconds = state.now + 100.0;
        state.update(ViewInput::Explained(Box::new(explained)), seconds);
        state
    });
}

#[test]
fn chaos_stands_in_the_header() {
    let mut state = own(up());
    state.update(ViewInput::Chaos(Some("chaos 2/s, seed 7".to_owned())), state.now + 100.0);

    let picture = picture(&mut state, FIT, (120, 40));

    assert!(picture.lines().next().unwrap().contains("chaos 2/s, seed 7, 0 crashes"), "{picture}");
}
