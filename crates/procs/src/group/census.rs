//! Who is in a process group.
//!
//! The kernel does not say, so that all processes have to be looked at. One thread does that, once for all groups that are
//! asked for at the same time: a thousand programs that end together cost one look and not a thousand.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::mpsc::Receiver;

use nix::unistd::{Pid, getpgid};
use tokio::sync::oneshot;

use crate::sys;
use crate::worker::Worker;

/// A living member of a group.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) pid: i32,
    /// What it runs, as far as the system tells.
    pub(crate) command: String,
    /// When it began, as [`Moment`](super::Moment)s count. `None` if the system does not tell.
    pub(crate) began: Option<u64>,
    /// Becomes readable when it has ended. `None` if no descriptor could be had.
    pub(crate) pidfd: Option<OwnedFd>,
}

/// The living members of a group other than its leader. `None` if they could not be counted.
pub(crate) type Census = Option<Vec<Member>>;

/// How many members are looked at closely. When these have gone, another census shows the others.
const MOST: usize = 64;

/// How much is read of a command line.
const LONGEST_COMMAND: u64 = 1024;

struct Request {
    group: i32,
    answer: oneshot::Sender<Census>,
}

static COUNTER: Worker<Request> = Worker::new("rootward-census", work);

/// Begins to count a group.
pub(crate) fn census(group: i32) -> oneshot::Receiver<Census> {
    let (answer, receiver) = oneshot::channel();
    // If there is no thread, the answer is dropped with the request, and that is an answer, too.
    let _ = COUNTER.give(Request { group, answer });
    receiver
}

fn work(requests: &Receiver<Request>) {
    while let Ok(first) = requests.recv() {
        let batch: Vec<Request> = [first].into_iter().chain(requests.try_iter()).collect();
        let mut members: BTreeMap<i32, Vec<Member>> =
            batch.iter().map(|request| (request.group, Vec::new())).collect();
        let counted = count(&mut members).is_ok();
        for Request { group, answer } in batch {
            let of_group = members.remove(&group).filter(|_| counted);
            // Whoever does not wait any more does not need to know.
            let _ = answer.send(of_group);
        }
    }
}

/// Looks at every process, and sorts it into its group.
fn count(groups: &mut BTreeMap<i32, Vec<Member>>) -> io::Result<()> {
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Some((group, members)) = group_of(pid).and_then(|group| Some((group, groups.get_mut(&group)?)))
        else {
            continue;
        };
        if pid != group && members.len() < MOST {
            members.extend(member(pid, group));
        }
    }
    Ok(())
}

/// Looks at a member closely. `None` if it has ended or is no member any more.
fn member(pid: i32, group: i32) -> Option<Member> {
    let pidfd = match sys::open(pid) {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return None,
        other => other.ok(),
    };
    let ended = pidfd.as_ref().map_or_else(|| is_zombie(pid), sys::has_ended);
    // Only now that the descriptor holds it is it certain that this is still the same process.
    if ended || group_of(pid) != Some(group) {
        return None;
    }
    Some(Member { pid, command: command(pid), began: began(pid), pidfd })
}

/// The group that a process is in.
pub(crate) fn group_of(pid: i32) -> Option<i32> {
    getpgid(Some(Pid::from_raw(pid))).ok().map(Pid::as_raw)
}

fn is_zombie(pid: i32) -> bool {
    matches!(stat(pid, 3).as_deref(), Some("Z" | "X"))
}

/// When a process began, in hundredths of a second since the system was started.
pub(super) fn began(pid: i32) -> Option<u64> {
    stat(pid, 22)?.parse().ok()
}

/// A field of a process's state, counted as in proc(5), from the third on.
fn stat(pid: i32, field: usize) -> Option<String> {
    let stat = read_start(&format!("/proc/{pid}/stat"));
    // The second field is a name in parentheses that may hold anything, blanks and parentheses too.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(field - 3).map(str::to_owned)
}

/// The command line, or the name alone if there is none.
fn command(pid: i32) -> String {
    let line = read_start(&format!("/proc/{pid}/cmdline")).replace('\0', " ");
    match line.trim_end() {
        "" => read_start(&format!("/proc/{pid}/comm")).trim_end().to_owned(),
        line => line.to_owned(),
    }
}

fn read_start(path: &str) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = fs::File::open(path) {
        // What could be read before an error is better than nothing.
        let _ = file.take(LONGEST_COMMAND).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
