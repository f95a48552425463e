//! The reaper of one process child: the parent of its program, and the one to whom all its orphans come.
//!
//! It adopts the orphans among its descendants, so that "no children" means "nothing is left" and is the kernel's proof of
//! it. It tells the supervisor over a line of its own how the program ended, and when nobody is left; then it ends. It ends
//! everything when it is told to, when the line is cut, and when the supervisor has died, and it stays until that
//! is done.
//!
//! A reaper shares the warden's memory, so that it costs little to start and less to keep. It has a stack of its own and writes
//! to nothing else; it allocates nothing and makes system calls that touch no `errno`. It must not panic.

use super::descent::kill_family;
use super::protocol::{Descriptor, FromWarden, LaunchHeader, ToReaper};
use super::seats;
use crate::sys::raw::{self, Errno, Left, Patience};
use crate::sys::{Job, Stage, Surroundings};

/// How long until everybody who is still there gets another SIGKILL, if nobody has gone in between.
const KILL_AGAIN: u32 = 50;

/// How many children it takes a millisecond to look at, more or less.
const A_MILLISECONDS_WORTH: u32 = 50;

/// What a reaper knows.
struct Reaper {
    /// The program's process id, until it has been reaped.
    program: Option<i32>,
    /// The directory of the child's cgroup.
    cgroup: Option<i32>,
    /// Whether the supervisor can still be told anything.
    heard: bool,
}

/// Starts the program of an order, and stays until nobody is left of it.
pub(super) fn main(job: &mut Job) -> i32 {
    match begin(job) {
        Ok(mut reaper) => {
            reaper.watch();
            0
        }
        Err((stage, errno)) => {
            let refused = FromWarden::Refused { stage: stage as i32, errno };
            // If nobody hears it, nobody waits for it.
            let _ = raw::send(seats::LINE, &refused.encode(), &[], Patience::Never);
            0
        }
    }
}

fn begin(job: &mut Job) -> Result<Reaper, (Stage, Errno)> {
    let unmade = |errno| (Stage::Clone, errno);
    let header = LaunchHeader::decode(job.payload()).ok_or((Stage::Clone, libc::EINVAL))?;
    let came = header.sort(&job.order.descriptors);
    let came = |which: Descriptor| came[which as usize];
    // The warden's socket is closed by this: the supervisor must see when the warden has gone.
    raw::move_to(came(Descriptor::Line).unwrap_or(-1), seats::LINE).map_err(unmade)?;
    // Its name and its rank help whoever looks at processes, and nothing depends on them.
    let _ = raw::set_name(c"rootward-reaper");
    raw::adopt_orphans().map_err(unmade)?;
    let children =
        raw::open(libc::AT_FDCWD, c"/proc/thread-self/children", libc::O_RDONLY).map_err(unmade)?;
    raw::move_to(children, seats::CHILDREN).map_err(unmade)?;
    if let Some(file) = came(Descriptor::File) {
        job.take_from_file(file, header.bytes).map_err(unmade)?;
    }
    let cgroup = own_cgroup(job.order.cgroup).map_err(unmade)?;
    let surroundings = Surroundings {
        begin_in: came(Descriptor::BeginIn),
        stdio: [Descriptor::Stdin, Descriptor::Stdout, Descriptor::Stderr].map(came),
        cgroup,
    };
    let (program, pidfd) = job.spawn(header.layout, surroundings)?;
    let started = FromWarden::Started { pid: program, reaper: raw::own_pid() };
    let heard = raw::send(seats::LINE, &started.encode(), &[pidfd], Patience::Never).is_ok();
    let mut reaper = Reaper { program: Some(program), cgroup, heard };
    reaper.keep_few_descriptors(pidfd);
    job.give_back();
    // Its program may become many that all want the processor. From here on it forks nobody who could inherit this.
    raw::hurry();
    Ok(reaper)
}

/// Makes the child's cgroup, named after its reaper, if children have one.
fn own_cgroup(wanted: bool) -> Result<Option<i32>, Errno> {
    if !wanted {
        return Ok(None);
    }
    let name = super::cgroup::name_of(raw::own_pid());
    let name = name.as_c_str();
    raw::make_directory(seats::CGROUPS, name)?;
    let flags = libc::O_RDONLY | libc::O_DIRECTORY;
    raw::open(seats::CGROUPS, name, flags).map(Some)
}

impl Reaper {
    /// Closes whatever only the start needed.
    fn keep_few_descriptors(&mut self, pidfd: i32) {
        // None of this can fail, and if it did a descriptor would stay open.
        if let Some(cgroup) = self.cgroup {
            if raw::move_to(cgroup, seats::CGROUPS).is_ok() {
                self.cgroup = Some(seats::CGROUPS);
            }
        }
        let _ = raw::move_to(pidfd, seats::PROGRAM);
        if self.cgroup.is_none() {
            let _ = raw::close(seats::CGROUPS);
        }
        let _ = raw::close_from(seats::END);
    }

