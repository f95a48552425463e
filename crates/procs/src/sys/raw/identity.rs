//! Who a process is, and what it may do.

#![expect(unsafe_code, reason = "the kernel reads and writes structs")]

use libc::c_int;

use super::Result;
use super::arch::call;
use super::calls::integers;

/// A limit of the calling process, soft and hard, by the kernel's number.
pub(crate) fn limit(number: usize) -> Result<(u64, u64)> {
    let mut limit = [0_u64; 2];
    // SAFETY: the kernel writes two numbers of 64 bits.
    unsafe { call(libc::SYS_prlimit64, [0, number, 0, limit.as_mut_ptr().expose_provenance(), 0, 0]) }?;
    Ok((limit[0], limit[1]))
}

/// Sets a limit of the calling process.
pub(in crate::sys) fn set_limit(number: usize, (soft, hard): (u64, u64)) -> Result<()> {
    let limit = [soft, hard];
    // SAFETY: the kernel reads two numbers of 64 bits.
    unsafe { call(libc::SYS_prlimit64, [0, number, limit.as_ptr().expose_provenance(), 0, 0, 0]) }.map(drop)
}

/// Sets the file mode mask.
pub(in crate::sys) fn set_mask_of_modes(mask: c_int) {
    // It cannot fail.
    let _ = integers(libc::SYS_umask, [mask, 0, 0, 0, 0]);
}

/// Gives the calling process this nice value, or says that it may not have it.
pub(in crate::sys) fn take_nice(nice: c_int) -> Result<()> {
    integers(libc::SYS_setpriority, [0, 0, nice, 0, 0]).map(drop)
}

/// Has the calling process run on these processors only.
pub(in crate::sys) fn run_on(cpus: &[u64; 16]) -> Result<()> {
    let (bytes, at) = (size_of_val(cpus), cpus.as_ptr().expose_provenance());
    // SAFETY: the kernel reads as many bytes as there are.
    unsafe { call(libc::SYS_sched_setaffinity, [0, bytes, at, 0, 0, 0]) }.map(drop)
}

/// The policy by which the calling thread gets the processor, and its real-time priority, as a process has them that it
/// forks. `None` for those that are not handed on by a call.
pub(crate) fn scheduling() -> Option<(c_int, c_int)> {
    let policy = integers(libc::SYS_sched_getscheduler, [0; 5]).ok()?;
    let is_reset = policy & libc::SCHED_RESET_ON_FORK != 0;
    match policy & !libc::SCHED_RESET_ON_FORK {
        libc::SCHED_FIFO | libc::SCHED_RR | libc::SCHED_DEADLINE if is_reset => Some((libc::SCHED_OTHER, 0)),
        policy @ (libc::SCHED_OTHER | libc::SCHED_BATCH | libc::SCHED_IDLE) => Some((policy, 0)),
        policy @ (libc::SCHED_FIFO | libc::SCHED_RR) => {
            let mut priority: c_int = 0;
            let at = (&raw mut priority).expose_provenance();
            // SAFETY: the kernel writes one integer.
            unsafe { call(libc::SYS_sched_getparam, [0, at, 0, 0, 0, 0]) }.ok()?;
            Some((policy, priority))
        }
        _ => None,
    }
}

/// Has the calling process get the processor by this policy, with this real-time priority.
pub(in crate::sys) fn schedule_by(policy: c_int, priority: c_int) -> Result<()> {
    let at = (&raw const priority).expose_provenance();
    // SAFETY: the kernel reads one integer.
    unsafe { call(libc::SYS_sched_setscheduler, [0, policy as usize, at, 0, 0, 0]) }.map(drop)
}

/// `IOPRIO_WHO_PROCESS`: 0 is the calling thread.
const IO_OF_PROCESS: c_int = 1;

/// The calling thread's I/O priority, 0 if it is the one that follows from its nice value and its scheduling policy.
pub(crate) fn io_priority(nice: c_int, policy: Option<c_int>) -> Option<c_int> {
    const NONE: c_int = 0;
    const REAL_TIME: c_int = 1;
    const BEST_EFFORT: c_int = 2;
    const IDLE: c_int = 3;
    let priority = integers(libc::SYS_ioprio_get, [IO_OF_PROCESS, 0, 0, 0, 0]).ok()?;
    let (class, level) = (priority >> 13, priority & 0x1fff);
    let follows = match policy {
        Some(libc::SCHED_IDLE) => IDLE,
        Some(libc::SCHED_FIFO | libc::SCHED_RR) => REAL_TIME,
        _ => BEST_EFFORT,
    };
    // Some kernels tell it of a thread that has been given none.
    let has_none = class == NONE || class == follows && level == (nice + 20) / 5;
    Some(if has_none { 0 } else { priority })
}

/// Gives the calling process this I/O priority.
pub(in crate::sys) fn take_io_priority(priority: c_int) -> Result<()> {
    integers(libc::SYS_ioprio_set, [IO_OF_PROCESS, 0, priority, 0, 0]).map(drop)
}

