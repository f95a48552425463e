//! The supervisor's side of the warden.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once};
use std::thread;
use std::time::Duration;

use nix::poll::PollTimeout;
use nix::sys::signal::SigSet;
use tokio::sync::watch;

use super::WardenError;
use super::pool::{BATCH, Pool, ReaperUse};
use super::program::{NAME, find, image_of, image_of_itself, start};
use super::protocol::{FromWarden, REPLY, ToReaper, ToWarden, VERSION};
use super::serve::serve;
use super::shared_client::{SharedClient, has_something_to_read, is_hung_up};
use crate::Init;
use crate::shortage::note_former_refusals;
use crate::sys::raw::{self, Blocking};
use crate::sys::{self, Fork, Inherited};

/// How long until a warden that has not read its messages is written to again.
const BUSY: Duration = Duration::from_millis(5);

/// How long a warden may take to answer. It answers at once, unless code of another library that runs before it blocks.
const ANSWER: Duration = Duration::from_secs(10);

/// A small process that starts a tree's programs, and ends all that is left of them when this program dies.
///
/// With a warden, process children are followed at containment `tree`: all descendants of a child belong to it,
/// wherever they go, and whatever becomes of this program they are gone soon after it. It needs no privileges. A
/// program has one warden, which serves all of its trees; a tree is told to use it by
/// [`Containment::tree`](crate::Containment::tree).
///
/// Programs get what the thread that starts them has at that moment, as with `std::process::Command`: user, groups,
/// capabilities, `no_new_privs`, limits, file mode mask and nice value. Seccomp filters, namespaces and processor
/// affinity are those of the warden. Programs have no controlling terminal.
///
/// When the last handle is dropped the warden ends, after whatever it has started.
///
/// # Examples
///
/// ```
/// use rootward_core::Supervisor;
/// use rootward_procs::{Containment, Process, Warden};
///
/// fn main() {
///     // First of all: later there are other threads, and a fork is refused.
///     let containment = match Warden::fork() {
///         Ok(warden) => Containment::tree(&warden),
///         Err(_) => Containment::group(),
///     };
///     let root = Supervisor::new("root").child(Process::new("sleep").arg("1000").into_child("sleep"));
///     let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
///     runtime.block_on(async {
///         let tree = containment.apply(root.into_tree().unwrap()).start().await.unwrap();
///         assert_eq!(tree.stop().await.containment, Some(containment.name()));
///     });
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Warden(Arc<WardenClient>);

/// What there is of a warden in this program.
pub(crate) struct WardenClient {
    shared: Arc<SharedClient>,
    /// What the warden has, and its reapers, which is what the thread had that has made it.
    inherited: Inherited,
    /// Whether it was said that a cgroup is gone.
    said_without_cgroup: AtomicBool,
    cgroup: bool,
    watcher: Once,
    trimmer: Once,
}

/// The socket between a program and a warden that is yet to come, if the system lets a warden do its work.
fn line() -> Result<(OwnedFd, OwnedFd), WardenError> {
    // A warden would take other processes for its children, and kill them.
    if sys::proc_is_foreign() {
        return Err(WardenError::ForeignProc);
    }
    // A warden that heard of no end would say of nothing that it is gone.
    raw::can_wait().map_err(io::Error::from_raw_os_error).map_err(WardenError::refused("waitid"))?;
    sys::pair().map_err(WardenError::refused("socketpair"))
}

impl Warden {
    /// Makes a copy of this process the warden.
    ///
    /// This has to happen at the very start of `main`, while the program is small and has one thread.
    ///
    /// # Errors
    ///
    /// [`WardenError::TooLate`] if there are other threads already, [`WardenError::ForeignProc`] if `/proc` is that of
    /// another pid namespace, [`WardenError::Transient`] if the system lacks processes, memory or descriptors, and
    /// others if it refuses something.
    pub fn fork() -> Result<Self, WardenError> {
        note_former_refusals();
        Self::forked().map_err(WardenError::with_limit)
    }

