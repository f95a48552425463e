//! How a system call is made on this architecture, and how a process begins on a stack of its own.

#![expect(unsafe_code, reason = "a system call is an instruction")]

use libc::{c_long, c_void};

use super::Errno;

/// Where a process begins that was started by [`clone_onto`]. It must not return.
pub(in crate::sys) type EntryPoint = extern "C" fn(*mut c_void) -> !;

/// Makes a system call.
///
/// # Safety
///
/// What the call with this number requires of its arguments.
pub(super) unsafe fn call(number: c_long, arguments: [usize; 6]) -> Result<usize, Errno> {
    // SAFETY: the caller's promise.
    checked(unsafe { imp::call(number, arguments) })
}

/// Makes a `clone` or `clone3` call whose new process begins at `entry`, on the stack that the call's arguments name.
///
/// # Safety
///
/// The arguments must be right for the call, and name a stack that nothing else uses, with its top aligned to 16 bytes.
/// `argument` must stay valid for as long as the new process uses it.
pub(in crate::sys) unsafe fn clone_onto(
    number: c_long,
    arguments: [usize; 5],
    entry: EntryPoint,
    argument: *mut c_void,
) -> Result<i32, Errno> {
    // SAFETY: the caller's promise.
    let result = unsafe { imp::clone_onto(number, arguments, entry, argument) };
    checked(result).map(|pid| i32::try_from(pid).unwrap_or_default())
}

fn checked(result: isize) -> Result<usize, Errno> {
    match result {
        -4095..=-1 => Err(i32::try_from(-result).unwrap_or(libc::EINVAL)),
        value => Ok(value as usize),
    }
}

pub(crate) use imp::SHARES_MEMORY;

#[cfg(target_arch = "x86_64")]
mod imp {
    use std::arch::asm;

    use super::{EntryPoint, c_long, c_void};

    /// Whether reapers share the warden's memory: they can, because no call here writes to `errno`.
    pub(crate) const SHARES_MEMORY: bool = true;

    pub(super) unsafe fn call(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
        let result;
        // SAFETY: the kernel reads these registers and changes no others than those named; what it does with them is
        // the caller's promise.
        unsafe {
            asm!(
                "syscall",
                inlateout("rax") number as isize => result,
                in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
                lateout("rcx") _, lateout("r11") _,
                options(nostack),
            );
        }
        result
    }

    pub(super) unsafe fn clone_onto(
        number: c_long,
        [a, b, c, d, e]: [usize; 5],
        entry: EntryPoint,
        argument: *mut c_void,
    ) -> isize {
        let result;
        // SAFETY: the new process has the registers of this one, but for the result and the stack. It leaves this code
        // at once, for a function that does not return, so that nothing of this function's frame is used twice.
        unsafe {
            asm!(
                "syscall",
                "test rax, rax",
                "jnz 2f",
                "xor ebp, ebp",
                "mov rdi, r12",
                "call r9",
                "ud2",
                "2:",
                inlateout("rax") number as isize => result,
                in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e,
                in("r9") entry, in("r12") argument,
                lateout("rcx") _, lateout("r11") _,
            );
        }
        result
    }
}

#[cfg(target_arch = "aarch64")]
mod imp {
    use std::arch::asm;

    use super::{EntryPoint, c_long, c_void};

    /// Whether reapers share the warden's memory: they can, because no call here writes to `errno`.
    pub(crate) const SHARES_MEMORY: bool = true;

    pub(super) unsafe fn call(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
        let result;
        // SAFETY: the kernel reads these registers and changes no others than the result; what it does with them is the
        // caller's promise.
        unsafe {
            asm!(
                "svc #0",
                in("x8") number,
                inlateout("x0") a as isize => result,
                in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f,
                options(nostack),
            );
        }
        result
    }

    pub(super) unsafe fn clone_onto(
        number: c_long,
        [a, b, c, d, e]: [usize; 5],
        entry: EntryPoint,
        argument: *mut c_void,
    ) -> isize {
        let result;
        // SAFETY: the new process has the registers of this one, but for the result and the stack. It leaves this code
        // at once, for a function that does not return, so that nothing of this function's frame is used twice.
        unsafe {
            asm!(
                "svc #0",
                "cbnz x0, 2f",
                "mov x29, xzr",
                "mov x0, x6",
                "blr x5",
                "brk #1",
                "2:",
                in("x8") number,
                inlateout("x0") a as isize => result,
                in("x1") b, in("x2") c, in("x3") d, in("x4") e,
                in("x5") entry, in("x6") argument,
                lateout("x30") _,
            );
        }
        result
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod imp {
    //! By way of the C library, whose `errno` is each process's own as long as reapers have memory of their own.

    use super::{EntryPoint, c_long, c_void};

    /// Whether reapers share the warden's memory: they must not, because these calls write to `errno`.
    pub(crate) const SHARES_MEMORY: bool = false;

    pub(super) unsafe fn call(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
        // SAFETY: the caller's promise.
        negated(unsafe { libc::syscall(number, a, b, c, d, e, f) } as isize)
    }

    pub(super) unsafe fn clone_onto(
        number: c_long,
        [flags, stack, pidfd, _, _]: [usize; 5],
        entry: EntryPoint,
        argument: *mut c_void,
    ) -> isize {
        if number != libc::SYS_clone {
            return -(libc::ENOSYS as isize);
        }
        // SAFETY: an `EntryPoint` differs from what `clone` wants in that it never returns the value that it would
        // have to.
        let entry =
            unsafe { std::mem::transmute::<EntryPoint, extern "C" fn(*mut c_void) -> libc::c_int>(entry) };
        // SAFETY: the caller's promise.
        let pid = unsafe {
            libc::clone(
                entry,
                stack as *mut c_void,
                flags as libc::c_int,
                argument,
                pidfd as *mut libc::c_int,
            )
        };
        negated(pid as isize)
    }

    fn negated(result: isize) -> isize {
        match result {
            -1 => -(nix::errno::Errno::last_raw() as isize),
            value => value,
        }
    }
}
