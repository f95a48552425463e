//! What is left when the program of an init has ended: it is killed and reaped until there is nothing.

use std::time::Duration;

use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use crate::sys;
use crate::sys::raw::{self, ChildrenLeft};
use crate::warden::kill_with_descendants;

/// How long until every process that is still there gets another SIGKILL, if none has ended in between.
const KILL_AGAIN: Duration = Duration::from_millis(50);

/// The highest process id that the kernel gives out, however it was set up.
const HIGHEST: i32 = 4 * 1024 * 1024;

/// Kills and reaps until there is no child, however long that takes. No other process reaps children of this one.
pub(super) fn kill_all_children() {
    let own = raw::own_pid();
    while !is_over() {
        if !sys::proc_is_ours() {
            for child in children_by_number() {
                let _ = raw::kill(child, libc::SIGKILL);
            }
        } else if let Ok(children) = raw::open_children_of(own, own) {
            raw::for_each_number(children, kill_with_descendants);
            let _ = raw::close(children);
        }
        if is_over() {
            return;
        }
        let _ = raw::take_signal_within(KILL_AGAIN);
    }
}

/// The children of this process, where `/proc` does not list them: each number is tried. It takes a second or
/// two, and only an init and its guard do it, which have nothing else to do.
///
/// No other process reaps them, so that the numbers are their own.
pub(super) fn children_by_number() -> impl Iterator<Item = i32> {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    (1..HIGHEST).filter(move |pid| waitid(Id::Pid(Pid::from_raw(*pid)), flags).is_ok())
}

/// Reaps what has ended. Whether no process is left.
pub(super) fn is_over() -> bool {
    loop {
        match raw::reap_any() {
            Ok(_) => {}
            Err(left) => return left == ChildrenLeft::NoChild,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_child_is_found_by_its_number_alone() {
        let mut child = Command::new("/bin/cat").stdin(Stdio::piped()).spawn().unwrap();
        let its_pid = i32::try_from(child.id()).unwrap();

        let children: Vec<i32> = children_by_number().collect();

        assert!(children.contains(&its_pid) && !children.contains(&raw::own_pid()), "{children:?}");
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
