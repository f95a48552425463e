//! What no safe library offers: the only `unsafe` of the fixtures.

mod fork;

pub use fork::{Side, fork};
