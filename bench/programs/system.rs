//! The beginning of a program without a runtime, and its system calls.

use core::arch::{asm, global_asm};

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
compile_error!("the programs that are started as processes are written for Linux on x86-64");

pub const WRITE: usize = 1;
pub const OPEN: usize = 2;
pub const CLOSE: usize = 3;
pub const PAUSE: usize = 34;
pub const GETPID: usize = 39;
pub const EXIT: usize = 60;
pub const PRCTL: usize = 157;
pub const CLOCK_GETTIME: usize = 228;

global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {begin}",
    begin = sym begin,
);

unsafe extern "C" fn begin(stack: *const usize) -> ! {
    // SAFETY: the kernel puts the number of arguments there, and pointers to them behind it. Behind the last is a zero.
    let argument =
        |at: usize| unsafe { if *stack > at { *stack.add(1 + at) as *const u8 } else { core::ptr::null() } };
    crate::main([argument(1), argument(2)])
}

pub fn call(number: usize, arguments: [usize; 3]) -> isize {
    let result: isize;
    // SAFETY: callers pass what the system call wants.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            out("rcx") _,
            out("r11") _,
        );
    }
    result
}

/// An argument as a number. Zero, if it is not there.
pub fn number(text: *const u8) -> usize {
    let mut number = 0;
    let mut at = text;
    // SAFETY: the kernel ends arguments with a zero.
    while !at.is_null() && unsafe { *at } != 0 {
        // SAFETY: this one is not the end.
        let digit = unsafe { *at } - b'0';
        number = number * 10 + digit as usize;
        // SAFETY: the end comes at the earliest now.
        at = unsafe { at.add(1) };
    }
    number
}

#[panic_handler]
fn panicked(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        call(EXIT, [101, 0, 0]);
    }
}
