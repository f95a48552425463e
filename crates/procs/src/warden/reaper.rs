//! A reaper: the parent of one process child's program, which also adopts all its orphans.
//!
//! Because it adopts the orphans among its descendants, "no children" means "nothing is left", and the kernel proves
//! it. The reaper waits on a line of its own for an order to start a program. It tells the supervisor over the line how
//! the program ended and when no process is left, and then waits for the next order. It ends everything when it is told
//! to, when the line is cut, and when the supervisor has died. It exits when no process is left and no order can come
//! any more.
//!
//! A reaper shares the warden's memory, so that it costs little to start and less to keep. It has a stack of its own
//! and writes to nothing else; it allocates nothing and makes system calls that touch no `errno`. It must not panic.

use super::descendants::kill_with_descendants;
use super::descriptor_numbers as fds;
use super::limits;
use super::protocol::{Descriptor, FromWarden, LaunchHeader, SetRemainder, ToReaper};
use crate::spec::CgroupLimits;
use crate::sys::raw::{self, Blocking, ChildrenLeft, Errno, MOST_DESCRIPTORS};
use crate::sys::{MOST_EXTRA, ReaperJob, SpawnStage, Surroundings};

/// How long until every process that is still there gets another SIGKILL, if none has ended in between.
const KILL_AGAIN: u32 = 50;

/// How many children it takes a millisecond to look at, more or less.
const A_MILLISECONDS_WORTH: u32 = 50;

/// What a reaper knows.
struct Reaper {
    /// The program's process id, until it has been reaped.
    program: Option<i32>,
    /// Whether the reaper has a cgroup. Its directory is then at [`fds::OWN_CGROUP`].
    cgroup: bool,
    /// Whether a set has lived in the cgroup. Its processes may have limited or frozen the cgroup.
    cgroup_is_worn: bool,
    /// How many cgroups could not be removed, because the processes have left others in them. The warden removes those.
    cgroups_left: u8,
    /// The nice value of the warden, which the reaper's programs inherit.
    nice: Option<i32>,
    /// Whether the reaper has another nice value, because of the programs that it has started.
    goes_soon: bool,
    /// Whether the reaper exits when no process is left, because it has ended a set by force. The kernel kills at birth
    /// a process that is born into a cgroup in which all processes were killed: it compares how often that has happened
    /// there, and where the parent is.
    spent: bool,
    /// Whether the supervisor can still be told anything.
    heard: bool,
}

/// An order to start a program, and the descriptors that came with it.
type ReceivedOrder = (LaunchHeader, [i32; MOST_DESCRIPTORS]);

/// Starts programs, one when no process is left of the one before, until no order can come any more.
pub(super) fn main(job: &mut ReaperJob) -> i32 {
    let line = job.new_reaper.line;
    let warden = raw::parent_pid();
    match settle(job) {
        Ok(mut reaper) => {
            reaper.get_ready(job);
            while let Some(launch) = reaper.next(job) {
                reaper.carry_out(launch, job);
            }
        }
        // If the supervisor does not hear it, it does not wait for it either.
        Err(errno) => drop(raw::send(line, &refusal((SpawnStage::Clone, errno)), &[], Blocking::Never)),
    }
    if raw::parent_pid() == warden {
        // If a process has stopped the warden and the supervisor has died, only the reaper is left to continue the
        // warden. The line of a dying supervisor is cut before it counts as dead, so that whether it is dead is not
        // asked here.
        let _ = raw::kill(warden, libc::SIGCONT);
    }
    0
}

fn settle(job: &ReaperJob) -> Result<Reaper, Errno> {
    // Opened now, while there is a descriptor for it: to find the processes that have to be ended takes no new one.
    let children = raw::open(libc::AT_FDCWD, c"/proc/thread-self/children", libc::O_RDONLY)?;
    // The warden's socket is closed by this: the supervisor must see when the warden has gone.
    raw::move_to(job.new_reaper.line, fds::LINE)?;
    raw::move_to(children, fds::CHILDREN)?;
    raw::adopt_orphans()?;
    // The name helps a person who looks at processes, and nothing depends on it.
    let _ = raw::set_name(c"rootward-reaper");
    let _ = raw::close_from(fds::END);
    Ok(Reaper {
        program: None,
        cgroup: false,
        cgroup_is_worn: false,
        cgroups_left: 0,
        nice: raw::nice(),
        goes_soon: false,
        spent: false,
        heard: true,
    })
}

