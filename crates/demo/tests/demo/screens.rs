//! What the terminal view shows on real terminals of three sizes, as pictures of text.
//!
//! What differs from run to run is masked: times, process ids and how much of a bar is left. The numbers of children
//! and of restarts are not.

use insta::assert_snapshot;

use crate::support::{Terminal, mask, tree};

const SIZES: [(u16, u16); 3] = [(80, 24), (40, 10), (200, 40)];

/// Shows the tree of the pictures until all of it runs.
fn running(size: (u16, u16)) -> (Terminal, String) {
    let file = tree("screens.toml");
    let file = file.to_str().expect("its name is text");
    let mut view = Terminal::demo_in(&["run", file, "--view", "tui", "--containment", "group"], size);
    let picture = view.picture(|screen| {
        // The last event of the start is the root's. The program looks at its tree after that.
        is(screen, "▾ shop", "● running")
            && has_event(screen, "shop", "● running")
            && (screen.contains(" · group") || size.0 < 80)
    });
    (view, picture)
}

/// Whether a line begins with this, whatever its depth, and says that.
fn is(screen: &str, beginning: &str, what: &str) -> bool {
    screen.lines().any(|line| line.trim_start().starts_with(beginning) && line.contains(what))
}

/// Whether this event is on the screen, if it shows events: below each other or beside the tree.
fn has_event(screen: &str, path: &str, what: &str) -> bool {
    let mut lines = screen.lines().skip_while(|line| !line.contains("─ EVENTS"));
    let Some(heading) = lines.next() else { return true };
    let column = heading.chars().position(|c| c == '─').expect("it begins with a line");
    lines.any(|line| {
        let event: String = line.chars().skip(column).collect();
        event.split_whitespace().any(|word| word == path) && event.contains(what)
    })
}

fn named(what: &str, (columns, rows): (u16, u16)) -> String {
    format!("{what}_{columns}x{rows}")
}

#[test]
fn a_tree_that_runs_is_shown_as_in_these_pictures() {
    for size in SIZES {
        let (_view, picture) = running(size);

        assert_snapshot!(named("running", size), picture);
    }
}

#[test]
fn a_child_that_was_killed_is_shown_as_in_these_pictures() {
    for size in SIZES {
        let (mut view, _) = running(size);

        // The row of front/web, the menu of the signals, and SIGKILL.
        view.press("jjjjjx");
        view.picture(|screen| screen.contains("8 SIGKILL"));
        view.press("8");
        let picture = view.picture(|screen| {
            is(screen, "web", "↻ in #")
                && screen.contains("SIGKILL sent to shop/front/web")
                && has_event(screen, "front/web", "is started again")
        });

        assert_snapshot!(named("killed", size), picture);
    }
}

#[test]
fn a_stop_and_its_end_are_shown_as_in_these_pictures() {
    for size in SIZES {
        let (mut view, _) = running(size);

        view.press("S");
        let picture = view.picture(|screen| {
            screen.contains("waits for shop/storage/database")
                && is(screen, "database", "↓ █")
                && has_event(screen, "storage/database", "↓ asked to stop")
        });
        assert_snapshot!(named("stopping", size), picture);
        view.press("S");
        let left = view.finish();

        assert!(left.is_as_before, "{}", left.screen);
        // The lines are the same at every size: the terminal breaks them.
        assert_snapshot!("over", mask(&left.text));
    }
}