/// How many groups are handed over at once, which is as many as the kernel lets a process have.
const MOST_GROUPS: usize = 1024;

pub(in crate::sys) fn set_groups(groups: &[u64]) -> Result<()> {
    // On the child's own stack, which has room for it. A longer list is refused, and not cut.
    let mut list = [0_u32; MOST_GROUPS];
    if groups.len() > MOST_GROUPS {
        return Err(libc::E2BIG);
    }
    for (place, group) in list.iter_mut().zip(groups) {
        *place = *group as u32;
    }
    // SAFETY: the kernel reads as many numbers as there are.
    unsafe { call(libc::SYS_setgroups, [groups.len(), list.as_ptr().expose_provenance(), 0, 0, 0, 0]) }
        .map(drop)
}

/// Real, effective, saved.
pub(in crate::sys) fn set_group_ids([real, effective, saved]: [c_int; 3]) -> Result<()> {
    integers(libc::SYS_setresgid, [real, effective, saved, 0, 0]).map(drop)
}

/// Real, effective, saved.
pub(in crate::sys) fn set_user_ids([real, effective, saved]: [c_int; 3]) -> Result<()> {
    integers(libc::SYS_setresuid, [real, effective, saved, 0, 0]).map(drop)
}

/// Has a change of the user leave the permitted capabilities as they are, until the next exec.
pub(in crate::sys) fn keep_capabilities() -> Result<()> {
    integers(libc::SYS_prctl, [libc::PR_SET_KEEPCAPS, 1, 0, 0, 0]).map(drop)
}

/// Has no exec give more rights than there are.
pub(in crate::sys) fn gain_no_privileges() -> Result<()> {
    integers(libc::SYS_prctl, [libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0]).map(drop)
}

/// Takes away all capabilities that are not among these from what an exec may give.
pub(in crate::sys) fn bound_capabilities(bound: u64) -> Result<()> {
    for number in 0..64 {
        // A number that the kernel does not know is an error, and there is nothing to take away.
        let is_there = integers(libc::SYS_prctl, [libc::PR_CAPBSET_READ, number, 0, 0, 0]) == Ok(1);
        if is_there && bound & (1 << number) == 0 {
            integers(libc::SYS_prctl, [libc::PR_CAPBSET_DROP, number, 0, 0, 0])?;
        }
    }
    Ok(())
}

/// `_LINUX_CAPABILITY_VERSION_3`, and the calling thread.
const HEADER: [u32; 2] = [0x2008_0522, 0];

/// Effective, permitted, inheritable.
pub(in crate::sys) fn capabilities() -> Result<[u64; 3]> {
    let mut header = HEADER;
    let mut data = [[0_u32; 3]; 2];
    let [at, to] = [header.as_mut_ptr().expose_provenance(), data.as_mut_ptr().expose_provenance()];
    // SAFETY: the kernel reads and may write two numbers, and writes twice three, which this version has.
    unsafe { call(libc::SYS_capget, [at, to, 0, 0, 0, 0]) }?;
    let [low, high] = data;
    Ok([0, 1, 2].map(|set| u64::from(low[set]) | u64::from(high[set]) << 32))
}

/// What an exec may give, and what the program keeps although its user is not root.
pub(in crate::sys) fn bounding_and_ambient() -> [u64; 2] {
    let ask = |option, second, third| integers(libc::SYS_prctl, [option, second, third, 0, 0]) == Ok(1);
    let is_set = libc::PR_CAP_AMBIENT_IS_SET as c_int;
    let all = |is_in: &dyn Fn(c_int) -> bool| {
        (0..64).filter(|number| is_in(*number)).fold(0, |set, number| set | 1_u64 << number)
    };
    [
        all(&|number| ask(libc::PR_CAPBSET_READ, number, 0)),
        all(&|number| ask(libc::PR_CAP_AMBIENT, is_set, number)),
    ]
}

/// Whether no exec gives more rights than there are.
pub(in crate::sys) fn gains_no_privileges() -> bool {
    integers(libc::SYS_prctl, [libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0]) == Ok(1)
}

/// Effective, permitted, inheritable.
pub(in crate::sys) fn set_capabilities(sets: [u64; 3]) -> Result<()> {
    let [low, high] = [0, 32].map(|from| sets.map(|set| (set >> from) as u32));
    let data = [low, high];
    let [header, data] = [HEADER.as_ptr().expose_provenance(), data.as_ptr().expose_provenance()];
    // SAFETY: the kernel reads two numbers, and twice three, which this version has.
    unsafe { call(libc::SYS_capset, [header, data, 0, 0, 0, 0]) }.map(drop)
}

/// Has the program keep these capabilities although its user is not root.
pub(in crate::sys) fn raise_ambient(ambient: u64) -> Result<()> {
    for number in (0..64).filter(|number| ambient & (1 << number) != 0) {
        let raise = libc::PR_CAP_AMBIENT_RAISE as c_int;
        integers(libc::SYS_prctl, [libc::PR_CAP_AMBIENT, raise, number, 0, 0])?;
    }
    Ok(())
}
