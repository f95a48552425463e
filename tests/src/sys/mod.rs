//! What no safe library offers: the only `unsafe` of the fixtures.

mod fork;
mod limit;

pub use fork::{Side, fork};
pub use limit::limit;
