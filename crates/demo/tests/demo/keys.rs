//! Every key of the terminal view, pressed on a real terminal: what it does is seen on the screen, or in the tree.

use crate::support::{Terminal, tree};

const ESCAPE: &str = "\u{1b}";
const ENTER: &str = "\r";
const CTRL_C: &str = "\u{3}";
const CTRL_L: &str = "\u{c}";
const UP: &str = "\u{1b}[A";
const DOWN: &str = "\u{1b}[B";
const RIGHT: &str = "\u{1b}[C";
const LEFT: &str = "\u{1b}[D";
const PAGE_UP: &str = "\u{1b}[5~";
const PAGE_DOWN: &str = "\u{1b}[6~";
const HOME: &str = "\u{1b}[H";
const END: &str = "\u{1b}[F";

/// The view of a tree that runs, in which the events stand beside the tree.
fn view() -> Terminal {
    let file = tree("screens.toml");
    let file = file.to_str().expect("its name is text");
    let args = ["run", file, "--view", "tui", "--containment", "group"];
    let mut view = Terminal::demo_in(&args, (160, 40));
    view.picture(|screen| last_event(screen) == "shop ● running");
    view
}

/// The events on a screen, masked: path, sign and words.
fn events(screen: &str) -> Vec<String> {
    let mut lines = screen.lines().skip_while(|line| !line.contains("─ EVENTS"));
    let heading = lines.next().expect("the screen shows events");
    let column = heading.chars().position(|c| c == '─').expect("it begins with a line");
    let events = lines.map(|line| line.chars().skip(column).collect::<String>());
    let words = events.map(|event| event.split_whitespace().skip(1).collect::<Vec<_>>().join(" "));
    words.filter(|event| event.contains(' ')).collect()
}

/// The event on which the reader stands: no newer one is shown.
fn last_event(screen: &str) -> String {
    let mut shown = events(screen);
    // The line of the keys begins at the left, and may reach below the events.
    shown.retain(|event| ["shop", "storage", "front"].iter().any(|path| event.starts_with(path)));
    shown.pop().unwrap_or_default()
}

/// The row of a child in the tree.
fn row<'a>(screen: &'a str, child: &str) -> Option<&'a str> {
    screen.lines().find(|line| line.split_whitespace().take(2).any(|word| word == child))
}

fn is(screen: &str, child: &str, what: &str) -> bool {
    row(screen, child).is_some_and(|row| row.contains(what))
}

/// The row of the tree on which the user stands: it is shown inverted.
fn selected(view: &Terminal) -> String {
    let screen = view.screen();
    let (rows, _) = screen.size();
    let is_inverted = |row: &u16| screen.cell(*row, 0).is_some_and(vt100::Cell::inverse);
    let row = (0..rows.get()).find(is_inverted).expect("the user stands somewhere");
    let line = screen.rows(0, 40).nth(row.into()).expect("it is on the screen");
    line.split_whitespace().find(|word| word.is_ascii()).expect("a row has a name").to_owned()
}

/// Presses keys until the user stands on a child.
fn goes_to(view: &mut Terminal, keys: &str, child: &str) {
    view.press(keys);
    view.until(&format!("{keys:?} goes to {child}"), |view| selected(view) == child);
}

/// Ends the program in good order, by force: one of its children does not hear a stop.
fn ends(mut view: Terminal) {
    view.press("S");
    view.wait_for("waits for shop/storage/database");
    view.press("S");
    let left = view.finish();
    assert!(left.is_as_before && left.screen.contains("The tree came down"), "{}", left.screen);
}

#[test]
fn arrows_letters_and_pages_move_through_the_tree() {
    let mut view = view();

    for (keys, child) in [
        (DOWN, "storage"),
        ("j", "database"),
        (UP, "storage"),
        ("k", "shop"),
        ("G", "queue"),
        ("g", "shop"),
        (END, "queue"),
        (HOME, "shop"),
        (PAGE_DOWN, "queue"),
        (PAGE_UP, "shop"),
        ("jjjjj", "web"),
    ] {
        goes_to(&mut view, keys, child);
    }

    ends(view);
}

#[test]
fn a_part_of_the_tree_is_folded_and_unfolded() {
    let mut view = view();
    goes_to(&mut view, "jjjj", "front");

    for (fold, unfold) in [("h", "l"), (LEFT, RIGHT), (" ", " "), (ENTER, ENTER)] {
        view.press(fold);
        view.picture(|screen| is(screen, "front", "▸ front (+2)") && row(screen, "web").is_none());
        view.press(unfold);
        view.picture(|screen| is(screen, "front", "▾ front ") && is(screen, "web", "● running"));
    }

    ends(view);
}

