//! Writes lines as fast as they are taken.
//!
//! Its first argument says how many megabytes, its second how long a line is with its end: 100 bytes or 1000.

#![no_std]
#![no_main]

mod system;

use system::{EXIT, WRITE, call, number};

/// A megabyte is twenty of these.
const BLOCK: usize = 50_000;

static SHORT: [u8; BLOCK] = lines(100);
static LONG: [u8; BLOCK] = lines(1000);

const fn lines(length: usize) -> [u8; BLOCK] {
    let mut block = [b'x'; BLOCK];
    let mut end = length;
    while end <= BLOCK {
        block[end - 1] = b'\n';
        end += length;
    }
    block
}

fn main(arguments: [*const u8; 2]) -> ! {
    let [megabytes, length] = arguments.map(number);
    let block = if length == 1000 { &LONG } else { &SHORT };
    for _ in 0..20 * megabytes {
        let mut written = 0;
        while written < BLOCK {
            let result = call(WRITE, [1, block.as_ptr() as usize + written, BLOCK - written]);
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