    fn forked() -> Result<Self, WardenError> {
        let (ours, theirs) = line()?;
        let supervisor = raw::own_pid();
        match sys::fork() {
            Err((_, error)) if error.raw_os_error() == Some(libc::EBUSY) => {
                Err(WardenError::TooLate { threads: sys::threads()? })
            }
            Err((call, source)) => Err(WardenError::Refused { call, source }),
            Ok(Fork::Child) => {
                // First of all: the warden would hold both ends, and not see this one hang up.
                drop(ours);
                // Until it listens, a second way to hear of it. Nothing has been started yet.
                let _ = raw::die_with_parent(libc::SIGKILL);
                if raw::parent_pid() != supervisor {
                    raw::exit(1);
                }
                serve(theirs)
            }
            Ok(Fork::Parent { child, pidfd }) => {
                drop(theirs);
                Self::begin(child, pidfd, ours, true)
            }
        }
    }

    /// Makes this program itself the warden, executed once more: for programs whose `main` is not ours, or has come
    /// too far for [`fork`](Self::fork). It needs no discipline and no second file.
    ///
    /// The second process never comes to the program's `main`. A function of this library that runs before it, in
    /// every program that uses this, finds a variable of the environment and serves as the warden. It does nothing in
    /// any other start, and nothing in a program that runs with more rights than its caller. Constructors of other
    /// libraries in the program may run before it. If one of them blocks, the second process is killed after 10
    /// seconds.
    ///
    /// # Errors
    ///
    /// [`WardenError::NotItself`] if this library is not part of the program's own file: it is in a library that an
    /// interpreter has loaded, for example. [`WardenError::Io`] with the kind `TimedOut` if the second process does not
    /// answer. [`WardenError::Transient`] if the system lacks processes, memory or descriptors, and others if it
    /// refuses something.
    pub fn itself() -> Result<Self, WardenError> {
        note_former_refusals();
        Self::executed().map_err(WardenError::with_limit)
    }

    fn executed() -> Result<Self, WardenError> {
        if !sys::is_in_the_program()? {
            return Err(WardenError::NotItself);
        }
        let (ours, theirs) = line()?;
        let (pid, pidfd) = start(image_of_itself(theirs)?).map_err(WardenError::refused("clone"))?;
        Self::begin(pid, pidfd, ours, true)
    }

    /// Makes the program `rootward-warden` the warden: the one next to this program, or the first in `PATH`.
    ///
    /// For programs whose `main` is not ours, or has come too far for [`fork`](Self::fork). It is never looked for in
    /// the current directory: of `PATH` only absolute directories count.
    ///
    /// # Errors
    ///
    /// [`WardenError::NotFound`] if there is no such program, and what [`program`](Self::program) says.
    pub fn find() -> Result<Self, WardenError> {
        match find() {
            Some(program) => Self::program(program),
            None => Err(WardenError::NotFound),
        }
    }

    /// Makes this program the warden, which has to be `rootward-warden`.
    ///
    /// # Errors
    ///
    /// [`WardenError::Program`] if it cannot be started or is another program, [`WardenError::Transient`] if the system
    /// lacks processes, memory or descriptors, and others if it refuses something.
    pub fn program(program: impl Into<PathBuf>) -> Result<Self, WardenError> {
        note_former_refusals();
        Self::started(program.into()).map_err(WardenError::with_limit)
    }

    fn started(program: PathBuf) -> Result<Self, WardenError> {
        let wrong = |source| WardenError::Program { program: program.clone(), source };
        let (ours, theirs) = line()?;
        let image = image_of(&program, theirs).map_err(wrong)?;
        let (pid, pidfd) = start(image).map_err(wrong)?;
        match Self::begin(pid, pidfd, ours, true) {
            Err(WardenError::Io(source)) => Err(wrong(source)),
            other => other,
        }
    }

    /// Introduces this program to its warden, which is killed if it does not answer in time.
    fn begin(pid: i32, pidfd: OwnedFd, socket: OwnedFd, cgroup: bool) -> Result<Self, WardenError> {
        Self::begin_within(ANSWER, pid, pidfd, socket, cgroup)
    }

