//! Gives a process between clone and exec what its program is to inherit. See [`Inherited`](super::Inherited).
//!
//! The rules of [`child`](super::child) hold: system calls with what was prepared, and nothing else.

use libc::c_int;

use super::inherited as at;
use super::raw::{self, Errno};

/// What the system refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttributePart {
    Limits,
    Nice,
    Identity,
    Capabilities,
    Cpus,
    OomScore,
}

/// Applies a list of words. Before it the process has what its starter has. Whether it may have what it is given is the
/// system's to say, and what the system refuses is an error: a program never runs with more than it is to have.
pub(super) fn apply(words: &[u64]) -> Result<(), (AttributePart, Errno)> {
    let Some(fixed) = words.first_chunk::<{ at::GROUPS_AT }>() else { return Ok(()) };
    let groups = &words[at::GROUPS_AT..];
    let has = |part: u64| fixed[0] & part != 0;
    if has(at::MASK) {
        raw::set_mask_of_modes(fixed[at::MASK_AT] as c_int);
    }
    // Before there are limits: it takes a descriptor.
    if has(at::OOM_SCORE) {
        set_oom_score(fixed[at::OOM_SCORE_AT] as i64).map_err(|it| (AttributePart::OomScore, it))?;
    }
    // Before there are limits, which bound what may be taken. A refusal of these two leaves the program with less than
    // it is to have, and never with more: to go down takes no right.
    if has(at::SCHEDULING) {
        let [policy, priority] = [0, 1].map(|next| fixed[at::SCHEDULING_AT + next] as c_int);
        let _ = raw::schedule_by(policy, priority);
    }
    if has(at::IO_PRIORITY) {
        let _ = raw::take_io_priority(fixed[at::IO_PRIORITY_AT] as c_int);
    }
    if has(at::LIMITS) {
        for number in 0..at::LIMIT_COUNT {
            let place = at::LIMITS_AT + 2 * number;
            raw::set_limit(number, (fixed[place], fixed[place + 1]))
                .map_err(|it| (AttributePart::Limits, it))?;
        }
    }
    if has(at::NICE) {
        raw::take_nice(fixed[at::NICE_AT] as c_int).map_err(|it| (AttributePart::Nice, it))?;
    }
    if has(at::CPUS) {
        let cpus = fixed[at::CPUS_AT..]
            .first_chunk::<{ at::CPU_WORDS }>()
            .ok_or((AttributePart::Cpus, libc::EINVAL))?;
        raw::run_on(cpus).map_err(|it| (AttributePart::Cpus, it))?;
    }
    if has(at::IDENTITY | at::GROUPS | at::CAPABILITIES) {
        let five = |from: usize| [0, 1, 2, 3, 4].map(|next| fixed[from + next]);
        if has(at::IDENTITY | at::CAPABILITIES) {
            // While there is a right to.
            let bounding = fixed[at::CAPABILITIES_AT + 3];
            raw::bound_capabilities(bounding).map_err(|it| (AttributePart::Capabilities, it))?;
        }
        become_the_user(fixed, groups).map_err(|it| (AttributePart::Identity, it))?;
        take_capabilities(five(at::CAPABILITIES_AT)).map_err(|it| (AttributePart::Capabilities, it))?;
    }
    if has(at::HUMBLE) {
        raw::gain_no_privileges().map_err(|it| (AttributePart::Capabilities, it))?;
    }
    Ok(())
}

fn set_oom_score(score: i64) -> Result<(), Errno> {
    let file = raw::open(libc::AT_FDCWD, c"/proc/self/oom_score_adj", libc::O_WRONLY)?;
    // A sign and at most four digits, from behind.
    let mut text = [b'0'; 5];
    let mut at = text.len();
    let mut rest = score.unsigned_abs();
    loop {
        at -= 1;
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 || at == 1 {
            break;
        }
    }
    if score < 0 {
        at -= 1;
        text[at] = b'-';
    }
    let written = raw::write(file, &text[at..]);
    let _ = raw::close(file);
    written.map(drop)
}

fn become_the_user(fixed: &[u64; at::GROUPS_AT], groups: &[u64]) -> Result<(), Errno> {
    let three = |from: usize| [0, 1, 2].map(|next| fixed[from + next] as c_int);
    if fixed[0] & at::GROUPS != 0 {
        raw::set_groups(groups)?;
    }
    if fixed[0] & at::IDENTITY != 0 {
        raw::set_group_ids(three(at::GROUP_AT))?;
        // What the user may keep is said below.
        raw::keep_capabilities()?;
        raw::set_user_ids(three(at::USERS_AT))?;
    }
    Ok(())
}

fn take_capabilities([inheritable, permitted, effective, _, ambient]: [u64; 5]) -> Result<(), Errno> {
    raw::set_capabilities([effective, permitted, inheritable])?;
    raw::raise_ambient(ambient)
}
