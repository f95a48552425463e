//! What tree files say, and what is said of those that make no sense.

mod accepted;
mod budget;
mod pictured;
mod refused;
mod surroundings;
mod syntax;
mod unfit;

use std::path::Path;

use super::source::{FileFormat, Source};
use super::{TreeFile, parse};

fn toml(text: &str) -> Result<TreeFile, String> {
    read("tree.toml", FileFormat::Toml, text)
}

fn json(text: &str) -> Result<TreeFile, String> {
    read("tree.json", FileFormat::Json, text)
}

/// The lines in which the mistake stands.
fn picture(name: &str, text: &str) -> String {
    let format = if name.ends_with("json") { FileFormat::Json } else { FileFormat::Toml };
    let source = Source { format, text: text.to_owned() };
    let error = parse(Path::new(name), &source).unwrap_err();
    error.picture().unwrap_or_default().to_owned()
}

fn read(name: &str, format: FileFormat, text: &str) -> Result<TreeFile, String> {
    let source = Source { format, text: text.to_owned() };
    parse(Path::new(name), &source).map_err(|error| error.to_string())
}
