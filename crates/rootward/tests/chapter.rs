//! The tests of lesson 9 pass, and the chapter on testing shows what the lesson has, word for word.
#![cfg(all(feature = "signals", feature = "procs", feature = "testing", target_os = "linux"))]

#[path = "../examples/09_testing.rs"]
#[expect(dead_code, reason = "the lesson is a program, and only its tests are run here")]
mod lesson;

use std::fs;
use std::path::Path;

#[test]
fn every_piece_of_rust_in_the_chapter_on_testing_stands_in_the_lesson() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(package.join(path)).unwrap();
    let (chapter, lesson) = (read("../../docs/testing.md"), read("examples/09_testing.rs"));

    let pieces: Vec<_> =
        chapter.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();

    let lesson = without_indentation(&lesson);
    let strange: Vec<_> =
        pieces.iter().filter(|piece| !lesson.contains(&without_indentation(piece))).collect();
    assert!(pieces.len() > 4 && strange.is_empty(), "these are not in the lesson: {strange:#?}");
}

fn without_indentation(code: &str) -> String {
    code.lines().flat_map(|line| [line.trim(), "\n"]).collect()
}
