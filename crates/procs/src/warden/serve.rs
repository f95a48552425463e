//! The warden's own life: it starts reapers, and ends what those leave behind that die before their time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use super::cgroup::Cgroups;
use super::descendants::kill_with_descendants;
use super::protocol::{FromWarden, LONGEST_TO_WARDEN, ToWarden, VERSION};
use super::{descriptor_numbers as fds, reaper};
use crate::sys::raw::{self, Blocking, ChildrenLeft, Errno, MOST_DESCRIPTORS, Reaped};
use crate::sys::{self, InUse, NewReaper, ReaperSlot, SpawnStage};

/// How long until strangers are looked for again, while there are some that have not gone.
const LOOK_AGAIN: u32 = 20;

/// From how many reapers on ends are gathered, and for how many milliseconds.
const MANY: usize = 64;
const GATHER: u32 = 5;

/// What the program `rootward-warden` does: it serves the program that has started it, until that ends or lets go.
///
/// Only [`Warden::program`](super::Warden::program) starts it.
#[doc(hidden)]
pub fn warden_main() -> ExitCode {
    match sys::take_input() {
        Ok(socket) if sys::is_packet_socket(&socket) => serve(socket),
        Ok(_) | Err(_) => ExitCode::from(2),
    }
}

/// Ends a program that has executed itself to be the warden, and must not be one.
pub(crate) fn end_instead_of_main() {
    if sys::take_input().is_ok_and(|input| sys::is_packet_socket(&input)) {
        raw::exit(1);
    }
}

/// Serves as the warden in a program that has executed itself for this, and does not return then.
pub(crate) fn instead_of_main() {
    if let Ok(socket) = sys::take_input() {
        if sys::is_packet_socket(&socket) {
            serve(socket);
        }
    }
}

/// Serves the supervisor at the other end of a socket, and ends this process after that.
pub(super) fn serve(socket: OwnedFd) -> ! {
    let code = match Server::begin(socket) {
        Ok(mut server) => {
            server.run();
            0
        }
        Err(_) => 1,
    };
    // Exits without the destructors and buffers of the program that this was forked from: they are not ours.
    raw::exit(code)
}

struct Server {
    /// The slots in which reapers live, by their process ids.
    reapers: BTreeMap<i32, InUse>,
    /// The slots for the next reapers.
    free: Vec<ReaperSlot>,
    cgroups: Option<Cgroups>,
    /// Reapers that have died before their time, and what they have left is not all gone. A child that such a reaper
    /// was about to start may not have executed its program yet, and until then it lives in the reaper's memory.
    lost: Vec<(i32, InUse)>,
    /// Messages that could not be sent yet.
    unsaid: Vec<FromWarden>,
    /// Whether the supervisor can still be heard.
    hears: bool,
}

impl Server {
    fn begin(socket: OwnedFd) -> io::Result<Self> {
        let mut message = [0; 64];
        let (bytes, supervisor) = sys::receive(&socket, &mut message, Blocking::Wait)?;
        let wants_cgroup = match (ToWarden::decode(&message[..bytes]), &supervisor) {
            (Some(ToWarden::Setup { version: VERSION, cgroup }), Some(_)) => cgroup,
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        let cgroups = if wants_cgroup { Cgroups::create() } else { None };
        match take_up(&socket, supervisor, cgroups.as_ref()) {
            Ok(()) => {
                // Its number is free, or another descriptor has it.
                std::mem::forget(socket);
                let mut server = Self {
                    reapers: BTreeMap::new(),
                    free: Vec::new(),
                    cgroups,
                    lost: Vec::new(),
                    unsaid: Vec::new(),
                    hears: true,
                };
                server.say(FromWarden::Ready { cgroup: server.cgroups.is_some() });
                Ok(server)
            }
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(libc::EIO);
                let unable = FromWarden::Unable { errno }.encode();
                let _ = sys::send_message(&socket, &unable, &[], Blocking::Never);
                Err(error)
            }
        }
    }

    /// Serves until the supervisor has gone and no process is left.
    fn run(&mut self) {
        loop {
            let timeout = (!self.lost.is_empty() || !self.unsaid.is_empty()).then_some(LOOK_AGAIN);
            // A line that has ended is not waited for: it is readable for ever.
            let line = if self.hears { fds::LINE } else { -1 };
            let supervisor = if self.hears { fds::SUPERVISOR } else { -1 };
            let ready = raw::wait_readable([line, supervisor, fds::SIGNALS], timeout);
            let [line, supervisor, signals] = ready.unwrap_or([true; 3]);
            if supervisor && self.hears && raw::wait_readable([fds::SUPERVISOR], Some(0)) == Ok([true]) {
                self.stop_listening();
            }
            if signals && !line && self.hears && self.reapers.len() > MANY {
                // Nothing waits for reapers to be reaped, and the kernel looks at all children every time it is asked
                // which of them has ended. So the others that are about to end are left the time to do it.
                let _ = raw::wait_readable([fds::LINE, fds::SUPERVISOR], Some(GATHER));
            }
            if line && self.hears {
                self.listen();
            }
            if signals || timeout.is_some() || !self.hears {
                let left = self.reap();
                self.sweep();
                if !self.hears && left == ChildrenLeft::NoChild && self.reapers.is_empty() {
                    return;
                }
            }
            self.say_what_is_unsaid();
        }
    }

