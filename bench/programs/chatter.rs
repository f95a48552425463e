//! Writes lines of 100 bytes, as many megabytes as its argument says, as fast as they are taken.

#![no_std]
#![no_main]

mod system;

use system::{EXIT, WRITE, call};

const LINE: usize = 100;
const LINES: usize = 500;

/// A megabyte is twenty of these.
static BLOCK: [u8; LINE * LINES] = {
    let mut block = [b'x'; LINE * LINES];
    let mut line = 1;
    while line <= LINES {
        block[line * LINE - 1] = b'\n';
        line += 1;
    }
    block
};

fn main(megabytes: *const u8) -> ! {
    for _ in 0..20 * number(megabytes) {
        let mut written = 0;
        while written < BLOCK.len() {
            let rest = &BLOCK[written..];
            let result = call(WRITE, [1, rest.as_ptr() as usize, rest.len()]);
            if result <= 0 {
                call(EXIT, [1, 0, 0]);
            }
            written += result as usize;
        }
    }
    loop {
        call(EXIT, [0; 3]);
    }
}

fn number(text: *const u8) -> usize {
    let mut number = 0;
    let mut at = text;
    // SAFETY: the kernel ends arguments with a zero.
    while !at.is_null() && unsafe { *at } != 0 {
        number = number * 10 + (unsafe { *at } - b'0') as usize;
        at = unsafe { at.add(1) };
    }
    number
}