    fn begin_within(
        patience: Duration,
        pid: i32,
        pidfd: OwnedFd,
        socket: OwnedFd,
        cgroup: bool,
    ) -> Result<Self, WardenError> {
        let inherited = Inherited::as_it_is()?;
        let shared = Arc::new(SharedClient {
            pid,
            socket,
            pidfd,
            state: Mutex::default(),
            changed: Condvar::new(),
            pool: Pool::default(),
            died: watch::Sender::new(false),
        });
        let mut client = WardenClient {
            shared,
            inherited,
            said_without_cgroup: AtomicBool::new(false),
            cgroup: false,
            watcher: Once::new(),
            trimmer: Once::new(),
        };
        let own = sys::open(raw::own_pid()).map_err(WardenError::refused("pidfd_open"))?;
        let setup = ToWarden::Setup { version: VERSION, cgroup }.encode();
        let socket = &client.shared.socket;
        sys::send_message(socket, &setup, &[own.as_fd()], Blocking::Wait)?;
        if !has_something_to_read(socket, patience)? {
            // It has started nothing yet. When the client is dropped, it is reaped.
            let _ = sys::send(&client.shared.pidfd, libc::SIGKILL);
            let why = format!("it has not answered for {} seconds", patience.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, why).into());
        }
        let mut reply = [0; REPLY];
        let (bytes, _) = sys::receive(socket, &mut reply, Blocking::Wait)?;
        match FromWarden::decode(&reply[..bytes]) {
            Some(FromWarden::Ready { cgroup }) => {
                client.cgroup = cgroup;
                Ok(Self(Arc::new(client)))
            }
            Some(FromWarden::Unable { errno }) => {
                Err(WardenError::Unable { source: io::Error::from_raw_os_error(errno) })
            }
            Some(_) | None => Err(io::Error::from(io::ErrorKind::InvalidData).into()),
        }
    }

    /// The warden's process id.
    pub fn pid(&self) -> u32 {
        self.0.shared.pid.unsigned_abs()
    }

    /// Has this program also end the orphans that come to its init, if the warden is killed together with the parents
    /// of its programs.
    ///
    /// Processes in the program's own session are not touched, and as long as the warden lives no process is.
    pub fn adopt_orphans(&self, init: Init) {
        self.0.shared.state().init = Some(init.process());
    }

    /// Waits until the warden has died although it is still needed.
    ///
    /// What it has started is still under control then, but nothing more can be started: a tree should stop.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn died(&self) {
        self.0.listen();
        let mut died = self.0.shared.died.subscribe();
        if died.wait_for(|died| *died).await.is_err() {
            // The sender has gone, so that no answer will come.
            std::future::pending().await
        }
    }

    /// Lets go of the warden, and waits until it is gone: nothing can be started with it any more. `false` says that it
    /// is not gone in this time, because something that it has started is still there.
    pub fn close(&self, within: Duration) -> bool {
        self.0.shared.close(within)
    }

    pub(crate) fn client(&self) -> &Arc<WardenClient> {
        &self.0
    }

    pub(crate) fn has_cgroup(&self) -> bool {
        self.0.cgroup
    }
}