    /// Takes one message.
    fn listen(&mut self) {
        let mut message = [0; LONGEST_TO_WARDEN];
        let mut descriptors = [-1; MOST_DESCRIPTORS];
        match raw::receive(fds::LINE, &mut message, &mut descriptors, Blocking::Never) {
            Err(libc::EAGAIN) => {}
            Ok(0) | Err(_) => self.stop_listening(),
            Ok(bytes) => {
                if let Some(ToWarden::Reapers { cgroup }) = ToWarden::decode(&message[..bytes]) {
                    // If there was no room here for a line, the supervisor finds it cut.
                    for line in descriptors.into_iter().filter(|fd| *fd >= 0) {
                        self.bear(NewReaper { line, cgroup: cgroup && self.cgroups.is_some() });
                    }
                }
                // Reapers have their own.
                for fd in descriptors.into_iter().filter(|fd| *fd >= 0) {
                    let _ = raw::close(fd);
                }
            }
        }
    }

    /// The supervisor has gone or has let go: now all reapers end what they have.
    fn stop_listening(&mut self) {
        self.hears = false;
        for reaper in self.reapers.keys() {
            // A process may have stopped the reaper, for example its own program.
            let _ = raw::kill(*reaper, libc::SIGCONT);
        }
    }

    /// Starts a reaper.
    fn bear(&mut self, new_reaper: NewReaper) {
        if self.free.is_empty() {
            // If there is no memory, that is what is said below.
            self.free = ReaperSlot::make_some().unwrap_or_default();
        }
        let failed = match self.free.pop().map(|slot| slot.start(new_reaper, reaper::main)) {
            Some(Ok((pid, slot))) => {
                self.reapers.insert(pid, slot);
                return;
            }
            Some(Err((errno, slot))) => {
                self.free.push(slot);
                errno
            }
            None => libc::ENOMEM,
        };
        let refused = FromWarden::Refused { stage: SpawnStage::Clone as i32, errno: failed };
        // If the supervisor does not hear it, it does not wait for it either.
        let _ = raw::send(new_reaper.line, &refused.encode(), &[], Blocking::Never);
    }

    /// Reaps the children that have ended.
    fn reap(&mut self) -> ChildrenLeft {
        let mut signals = [0; 512];
        // Empties the descriptor. Which children have ended, the next lines find out.
        let _ = raw::read(fds::SIGNALS, &mut signals);
        loop {
            match raw::reap_any() {
                Ok(reaped) => self.reaped(reaped),
                Err(left) => return left,
            }
        }
    }

    fn reaped(&mut self, Reaped { pid, how, status }: Reaped) {
        let Some(slot) = self.reapers.remove(&pid) else {
            // A process that a lost reaper has left.
            return;
        };
        if (how, status) == (libc::CLD_EXITED, 0) {
            self.free.push(slot.vacated());
            self.remove_cgroup(pid);
        } else {
            self.lost.push((pid, slot));
        }
    }

    /// Ends the children of the warden that are no reapers: a lost reaper has left them.
    fn sweep(&mut self) {
        if self.lost.is_empty() {
            return;
        }
        if let Some(cgroups) = &self.cgroups {
            self.lost.iter().for_each(|(reaper, _)| cgroups.kill(*reaper));
        }
        let Ok(children) = children() else { return };
        let mut strangers = children.into_iter().filter(|pid| !self.reapers.contains_key(pid)).peekable();
        if strangers.peek().is_none() {
            for (reaper, slot) in std::mem::take(&mut self.lost) {
                self.free.push(slot.vacated());
                self.remove_cgroup(reaper);
                self.unsaid.push(FromWarden::Swept { reaper });
            }
        }
        // Their numbers are their own until they are reaped, and none of them is the parent of a reaper.
        strangers.for_each(kill_with_descendants);
    }

    fn remove_cgroup(&self, reaper: i32) {
        if let Some(cgroups) = &self.cgroups {
            cgroups.remove(reaper);
        }
    }

    fn say(&mut self, what: FromWarden) {
        self.unsaid.push(what);
        self.say_what_is_unsaid();
    }

    fn say_what_is_unsaid(&mut self) {
        if !self.hears {
            self.unsaid.clear();
        }
        self.unsaid.retain(|what| {
            let sent = raw::send(fds::LINE, &what.encode(), &[], Blocking::Never);
            sent == Err(libc::EAGAIN)
        });
    }
}

/// Leaves everything that belongs to the supervisor, and moves its descriptors to their numbers.
fn take_up(socket: &OwnedFd, supervisor: Option<OwnedFd>, cgroups: Option<&Cgroups>) -> io::Result<()> {
    sys::leave_home().map_err(io::Error::from_raw_os_error)?;
    let null = || File::options().read(true).write(true).open("/dev/null").map(OwnedFd::from).map(Some);
    let numbers = [
        (null()?, 0),
        (null()?, 1),
        (null()?, 2),
        (Some(socket.try_clone()?), fds::LINE),
        (supervisor, fds::SUPERVISOR),
        (Some(sys::child_signals()?), fds::SIGNALS),
        // Without this list no process could be found, and the kernel may have been built without it.
        (Some(File::open("/proc/thread-self/children")?.into()), fds::CHILDREN),
        (cgroups.map_or_else(null, |cgroups| cgroups.open().map(Some))?, fds::CGROUPS),
        (null()?, fds::PROGRAM),
        (null()?, fds::OWN_CGROUP),
    ];
    sys::take_numbers(numbers)
}

/// The children of this process.
fn children() -> Result<Vec<i32>, Errno> {
    let mut list = Vec::new();
    let mut chunk = [0; 4096];
    raw::rewind(fds::CHILDREN)?;
    loop {
        match raw::read(fds::CHILDREN, &mut chunk)? {
            0 => break,
            bytes => list.extend_from_slice(&chunk[..bytes]),
        }
    }
    let list = String::from_utf8_lossy(&list).into_owned();
    Ok(list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect())
}