#[test]
fn a_text_is_searched_for_among_the_events_and_found_in_both_directions() {
    let mut view = view();

    view.press("/front/webb");
    view.picture(|screen| screen.contains("/front/webb_"));
    view.press("\u{7f}");
    view.picture(|screen| screen.contains("/front/web_"));
    view.press(ENTER);
    view.picture(|screen| {
        screen.contains("EVENTS · /front/web · standing still")
            && last_event(screen) == "front/web ● running · pid #"
    });
    view.press("n");
    view.picture(|screen| last_event(screen) == "front/web → starting");
    view.press("n");
    view.picture(|screen| screen.contains("no older line has it"));
    view.press("N");
    view.picture(|screen| last_event(screen) == "front/web ● running · pid #");
    view.press("N");
    view.picture(|screen| screen.contains("no newer line has it"));

    view.press("/nothing like it");
    view.press(ENTER);
    view.picture(|screen| screen.contains("no line has it"));
    view.press("/abandoned");
    view.picture(|screen| screen.contains("/abandoned_"));
    view.press(ESCAPE);
    view.picture(|screen| !screen.contains("/abandoned"));
    ends(view);
}

#[test]
fn the_events_stand_still_and_are_followed_again() {
    let mut view = view();

    view.press("f");
    view.picture(|screen| screen.contains("standing still, f follows"));
    view.press("jjjjjr");
    let screen = view.picture(|screen| is(screen, "web", "● running") && is(screen, "web", " 2 "));
    assert_eq!(last_event(&screen), "shop ● running", "{screen}");
    view.press("f");
    view.picture(|screen| {
        !screen.contains("standing still") && last_event(screen) == "front/web ● running · pid #"
    });

    view.press("\t");
    view.press("k");
    view.picture(|screen| last_event(screen) == "front/web → starting, number 2");
    view.press("j");
    view.picture(|screen| last_event(screen) == "front/web ● running · pid #");
    ends(view);
}

#[test]
fn only_the_events_of_a_child_and_only_those_that_matter_are_shown() {
    let mut view = view();
    goes_to(&mut view, "jjjj", "front");

    view.press("p");
    let screen = view.picture(|screen| screen.contains("EVENTS · of shop/front"));
    let shown = events(&screen);
    assert!(shown.iter().all(|event| event.starts_with("front")), "{screen}");
    assert!(shown.iter().any(|event| event == "front/web → starting"), "{screen}");
    view.press("p");
    view.picture(|screen| !screen.contains("EVENTS · of") && screen.contains("│ open"));

    view.press("v");
    view.picture(|screen| screen.contains("EVENTS · without output") && !screen.contains("│ open"));
    view.press("jx8");
    view.picture(|screen| last_event(screen).starts_with("front/web ↻ is started again in"));
    view.press("v");
    let screen = view.picture(|screen| screen.contains("EVENTS · trouble only"));
    let shown: Vec<String> = events(&screen).into_iter().filter(|event| event.starts_with("front")).collect();
    assert_eq!(shown, ["front/web ✗ killed by SIGKILL", "front/web ↻ is started again in #, attempt 1"]);
    view.press("v");
    view.picture(|screen| !screen.contains("trouble only") && screen.contains("│ open"));
    ends(view);
}

#[test]
fn it_is_explained_why_a_child_is_in_its_state() {
    let mut view = view();
    goes_to(&mut view, "jjjjj", "web");

    view.press("w");
    view.picture(|screen| screen.contains("─ why shop/front/web ") && screen.contains("running"));
    view.press(ESCAPE);
    view.picture(|screen| !screen.contains("─ why "));
    view.press("x8");
    view.picture(|screen| is(screen, "web", "↻ in #"));
    view.press("w");
    // What its supervisor is going to do is said by the supervisor.
    view.picture(|screen| screen.contains("killed by SIGKILL") && screen.contains("restart"));
    // Right behind an escape another key would be taken for one together with Alt.
    view.press(ESCAPE);
    view.picture(|screen| !screen.contains("─ why "));
    ends(view);
}