    /// Stays until nobody is left.
    fn watch(&mut self) {
        if !self.heard {
            return self.end_all();
        }
        loop {
            let readable = raw::wait_readable([seats::LINE, seats::SUPERVISOR, seats::SIGNALS], None);
            // If it was interrupted, by a debugger for example, everything is looked at.
            let [line, supervisor, children] = readable.unwrap_or([true; 3]);
            if children && self.reap().is_none() {
                return;
            }
            if supervisor && self.supervisor_is_dead() {
                return self.end_all();
            }
            if line && self.obey() {
                return self.end_all();
            }
        }
    }

    fn supervisor_is_dead(&self) -> bool {
        raw::wait_readable([seats::SUPERVISOR], Some(0)).is_ok_and(|[dead]| dead)
    }

    /// Does what it is told. `true` says that everything has to end: by order, or because the line is cut.
    fn obey(&mut self) -> bool {
        let mut order = [0; 8];
        let mut came = [-1; raw::MOST_DESCRIPTORS];
        match raw::receive(seats::LINE, &mut order, &mut came, Patience::Never) {
            Err(libc::EAGAIN | libc::EINTR) => false,
            Ok(0) | Err(_) => true,
            Ok(bytes) => match order.get(..bytes).and_then(ToReaper::decode) {
                Some(ToReaper::Signal(number)) => {
                    self.signal_group(number);
                    false
                }
                Some(ToReaper::Kill) | None => true,
            },
        }
    }

    /// Sends a signal to the program's group.
    fn signal_group(&self, number: i32) {
        if raw::signal_group(seats::PROGRAM, number) == Err(libc::EINVAL) {
            // An old kernel. Until the program has been reaped its number is its own.
            if let Some(program) = self.program {
                let _ = raw::kill(-program, number);
            }
        }
    }

    /// Reaps whoever has ended. Says how many that were, or `None` if nobody is left.
    fn reap(&mut self) -> Option<u32> {
        let mut signals = [0; 512];
        // Empties the descriptor; who has ended is what the next lines find out.
        let _ = raw::read(seats::SIGNALS, &mut signals);
        let mut count = 0_u32;
        let mut end = None;
        let left = loop {
            match raw::reap_any() {
                Ok(reaped) => {
                    count = count.saturating_add(1);
                    if Some(reaped.pid) == self.program {
                        self.program = None;
                        end = Some(reaped);
                    }
                }
                Err(left) => break left,
            }
        };
        let empty = left == Left::Nobody;
        match end {
            // One word says both, so that nobody has to look for others who are not there.
            Some(end) => self.tell(FromWarden::Ended { how: end.how, status: end.status, empty }),
            None if empty => self.tell(FromWarden::Empty),
            None => {}
        }
        (!empty).then_some(count)
    }

    /// Kills and reaps until nobody is left, however long that takes.
    ///
    /// Children's numbers are their own until they are reaped, which nobody else can do. Whoever is not found among the
    /// descendants becomes a child when its parent has gone, and is next.
    fn end_all(&mut self) {
        raw::go_first();
        loop {
            self.signal_group(libc::SIGKILL);
            self.kill_cgroup();
            let pause = self.kill_families() / A_MILLISECONDS_WORTH;
            if pause > 0 {
                // To look again takes as long as it did, and those who are to die need the processor, too.
                let _ = raw::wait_readable([], Some(pause.min(KILL_AGAIN)));
            }
            match self.reap() {
                None => return,
                Some(0) => {
                    let _ = raw::wait_readable([seats::SIGNALS], Some(KILL_AGAIN));
                }
                Some(_) => {}
            }
        }
    }

    fn kill_cgroup(&self) {
        if let Some(cgroup) = self.cgroup {
            if let Ok(kill) = raw::open(cgroup, c"cgroup.kill", libc::O_WRONLY) {
                // It reaches those who have changed their user. If it fails there is still the way by children.
                let _ = raw::write(kill, b"1");
                let _ = raw::close(kill);
            }
        }
    }

    /// Kills all children and those below, and says how many children there are.
    fn kill_families(&self) -> u32 {
        let mut count = 0_u32;
        if raw::rewind(seats::CHILDREN).is_ok() {
            raw::for_each_number(seats::CHILDREN, |child| {
                kill_family(child);
                count = count.saturating_add(1);
            });
        }
        count
    }

    fn tell(&mut self, what: FromWarden) {
        if self.heard {
            self.heard = raw::send(seats::LINE, &what.encode(), &[], Patience::Never).is_ok();
        }
    }
}
