//! Says when it has begun to run, and then does nothing for ever.
//!
//! Its argument is a named pipe, into which it writes the time and its process id. Without an argument it says nothing.
//! With a second one it writes the line `ready` to its output, too.

#![no_std]
#![no_main]

mod system;

use system::{CLOCK_GETTIME, CLOSE, GETPID, OPEN, PAUSE, PRCTL, WRITE, call};

const MONOTONIC: usize = 1;
const WRITE_ONLY: usize = 1;

const SET_PDEATHSIG: usize = 1;
const SIGKILL: usize = 9;

static READY: [u8; 6] = *b"ready\n";

fn main([pid_log, says_ready]: [*const u8; 2]) -> ! {
    // Whatever becomes of the subject, nothing is left of it.
    call(PRCTL, [SET_PDEATHSIG, SIGKILL, 0]);
    if !pid_log.is_null() {
        let mut time = [0_u64; 2];
        call(CLOCK_GETTIME, [MONOTONIC, time.as_mut_ptr() as usize, 0]);
        let word = [time[0] * 1_000_000_000 + time[1], call(GETPID, [0; 3]) as u64];
        let pid_log = call(OPEN, [pid_log as usize, WRITE_ONLY, 0]) as usize;
        call(WRITE, [pid_log, word.as_ptr() as usize, 16]);
        call(CLOSE, [pid_log, 0, 0]);
    }
    if !says_ready.is_null() {
        call(WRITE, [1, READY.as_ptr() as usize, READY.len()]);
    }
    loop {
        call(PAUSE, [0; 3]);
    }
}