fn refusal((stage, errno): (SpawnStage, Errno)) -> [u8; super::REPLY] {
    FromWarden::Refused { stage: stage as i32, errno }.encode()
}

impl Reaper {
    /// Waits for the next order. `None` says that there will be none.
    fn next(&mut self, job: &mut ReaperJob) -> Option<ReceivedOrder> {
        if !self.heard || self.spent {
            return None;
        }
        loop {
            match raw::wait_readable([fds::LINE, fds::SUPERVISOR], None) {
                Ok([_, true]) if supervisor_is_dead() => return None,
                Ok([false, _]) => continue,
                Ok([true, _]) | Err(_) => {}
            }
            let mut came = [-1; MOST_DESCRIPTORS];
            let bytes = match raw::receive(fds::LINE, job.room(), &mut came, Blocking::Never) {
                Err(libc::EAGAIN) => continue,
                Ok(0) | Err(_) => return None,
                Ok(bytes) => bytes,
            };
            job.take_up(bytes);
            if let Some(header) = LaunchHeader::decode(job.order()) {
                return Some((header, came));
            }
            // A signal that comes late was for processes that are gone.
            if ToReaper::decode(job.order()) == Some(ToReaper::GetReady) {
                self.get_ready(job);
            }
        }
    }

    /// Does ahead what the next order would have to wait for.
    ///
    ///  Only when it is told to: a reaper that has nothing left may be one of a thousand that end together, and then it
    ///  gets no other order.
    fn get_ready(&mut self, job: &mut ReaperJob) {
        job.make_room();
        if job.new_reaper.cgroup {
            // If it fails, the start that needs the cgroup gets the error.
            let _ = self.make_cgroup();
        }
    }

    /// Starts a program, and stays until no process is left of it.
    fn carry_out(&mut self, (header, came): ReceivedOrder, job: &mut ReaperJob) {
        match self.begin(&header, came, job) {
            Ok(()) => {
                self.watch();
                // The descriptors of a program that has gone must not be taken for the next one's.
                let _ = raw::vacate(fds::PROGRAM);
            }
            Err(failed) => self.send(&refusal(failed), &[]),
        }
    }

    fn begin(
        &mut self,
        header: &LaunchHeader,
        came: [i32; MOST_DESCRIPTORS],
        job: &mut ReaperJob,
    ) -> Result<(), (SpawnStage, Errno)> {
        let started = match header.sort(&came) {
            Some((sorted, rest)) => self.start(header, |which| sorted[which as usize], rest, job),
            // There was no room here for all of them.
            None => Err((SpawnStage::Clone, libc::EMFILE)),
        };
        if let Ok((program, pidfd, without)) = started {
            self.program = Some(program);
            let told = FromWarden::Started {
                pid: program,
                reaper: raw::own_pid(),
                without: without.unwrap_or_default(),
            };
            self.send(&told.encode(), &[pidfd]);
            if without.is_some() {
                // The next one is made anew.
                self.cgroup = false;
            }
            // If this fails, old kernels are told the group's number.
            let _ = raw::move_to(pidfd, fds::PROGRAM);
            // The program may become many that all want the processor. Before another is forked this is taken back.
            raw::set_nice(Some(raw::SOON));
            self.goes_soon = true;
        }
        // None of this can fail, and if it did a descriptor would stay open.
        let _ = raw::close_from(fds::END);
        job.give_back();
        started.map(drop)
    }