impl WardenClient {
    /// A line to a reaper that has nothing to do. Until it gets an order, a caller that drops the line lets go of the
    /// reaper.
    ///
    /// Cancel safe.
    pub(crate) async fn line(&self, cgroup: bool) -> io::Result<Arc<OwnedFd>> {
        loop {
            if self.shared.state().dead {
                return Err(io::Error::from_raw_os_error(libc::EPIPE));
            }
            self.listen();
            if let Some(line) = self.shared.pool.take() {
                return Ok(line);
            }
            match self.bear(cgroup) {
                Ok([line]) => return Ok(line),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => pause().await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Has reapers made for the next starts if few are left. Has used ones get ready.
    pub(crate) fn prepare(&self, cgroup: bool) {
        // Without a cgroup to be replaced, getting ready is not worth a message.
        while let Some(line) = cgroup.then(|| self.shared.pool.take_worn()).flatten() {
            // A reaper that cannot be told gets ready when its order comes.
            let _ = sys::send_message(&line, &ToReaper::GetReady.encode(), &[], Blocking::Never);
            self.shared.pool.put(line, ReaperUse::Fresh);
        }
        if self.shared.pool.is_low() {
            // If it is not possible, the start that needs a reaper gets the error.
            if let Ok(lines) = self.bear::<BATCH>(cgroup) {
                for line in lines {
                    self.shared.pool.put(line, ReaperUse::Fresh);
                }
            }
        }
    }

    /// Takes back the line to a reaper that has nothing to do any more.
    pub(crate) fn recycle(&self, line: Arc<OwnedFd>) {
        if self.shared.pool.put(line, ReaperUse::Worn) {
            self.trimmer.call_once(|| {
                let shared = Arc::clone(&self.shared);
                // Without a thread there are more reapers than are needed.
                let _ = thread::Builder::new().name("rootward-spares".to_owned()).spawn(move || {
                    let _ = SigSet::all().thread_block();
                    shared.pool.trim();
                });
            });
        }
    }

    /// Has the warden make reapers. What becomes of each is said on its line.
    fn bear<const N: usize>(&self, cgroup: bool) -> io::Result<[Arc<OwnedFd>; N]> {
        let pairs: Vec<_> = (0..N).map(|_| sys::pair()).collect::<io::Result<_>>()?;
        let theirs: Vec<_> = pairs.iter().map(|(_, theirs)| theirs.as_fd()).collect();
        let order = ToWarden::Reapers { cgroup }.encode();
        sys::send_message(&self.shared.socket, &order, &theirs, Blocking::Never)?;
        let mut ours = pairs.into_iter().map(|(ours, _)| Arc::new(ours));
        Ok(std::array::from_fn(|_| ours.next().expect("there are as many as were made")))
    }

    /// What a program has that the warden starts, and that is given nothing else.
    pub(crate) fn inherited(&self) -> &Inherited {
        &self.inherited
    }

    /// Whether this is the first time that a cgroup is gone.
    pub(crate) fn is_first_without_cgroup(&self) -> bool {
        !self.said_without_cgroup.swap(true, Ordering::Relaxed)
    }

    /// Whether the warden is gone. It closes its socket before the lines that it was about to hand on.
    pub(crate) fn is_gone(&self) -> bool {
        self.shared.state().dead || is_hung_up(&self.shared.socket)
    }

    /// A reaper has a set, and this is the line to it.
    pub(super) fn began(&self, reaper: i32, line: &OwnedFd) {
        let mut state = self.shared.state();
        // Under the lock: if the reaper dies after this, the word that it was swept is entered after this as well.
        let lives = !is_hung_up(line);
        state.reapers.began(reaper, lives);
    }

    /// A reaper has said that no process is left, or its set does not matter any more.
    pub(super) fn ended(&self, reaper: i32) {
        self.shared.state().reapers.ended(reaper);
    }

    /// Whether all is gone that a reaper left behind which has died before its time.
    pub(super) fn is_swept(&self, reaper: i32) -> bool {
        self.shared.state().reapers.is_swept(reaper)
    }

    /// Begins to listen to the warden.
    fn listen(&self) {
        self.watcher.call_once(|| {
            let shared = Arc::clone(&self.shared);
            // Without a thread, this program never hears that a reaper that died before its time was swept.
            let _ = thread::Builder::new().name(NAME.to_owned()).spawn(move || {
                let _ = SigSet::all().thread_block();
                shared.listen();
            });
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing tells when the warden has read its mail")]
async fn pause() {
    tokio::time::sleep(BUSY).await;
}

/// Waits for nothing: the last handle may be dropped on a runtime's thread.
impl Drop for WardenClient {
    fn drop(&mut self) {
        self.shared.let_go();
        // The thread that listens to the warden reaps it.
        if !self.watcher.is_completed() {
            let shared = Arc::clone(&self.shared);
            // Without a thread a zombie stays until this program ends.
            let _ = thread::Builder::new().name(NAME.to_owned()).spawn(move || {
                let _ = SigSet::all().thread_block();
                shared.wait_for_the_end(PollTimeout::NONE);
            });
        }
    }
}

impl fmt::Debug for WardenClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WardenClient")
            .field("pid", &self.shared.pid)
            .field("cgroup", &self.cgroup)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
