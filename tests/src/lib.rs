//! How a fixture program talks to the test that runs it, and how the test listens.
//!
//! Every fact that a test may wait for is one line on standard output, flushed at once. The programs
//! themselves stand in `fixtures/`, one file each, and the tests in `spec/`.

mod arguments;
mod descendant;
mod dispositions;
mod heard;
mod in_time;
mod keys;
mod known;
mod life;
mod lines;
mod register;
mod say;
mod signals;
mod strict_schema;
mod sys;
mod until;

pub use arguments::{argument, number};
pub use descendant::Descendant;
pub use dispositions::say_what_becomes_of_signals;
pub use heard::{BACKSTOP, Heard};
pub use in_time::{InTime, collect_in_time, wait_in_time};
pub use keys::press_again;
pub use known::{Known, NotKnown};
pub use life::{limit_life, pause};
pub use lines::Lines;
pub use register::Register;
pub use say::{say, sleep_for_ever};
pub use signals::Signals;
pub use strict_schema::{in_the_book, strict_schema};
pub use sys::{
    Heap, InTerminal, LIMITS, OddWaker, Side, fork, hear_the_terminal, io_priority, limit, lose_capabilities,
    odd_waker, prefer_this_thread, refuse, refuse_with, reset_signal, resize_terminal, schedule_by,
    send_copies, set_io_priority, start_in_terminal,
};
pub use until::{happens, until, until_some};

/// The id of the Unix user `nobody`, which has no privileges.
pub const NOBODY: u32 = 65534;
