//! What no safe library offers: the only `unsafe` of the fixtures.

mod fork;
mod heap;

pub use fork::{Side, fork};
pub use heap::Heap;
