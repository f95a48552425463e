//! Taking signals one by one, as a process that blocks all of them.

#![expect(unsafe_code, reason = "the kernel reads and writes structs")]

use std::fmt;
use std::mem::MaybeUninit;
use std::ptr;
use std::time::Duration;

use libc::c_int;

use super::arch::call;
use super::calls::kill;

/// A signal that was sent to the calling process.
pub(crate) struct Taken(libc::siginfo_t);

impl Taken {
    pub(crate) fn number(&self) -> c_int {
        self.0.si_signo
    }

    /// Whether no process has sent it but the kernel: the terminal, or a timer that has run out.
    pub(crate) fn is_from_kernel(&self) -> bool {
        self.0.si_code == libc::SI_KERNEL
    }

    /// The number of the process that has sent it, if one has.
    pub(crate) fn sender(&self) -> i32 {
        // SAFETY: the kernel fills this in where a process has sent the signal, and leaves some number where none has.
        unsafe { self.0.si_pid() }
    }

    /// Sends it to another process, with the value that it carries, if any. The process must be a child that is not
    /// reaped.
    pub(crate) fn send_on(&self, to: i32) {
        // A process that has ended meanwhile has no use for it.
        if self.0.si_code == libc::SI_QUEUE {
            let info = (&raw const self.0).expose_provenance();
            let arguments = [to as usize, self.number() as usize, info, 0, 0, 0];
            // SAFETY: the kernel reads a siginfo_t, which it has filled itself.
            let _ = unsafe { call(libc::SYS_rt_sigqueueinfo, arguments) };
        } else {
            let _ = kill(to, self.number());
        }
    }
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taken").field("number", &self.number()).finish_non_exhaustive()
    }
}

/// Waits for a signal, all of which must be blocked, and takes it.
pub(crate) fn take_signal() -> Taken {
    loop {
        if let Some(taken) = take_one_of(u64::MAX, None) {
            return taken;
        }
    }
}

/// Waits for a signal for so long at most, and takes it. All must be blocked.
pub(crate) fn take_signal_within(time: Duration) -> Option<Taken> {
    let within = libc::timespec {
        tv_sec: libc::time_t::try_from(time.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos().into(),
    };
    take_one_of(u64::MAX, Some(within))
}

/// Takes this signal if it has been sent. It must be blocked.
pub(crate) fn take_if_sent(signal: c_int) -> Option<Taken> {
    take_one_of(bit_of(signal), Some(libc::timespec { tv_sec: 0, tv_nsec: 0 }))
}

/// Takes any signal that has been sent. All must be blocked.
pub(crate) fn take_any_now() -> Option<Taken> {
    take_one_of(u64::MAX, Some(libc::timespec { tv_sec: 0, tv_nsec: 0 }))
}

fn take_one_of(set: u64, within: Option<libc::timespec>) -> Option<Taken> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let until = within.as_ref().map_or(ptr::null(), ptr::from_ref);
    let [set, until] = [(&raw const set).expose_provenance(), until.expose_provenance()];
    let arguments = [set, info.as_mut_ptr().expose_provenance(), until, size_of::<u64>(), 0, 0];
    // SAFETY: the kernel reads a set that is as long as its length says, and a timespec or nothing, and fills a
    // siginfo_t.
    unsafe { call(libc::SYS_rt_sigtimedwait, arguments) }.ok()?;
    // SAFETY: all bytes were zeroed, which is a valid siginfo_t, and the kernel has filled it since.
    Some(Taken(unsafe { info.assume_init() }))
}

/// Lets one signal through, and blocks all others.
pub(crate) fn unblock_only(signal: c_int) {
    set_mask(!bit_of(signal));
}

fn set_mask(blocked: u64) {
    let how = libc::SIG_SETMASK as usize;
    let arguments = [how, (&raw const blocked).expose_provenance(), 0, size_of::<u64>(), 0, 0];
    // SAFETY: the set is live and as long as its length says. The call cannot fail with these arguments.
    let _ = unsafe { call(libc::SYS_rt_sigprocmask, arguments) };
}

fn bit_of(signal: c_int) -> u64 {
    1 << (signal - 1)
}