    fn start(
        &mut self,
        header: &LaunchHeader,
        came: impl Fn(Descriptor) -> Option<i32>,
        rest: [Option<i32>; MOST_EXTRA],
        job: &mut ReaperJob,
    ) -> Result<(i32, i32, Option<Errno>), (SpawnStage, Errno)> {
        let unmade = |errno| (SpawnStage::Clone, errno);
        if let Some(file) = came(Descriptor::File) {
            job.take_from_file(file, header.bytes).map_err(unmade)?;
        }
        let without = match header.cgroup.map(|_| self.make_cgroup()) {
            None | Some(Ok(())) => None,
            // What the system may have again later is for the supervisor to wait for.
            Some(Err(errno @ (libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::EAGAIN))) => {
                return Err(unmade(errno));
            }
            // Another process has removed the directory, or it may have no more in it. The reaper does without.
            Some(Err(errno)) => Some(errno),
        };
        let has_cgroup = header.cgroup.is_some() && without.is_none();
        self.cgroup_is_worn |= has_cgroup;
        let limits = header.cgroup.filter(CgroupLimits::is_any);
        if let Some(limits) = &limits {
            limit(limits, without)?;
        }
        if std::mem::take(&mut self.goes_soon) {
            raw::set_nice(self.nice);
        }
        let extra = header.extra(job.order(), rest).ok_or_else(|| unmade(libc::EINVAL))?;
        let surroundings = Surroundings {
            extra,
            begin_in: came(Descriptor::BeginIn),
            stdio: [Descriptor::Stdin, Descriptor::Stdout, Descriptor::Stderr].map(came),
            session: header.session,
            cgroup: has_cgroup.then_some(fds::OWN_CGROUP),
            is_limited: limits.is_some(),
        };
        job.spawn(header.layout, surroundings).map(|(pid, pidfd, gone)| (pid, pidfd, gone.or(without)))
    }

