//! The picture of the view in the README is a run's, and shows what the view shows today.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use crate::support::{Terminal, screen_as_svg, text_of_svg, tree};

const COLUMNS: u16 = 96;
const ROWS: u16 = 26;

/// `UPDATE_PICTURE=1 cargo test -p rootward-demo --test demo picture` makes it anew.
#[test]
fn the_picture_of_the_view_is_what_the_view_shows() {
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/view.svg");

    let screen = screen_of_a_stop();

    if env::var_os("UPDATE_PICTURE").is_some() {
        fs::write(&kept, &screen).expect("the picture can be written");
    }
    let picture = fs::read_to_string(&kept).expect("there is a picture");
    let (picture, today) = (tree_part(&text_of_svg(&picture)), tree_part(&text_of_svg(&screen)));
    assert!(picture.len() > 7, "a tree is seen: {picture:#?}");
    assert_eq!(picture, today, "the view has changed: make the picture anew with UPDATE_PICTURE=1");
}

/// The screen while a stop waits for a database, as a picture.
fn screen_of_a_stop() -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    command.arg("run").arg(tree("picture.toml")).args(["--view", "tui", "--containment", "group"]);
    let mut view = Terminal::start(command, COLUMNS, ROWS);
    view.wait_until(|screen| {
        screen.lines().any(|line| line.starts_with("▾ shop") && line.contains("● running"))
    });
    view.press("\u{3}");
    // What is gone has been folded by then.
    let is_late = |screen: &str| {
        let line = |beginning: &str| screen.lines().any(|line| line.trim_start().starts_with(beginning));
        line("index")
            && line("workers")
            && line("front")
            && !line("mailer")
            && !line("▾ workers")
            && screen.contains("writing page 5 of 8")
            && screen.contains("waits for shop/storage/database (pid ")
    };
    view.wait_until(is_late);
    let svg = screen_as_svg(view.screen());
    assert_eq!(view.finish().status.code(), Some(0));
    svg
}

/// The lines of the tree, and what of them is the same in every run: no numbers, and bars of any length.
fn tree_part(text: &str) -> Vec<String> {
    let lines = text.lines().take_while(|line| !line.contains("EVENTS"));
    lines.map(|line| words(line).join(" ")).filter(|line| !line.is_empty()).collect()
}

fn words(line: &str) -> Vec<String> {
    let masked: String = line
        .chars()
        .map(|c| match c {
            '0'..='9' | '.' => '#',
            '█' | '░' | '▉'..='▏' => '█',
            c => c,
        })
        .collect();
    let mut words: Vec<String> = masked.split_whitespace().map(shortened).collect();
    words.dedup();
    words
}

/// A run of one sign, such as a number, counts as one of it. Units of time belong to the number.
fn shortened(word: &str) -> String {
    let mut short = String::new();
    for c in word.chars() {
        if !(short.ends_with(c) && ['#', '█'].contains(&c)) {
            short.push(c);
        }
    }
    short.replace("#ms", "#s").replace("#m", "#s")
}
