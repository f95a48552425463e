//! What no safe library offers: the only `unsafe` of the fixtures.

mod capabilities;
mod default;
mod fork;
mod heap;
mod limit;
mod pass;
mod precedence;
mod refuse;
mod scheduling;
mod terminal;
mod waker;

pub use capabilities::lose_capabilities;
pub use default::reset_signal;
pub use fork::{Side, fork};
pub use heap::Heap;
pub use limit::{LIMITS, limit};
pub use pass::send_copies;
pub use precedence::prefer_this_thread;
pub use refuse::{refuse, refuse_with};
pub use scheduling::{io_priority, schedule_by, set_io_priority};
pub use terminal::{InTerminal, hear_the_terminal, resize_terminal, start_in_terminal};
pub use waker::{OddWaker, odd_waker};
