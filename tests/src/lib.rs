//! How a fixture program talks to the test that runs it, and how the test listens.
//!
//! Every fact that a test may wait for is one line on standard output, flushed at once. The programs
//! themselves stand in `fixtures/`, one file each, and the tests in `spec/`.

mod arguments;
mod descendant;
mod heard;
mod keys;
mod known;
mod life;
mod register;
mod say;
mod signals;
mod sys;

pub use arguments::{argument, number};
pub use descendant::Descendant;
pub use heard::{BACKSTOP, Heard};
pub use keys::press_again;
pub use known::{Known, NotKnown};
pub use life::{limit_life, pause};
pub use register::Register;
pub use say::{say, sleep_for_ever};
pub use signals::Signals;
pub use sys::{
    Heap, InTerminal, OddWaker, Side, fork, hear_the_terminal, limit, odd_waker, refuse, refuse_with,
    resize_terminal, send_copies, start_in_terminal,
};

/// The id of the Unix user `nobody`, which has no privileges.
pub const NOBODY: u32 = 65534;