    /// Makes the cgroup for the next set, named after this reaper, unless there is one that has not been used.
    fn make_cgroup(&mut self) -> Result<(), Errno> {
        if self.cgroup && !self.cgroup_is_worn {
            return Ok(());
        }
        if self.cgroup {
            let worn = super::cgroup::name_of(raw::own_pid(), self.cgroups_left);
            if raw::remove_directory(fds::CGROUPS, worn.as_c_str()).is_err() {
                self.cgroups_left = self.cgroups_left.checked_add(1).ok_or(libc::EBUSY)?;
            }
            (self.cgroup, self.cgroup_is_worn) = (false, false);
        }
        let name = super::cgroup::name_of(raw::own_pid(), self.cgroups_left);
        match raw::make_directory(fds::CGROUPS, name.as_c_str()) {
            // Made before, and then there was no descriptor for it.
            Ok(()) | Err(libc::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
        let directory = raw::open(fds::CGROUPS, name.as_c_str(), libc::O_RDONLY | libc::O_DIRECTORY)?;
        raw::move_to(directory, fds::OWN_CGROUP)?;
        self.cgroup = true;
        Ok(())
    }

    /// Stays until no process is left.
    fn watch(&mut self) {
        if !self.heard {
            return self.end_all();
        }
        loop {
            let readable = raw::wait_readable([fds::LINE, fds::SUPERVISOR, fds::SIGNALS], None);
            // If it was interrupted, by a debugger for example, everything is looked at.
            let [line, supervisor, children] = readable.unwrap_or([true; 3]);
            if children && self.reap().is_none() {
                return;
            }
            if supervisor && supervisor_is_dead() {
                return self.end_all();
            }
            if line && self.obey() {
                return self.end_all();
            }
        }
    }

    /// Does what it is told. `true` says that everything has to end: by order, or because the line is cut.
    fn obey(&mut self) -> bool {
        let mut order = [0; 8];
        let mut came = [-1; raw::MOST_DESCRIPTORS];
        match raw::receive(fds::LINE, &mut order, &mut came, Blocking::Never) {
            Err(libc::EAGAIN | libc::EINTR) => false,
            Ok(0) | Err(_) => true,
            Ok(bytes) => match order.get(..bytes).and_then(ToReaper::decode) {
                Some(ToReaper::Signal(number)) => {
                    self.signal_group(number);
                    false
                }
                Some(ToReaper::GetReady) => false,
                Some(ToReaper::Kill) | None => true,
            },
        }
    }

    /// Sends a signal to the program's group.
    fn signal_group(&self, number: i32) {
        if raw::signal_group(fds::PROGRAM, number) == Err(libc::EINVAL) {
            // An old kernel. Until the program has been reaped its number is its own.
            if let Some(program) = self.program {
                let _ = raw::kill(-program, number);
            }
        }
    }

    /// Reaps the children that have ended. Returns how many that were, or `None` if no process is left.
    fn reap(&mut self) -> Option<u32> {
        let mut signals = [0; 512];
        // Empties the descriptor. Which children have ended, the next lines find out.
        let _ = raw::read(fds::SIGNALS, &mut signals);
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
        let rest = match left {
            ChildrenLeft::Alive => SetRemainder::Processes,
            ChildrenLeft::NoChild if self.spent => SetRemainder::NothingAndExits,
            ChildrenLeft::NoChild => SetRemainder::Nothing,
        };
        match end {
            // One message says both, so that the supervisor need not look for other members.
            Some(end) => self.tell(FromWarden::Ended {
                how: end.how,
                status: end.status,
                rest,
                out_of_memory: self.has_run_out_of_memory(end.status, end.how),
            }),
            None if rest != SetRemainder::Processes => self.tell(FromWarden::Empty { rest }),
            None => {}
        }
        (rest == SetRemainder::Processes).then_some(count)
    }

    /// Kills and reaps until no process is left, however long that takes.
    ///
    ///  Children's numbers are their own until they are reaped, and no other process reaps them. A process that is
    ///  missed among the descendants becomes a child when its parent has gone, and is killed in the next round.
    fn end_all(&mut self) {
        self.spent = true;
        loop {
            self.signal_group(libc::SIGKILL);
            self.kill_cgroup();
            let pause = self.kill_all_descendants() / A_MILLISECONDS_WORTH;
            if pause > 0 {
                // To look again takes as long as it did, and the processes that are to die need the processor, too.
                let _ = raw::wait_readable([], Some(pause.min(KILL_AGAIN)));
            }
            match self.reap() {
                None => return,
                Some(0) => {
                    let _ = raw::wait_readable([fds::SIGNALS], Some(KILL_AGAIN));
                }
                Some(_) => {}
            }
        }
    }

    /// Whether a program that has ended so may have been killed because its cgroup had no memory for it.
    fn has_run_out_of_memory(&self, status: i32, how: i32) -> bool {
        let is_killed = how != libc::CLD_EXITED && status == libc::SIGKILL;
        is_killed && self.cgroup && limits::has_run_out_of_memory(fds::OWN_CGROUP)
    }

    fn kill_cgroup(&self) {
        if !self.cgroup {
            return;
        }
        if let Ok(kill) = raw::open(fds::OWN_CGROUP, c"cgroup.kill", libc::O_WRONLY) {
            // It reaches processes that have changed their user. If it fails, killing child by child is left.
            let _ = raw::write(kill, b"1");
            let _ = raw::close(kill);
        }
    }

    /// Kills all children and their descendants, and says how many children there are.
    fn kill_all_descendants(&self) -> u32 {
        let mut count = 0_u32;
        if raw::rewind(fds::CHILDREN).is_ok() {
            raw::for_each_number(fds::CHILDREN, |child| {
                kill_with_descendants(child);
                count = count.saturating_add(1);
            });
        }
        count
    }

    fn tell(&mut self, what: FromWarden) {
        self.send(&what.encode(), &[]);
    }

    fn send(&mut self, message: &[u8], descriptors: &[i32]) {
        if self.heard {
            self.heard = raw::send(fds::LINE, message, descriptors, Blocking::Never).is_ok();
        }
    }
}

/// Sets the limits of the reaper's cgroup, unless it is `without` one. No program runs without its limits.
fn limit(limits: &CgroupLimits, without: Option<Errno>) -> Result<(), (SpawnStage, Errno)> {
    let failed = |number, errno| (SpawnStage::of_cgroup_limit(number), errno);
    if let Some(errno) = without {
        // One that is not there could be taken for a controller that is not.
        let errno = if errno == libc::ENOENT { libc::ENODEV } else { errno };
        return Err(failed(limits.first(), errno));
    }
    let set = limits::set_limits(fds::OWN_CGROUP, fds::CGROUPS, limits);
    set.map_err(|(number, errno)| match errno {
        // It passes.
        libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::EAGAIN => (SpawnStage::Clone, errno),
        lasting => failed(number, lasting),
    })
}

fn supervisor_is_dead() -> bool {
    raw::wait_readable([fds::SUPERVISOR], Some(0)).is_ok_and(|[dead]| dead)
}
