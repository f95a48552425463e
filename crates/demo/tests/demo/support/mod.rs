//! What the tests hold of a running demo, and the rules that every record keeps.

mod demo;
mod mask;
mod order;
mod picture;
mod process_1;
mod temp;
mod terminal;
mod with_door;

pub(crate) use demo::{Demo, Finished};
pub(crate) use mask::mask;
pub(crate) use order::check_order;
pub(crate) use picture::{screen_as_svg, text_of_svg};
pub(crate) use process_1::as_process_1;
pub(crate) use temp::Temp;
pub(crate) use terminal::Terminal;
pub(crate) use with_door::DemoWithDoor;

pub(crate) use rootward_tests::{InTime, Lines, collect_in_time, happens, until, wait_in_time};

use std::path::PathBuf;

/// A tree file of these tests.
pub(crate) fn tree(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/trees").join(name)
}

/// A tree file of the examples.
pub(crate) fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("trees").join(name)
}