#[test]
fn a_signal_is_chosen_from_a_list_and_sent() {
    let mut view = view();
    goes_to(&mut view, "jjjjj", "web");

    for choose in ["j".repeat(7), DOWN.repeat(9), format!("{}k{UP}jj", "j".repeat(7))] {
        let before = view.picture(|screen| is(screen, "web", "● running"));
        view.press("x");
        view.picture(|screen| screen.contains("─ signal to pid # "));
        view.press(&choose);
        view.press(ENTER);
        view.picture(|screen| {
            screen.contains("SIGKILL sent to shop/front/web") && is(screen, "web", "↻ in #")
        });
        // By itself it would be started again in ten minutes.
        view.press("t");
        view.picture(|screen| screen.contains("shop/front/web is down") && is(screen, "web", "○ down"));
        view.press("s");
        view.picture(|screen| is(screen, "web", "● running") && row(screen, "web") != row(&before, "web"));
    }
    view.press("x");
    view.picture(|screen| screen.contains("─ signal to pid # "));
    view.press(ESCAPE);
    view.picture(|screen| !screen.contains("─ signal to pid"));
    goes_to(&mut view, "j", "queue");
    view.press("x");
    view.picture(|screen| screen.contains("only a process that runs hears signals"));
    ends(view);
}

#[test]
fn a_part_of_the_tree_is_stopped_and_started_again() {
    let mut view = view();
    goes_to(&mut view, "jjjj", "front");

    view.press("t");
    view.picture(|screen| {
        screen.contains("shop/front is down")
            && is(screen, "front", "↑ gone")
            && is(screen, "index", "● running")
    });
    view.press("s");
    view.picture(|screen| {
        screen.contains("shop/front runs")
            && ["front", "web", "queue"].iter().all(|child| is(screen, child, "● running"))
    });
    view.press("s");
    view.picture(|screen| screen.contains("it is not down"));
    view.press("r");
    view.picture(|screen| screen.contains("shop/front runs again") && is(screen, "front", " 3 "));
    ends(view);
}

#[test]
fn chaos_is_turned_on_up_down_and_off() {
    let file = tree("chaos.toml");
    let mut view = Terminal::demo_in(
        &["run", file.to_str().expect("its name is text"), "--view", "tui", "--containment", "group"],
        (160, 40),
    );
    view.wait_until(|screen| is(screen, "d", "● running"));

    view.press("+");
    view.wait_for("chaos is off: c turns it on");
    view.press("c");
    view.wait_for("chaos 1/s, seed 1");
    for (key, rate) in [("+", "2/s"), ("+", "4/s"), ("-", "2/s"), ("-", "1/s"), ("-", "30/m"), ("+", "1/s")] {
        view.press(key);
        view.wait_for(&format!("chaos {rate}, seed 1"));
    }
    // Which one is on the screen by now depends on the machine.
    view.wait_for("✗ is made to crash by chaos ");
    view.press("c");
    view.wait_for("chaos off, ");
    view.press(CTRL_C);
    let left = view.finish();
    assert!(left.is_as_before && left.screen.contains("The tree came down"), "{}", left.screen);
}

#[test]
fn a_line_of_the_events_is_copied() {
    let mut view = view();
    view.press("\t");

    view.press("y");
    view.picture(|screen| screen.contains("copied, if the terminal allows it"));

    // "shop running", as OSC 52 has it.
    let copied = "\u{1b}]52;c;c2hvcCBydW5uaW5n\u{7}";
    assert!(String::from_utf8_lossy(&view.written).contains(copied));
    ends(view);
}

#[test]
fn help_names_the_keys_and_any_key_closes_it() {
    let mut view = view();

    for close in [ESCAPE, "z", "?"] {
        view.press("?");
        view.picture(|screen| screen.contains("─ keys ") && screen.contains("Ctrl-L  redraw"));
        view.press(close);
        view.picture(|screen| !screen.contains("─ keys "));
    }
    ends(view);
}

#[test]
fn a_screen_that_was_overwritten_is_drawn_again() {
    let mut view = view();

    view.overwrite("\u{1b}[Hwall: the machine goes down tonight");
    view.press(CTRL_L);
    view.picture(|screen| screen.starts_with("rootward-demo running") && !screen.contains("tonight"));
    ends(view);
}

#[test]
fn keys_that_stop_the_tree_stop_it() {
    for keys in ["S", "q", CTRL_C] {
        let file = tree("calm.toml");
        let mut view = Terminal::demo(&["run", file.to_str().expect("its name is text"), "--view", "tui"]);
        view.wait_until(|screen| is(screen, "d", "● running"));

        view.press(keys);
        let left = view.finish();

        assert_eq!(left.status.code(), Some(0), "{keys:?}: {}", left.screen);
        assert!(left.is_as_before && left.screen.contains("The tree came down"), "{keys:?}: {}", left.screen);
    }
}
