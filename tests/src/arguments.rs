//! What a program is told on its command line.

use std::str::FromStr;

/// The argument at this place, counted from 1.
///
/// # Panics
///
/// If there is none: the test is wrong.
pub fn argument(place: usize) -> String {
    std::env::args().nth(place).unwrap_or_else(|| panic!("this program wants an argument {place}"))
}

/// The argument at this place as a number, or whatever else can be read from a text.
///
/// # Panics
///
/// If there is none, or it does not parse: the test is wrong.
pub fn number<T: FromStr>(place: usize) -> T {
    let text = argument(place);
    text.parse().unwrap_or_else(|_| panic!("{text:?} will not do as argument {place}"))
}
