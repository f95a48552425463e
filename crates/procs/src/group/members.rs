//! The members of a process group, and the descendants of a process.
//!
//! The kernel has no list of a group's members, so that all processes have to be looked at. One thread does that, once
//! for all groups that are asked for at the same time: a thousand programs that end together cost one look and not a
//! thousand.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::sync::mpsc::Receiver;
use std::thread;

use nix::unistd::{Pid, getpgid};
use tokio::sync::oneshot;

use super::descendants::{descendants_of, is_descendant};
use super::stat::{field, read_start};
use crate::sys;
use crate::worker::Worker;

/// A living member of a group.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) pid: i32,
    /// What it runs, as far as the system tells.
    pub(crate) command: String,
    /// When it began, as [`ProcessTime`](super::ProcessTime)s count. `None` if the system does not tell.
    pub(crate) began: Option<u64>,
}

/// The living members of a group other than its leader. `None` if they could not be counted.
pub(crate) type MemberList = Option<Vec<Member>>;

/// How many members are looked at closely. When these have gone, another list of members shows the others.
const MOST: usize = 64;

/// The processes that are to be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Which {
    /// The members of the group with this number, but for its leader.
    Group(i32),
    /// The descendants of this process, which adopts orphans.
    Descendants(i32),
}

struct ListRequest {
    which: Which,
    answer: oneshot::Sender<MemberList>,
}

static COUNTER: Worker<ListRequest> = Worker::new("rootward-members", work);

/// Begins to count.
pub(crate) fn list_members(which: Which) -> oneshot::Receiver<MemberList> {
    let (answer, receiver) = oneshot::channel();
    // If there is no thread, the request and its sender are dropped, and the receiver ends without a list.
    let _ = COUNTER.give(ListRequest { which, answer });
    receiver
}

fn work(requests: &Receiver<ListRequest>) {
    while let Ok(first) = requests.recv() {
        let batch: Vec<ListRequest> = [first].into_iter().chain(requests.try_iter()).collect();
        let mut members: BTreeMap<Which, Vec<Member>> =
            batch.iter().map(|request| (request.which, Vec::new())).collect();
        let counted = count_apart(&mut members).is_ok();
        for ListRequest { which, answer } in batch {
            let of_group = members.get_mut(&which).map(std::mem::take).filter(|_| counted);
            // The owner may have gone meanwhile, and then the answer is dropped.
            let _ = answer.send(of_group);
        }
    }
}

/// Counts with descriptors of its own: a stop must not depend on whether the host has any left.
///
/// It takes a thread that does nothing else. Without the host's descriptors not even a runtime can be woken.
fn count_apart(sets: &mut BTreeMap<Which, Vec<Member>>) -> io::Result<()> {
    thread::scope(|scope| {
        let counting = thread::Builder::new().name("rootward-count".to_owned()).spawn_scoped(scope, || {
            // If that is not possible, the thread shares the host's descriptors, and its shortage of them.
            let _ = sys::leave_descriptors();
            count(sets)
        });
        counting?.join().unwrap_or_else(|_| Err(io::Error::other("the count failed")))
    })
}

fn count(sets: &mut BTreeMap<Which, Vec<Member>>) -> io::Result<()> {
    for (which, members) in sets.iter_mut() {
        if let Which::Descendants(ancestor) = *which {
            let is_one = |pid| is_descendant(pid, ancestor);
            members.extend(
                descendants_of(ancestor).into_iter().filter_map(|pid| member(pid, is_one)).take(MOST),
            );
        }
    }
    let has_groups = sets.keys().any(|which| matches!(which, Which::Group(_)));
    if has_groups { count_groups(sets) } else { Ok(()) }
}

/// Looks at every process, and sorts it into its group.
fn count_groups(groups: &mut BTreeMap<Which, Vec<Member>>) -> io::Result<()> {
    if !sys::proc_is_ours() {
        return Err(io::ErrorKind::NotFound.into());
    }
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Some((group, members)) =
            group_of(pid).and_then(|group| Some((group, groups.get_mut(&Which::Group(group))?)))
        else {
            continue;
        };
        if pid != group && members.len() < MOST {
            members.extend(member(pid, |pid| group_of(pid) == Some(group)));
        }
    }
    Ok(())
}

/// Looks at a member closely. `None` if it has ended or is no member any more.
fn member(pid: i32, is_one: impl Fn(i32) -> bool) -> Option<Member> {
    let stat = read_start(&format!("/proc/{pid}/stat"));
    let member = Member { pid, command: command(pid), began: began(&stat) };
    // If the process id belongs to another process by now, `is_one` says whether that one is a member.
    (!has_ended(&stat) && is_one(pid)).then_some(member)
}

/// The group that a process is in.
pub(crate) fn group_of(pid: i32) -> Option<i32> {
    getpgid(Some(Pid::from_raw(pid))).ok().map(Pid::as_raw)
}

/// Whether a process is a zombie. One whose first thread has ended while others run looks like one and is none.
fn has_ended(stat: &str) -> bool {
    matches!((field(stat, 3), field(stat, 20)), (Some("Z" | "X"), Some("0" | "1")))
}

/// When the process with this id began.
#[cfg(test)]
pub(super) fn began_of(pid: i32) -> Option<u64> {
    began(&read_start(&format!("/proc/{pid}/stat")))
}

/// When a process began, in hundredths of a second since the system was started.
fn began(stat: &str) -> Option<u64> {
    field(stat, 22)?.parse().ok()
}

/// The command line, or the name alone if there is none.
pub(super) fn command(pid: i32) -> String {
    let line = read_start(&format!("/proc/{pid}/cmdline")).replace('\0', " ");
    match line.trim_end() {
        "" => read_start(&format!("/proc/{pid}/comm")).trim_end().to_owned(),
        line => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7 (a) R (b) Z 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";

    #[test]
    fn a_name_may_look_like_the_fields_behind_it() {
        assert_eq!((field(STAT, 3), began(STAT)), (Some("Z"), Some(4711)));
    }

    #[test]
    fn a_process_whose_first_thread_has_ended_has_not_if_others_run() {
        assert!(has_ended(STAT));
        assert!(!has_ended(&STAT.replace("20 0 1", "20 0 2")));
        assert!(!has_ended(&STAT.replace(") Z", ") S")));
    }

    #[test]
    fn this_process_is_a_member_of_its_group() {
        let me = nix::unistd::getpid().as_raw();
        let group = group_of(me).unwrap();

        let member = member(me, |pid| group_of(pid) == Some(group)).unwrap();

        assert!(member.command.contains("rootward_procs"), "{member:?}");
        assert!(member.began.is_some());
    }
}
