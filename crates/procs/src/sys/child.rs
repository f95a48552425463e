//! A process between clone and exec.
//!
//! The child begins as a thread-like copy that shares the memory of its starter (`CLONE_VM`). The starter stands still
//! (`CLONE_VFORK`) until the child has replaced itself by the program or has given up. That costs the same however
//! large the starter is, and it lets the child say what went wrong by writing it into the starter's memory: no pipe is
//! needed.
//!
//! What the child may do is narrow: it runs on a stack of its own with all signals blocked, and makes system calls with
//! arguments that were prepared before. It allocates nothing, takes no lock, cannot panic, and does not touch `errno`.

#![expect(unsafe_code, reason = "between clone and exec there is nothing but system calls")]

use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use libc::{c_char, c_int, c_void};

use super::apply::{AttributePart, apply};
use super::extra::{Extra, pid_text};
use super::raw::{self, Errno};
use super::session::Session;

/// How far a start came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum SpawnStage {
    /// The process could not be made.
    Clone = 1,
    /// It could not be given the directory in which the program is looked for.
    SetUp,
    /// The working directory could not be entered.
    Directory,
    /// No candidate could be executed.
    Exec,
    /// It could not be given the resource limits of the program that wants it started.
    Limits,
    /// Nor its nice value.
    Nice,
    /// Nor its user and groups.
    Identity,
    /// Nor its capabilities.
    Capabilities,
    /// Nor its processors.
    Cpus,
    /// Nor its rank among those that the system kills when it has no memory left.
    OomScore,
    /// Its descriptors could not be put in their places, and the others closed.
    Descriptors,
    /// It could not be made the leader of its group or session.
    Group,
    /// It could not be made to die with its parent.
    DeathSignal,
    /// Its cgroup could not be given these limits.
    MemoryHigh,
    MemoryMax,
    PidsMax,
    CpuMax,
    CpuWeight,
    /// Its terminal could not be made that of its session.
    Terminal,
}

/// In the order in which they are numbered elsewhere.
const CGROUP_LIMITS: [SpawnStage; 5] = [
    SpawnStage::MemoryHigh,
    SpawnStage::MemoryMax,
    SpawnStage::PidsMax,
    SpawnStage::CpuMax,
    SpawnStage::CpuWeight,
];

impl SpawnStage {
    /// A limit of a cgroup.
    pub(crate) fn of_cgroup_limit(number: usize) -> Self {
        CGROUP_LIMITS.get(number).copied().unwrap_or(Self::SetUp)
    }

    /// Which limit of a cgroup it is, if it is one.
    pub(crate) fn cgroup_limit(self) -> Option<usize> {
        CGROUP_LIMITS.iter().position(|limit| *limit == self)
    }

    fn of(part: AttributePart) -> Self {
        match part {
            AttributePart::Limits => Self::Limits,
            AttributePart::Nice => Self::Nice,
            AttributePart::Identity => Self::Identity,
            AttributePart::Capabilities => Self::Capabilities,
            AttributePart::Cpus => Self::Cpus,
            AttributePart::OomScore => Self::OomScore,
        }
    }

    /// What is called there, as far as it can be refused as a whole.
    pub(crate) fn call(self) -> Option<&'static str> {
        match self {
            Self::Clone => Some("clone"),
            Self::Descriptors => Some("dup3` or `close_range"),
            Self::Group => Some("setpgid` or `setsid"),
            Self::DeathSignal => Some("prctl"),
            Self::Terminal => Some("ioctl"),
            Self::SetUp
            | Self::Directory
            | Self::Exec
            | Self::Limits
            | Self::Nice
            | Self::Identity
            | Self::Capabilities
            | Self::Cpus
            | Self::OomScore
            | Self::MemoryHigh
            | Self::MemoryMax
            | Self::PidsMax
            | Self::CpuMax
            | Self::CpuWeight => None,
        }
    }

    /// The stage with this number. What is no number of a stage is the last one.
    pub(crate) fn from_number(number: i32) -> Self {
        match number {
            1 => Self::Clone,
            2 => Self::SetUp,
            3 => Self::Directory,
            5 => Self::Limits,
            6 => Self::Nice,
            7 => Self::Identity,
            8 => Self::Capabilities,
            9 => Self::Cpus,
            10 => Self::OomScore,
            11 => Self::Descriptors,
            12 => Self::Group,
            13 => Self::DeathSignal,
            19 => Self::Terminal,
            number => CGROUP_LIMITS.into_iter().find(|limit| *limit as i32 == number).unwrap_or(Self::Exec),
        }
    }
}

/// What a child needs, all of it in its starter's memory and prepared before the child exists.
pub(crate) struct ChildSetup {
    /// Like the next two an array of C strings that ends with a null pointer.
    pub(super) candidates: *const *const c_char,
    pub(super) argv: *const *const c_char,
    pub(super) env: *const *const c_char,
    /// A C string, or null if it stays where it is.
    pub(super) directory: *const c_char,
    /// What the program is to inherit that its starter has not, for [`apply`]: that many words, or none.
    pub(super) inherited: (*const u64, usize),
    /// A directory to begin in, from which `directory` counts.
    pub(super) begin_in: Option<c_int>,
    /// What becomes of descriptors 0, 1 and 2; `None` leaves the starter's. Each must be above 2, so that none is
    /// overwritten before its turn.
    pub(super) stdio: [Option<c_int>; 3],
    /// What it gets beside those.
    pub(super) extra: Extra,
    /// The place in `env` for the variable that names this process, or null.
    pub(super) pid_variable: *mut *const c_char,
    pub(super) session: Session,
    /// Whether the starter has nothing that a program must not inherit: all signals have their default effects already,
    /// and all descriptors but the first three are closed by an exec.
    pub(super) tidy: bool,
    /// From this descriptor on the child gets none of its starter's: they are not copied for it, and an exec need not
    /// close them. Each of `stdio` must be below. `None` copies all.
    pub(super) leaves_from: Option<c_int>,
    pub(super) parent: i32,
    /// The stage that failed, or 0. Written by the child, read by its starter after it has left.
    stage: AtomicI32,
    errno: AtomicI32,
}

impl ChildSetup {
    /// # Safety
    ///
    /// The lists must be arrays of C strings that end with a null pointer, `directory` must be a C string or null, and
    /// all of it must outlive the child.
    pub(super) unsafe fn new(lists: [*const *const c_char; 3], directory: *const c_char) -> Self {
        let [candidates, argv, env] = lists;
        Self {
            candidates,
            argv,
            env,
            directory,
            inherited: (ptr::null(), 0),
            begin_in: None,
            stdio: [None; 3],
            extra: Extra::default(),
            pid_variable: ptr::null_mut(),
            session: Session::Ours,
            tidy: false,
            leaves_from: None,
            parent: raw::own_pid(),
            stage: AtomicI32::new(0),
            errno: AtomicI32::new(0),
        }
    }

    /// Starts the child, and waits until it runs its program or has failed. All signals must be blocked.
    ///
    /// Returns its process id and a descriptor of it, which the caller owns. A child that failed has to be reaped.
    ///
    /// # Safety
    ///
    /// `stack` is the top of a stack that nothing else uses, aligned to 16 bytes and with room for a few kilobytes.
    pub(super) unsafe fn start(
        &self,
        stack: *mut c_void,
        cgroup: Option<c_int>,
    ) -> Result<(i32, c_int), Errno> {
        let mut pidfd: c_int = -1;
        // Descriptors that the child leaves behind need not be copied first: it shares the whole table until it leaves.
        let shared = if self.leaves_from.is_some() { libc::CLONE_FILES } else { 0 };
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | shared;
        let argument = ptr::from_ref(self).cast_mut().cast::<c_void>();
        let pidfd_at = (&raw mut pidfd).expose_provenance();
        // SAFETY: the stack is the caller's promise, `self` outlives the call, and the call returns only after the
        // child has left our memory (CLONE_VFORK). The kernel writes the descriptor where it is told to.
        let pid = unsafe {
            match cgroup {
                None => {
                    let flags = (flags | libc::SIGCHLD) as usize;
                    let arguments = [flags, stack.expose_provenance(), pidfd_at, 0, 0];
                    raw::clone_onto(libc::SYS_clone, arguments, child_main, argument)
                }
                Some(cgroup) => {
                    let request = Clone3::new(flags, stack, pidfd_at, cgroup);
                    let arguments = [(&raw const request).expose_provenance(), size_of::<Clone3>(), 0, 0, 0];
                    raw::clone_onto(libc::SYS_clone3, arguments, child_main, argument)
                }
            }
        }?;
        Ok((pid, pidfd))
    }

    /// What the child has said, after it has left our memory.
    pub(super) fn failed(&self) -> Option<(SpawnStage, Errno)> {
        match self.stage.load(Ordering::Acquire) {
            0 => None,
            stage => Some((SpawnStage::from_number(stage), self.errno.load(Ordering::Relaxed))),
        }
    }

    /// Returns only if something failed.
    fn become_program(&self) -> (SpawnStage, Errno) {
        if let Err(failed) = self.set_up() {
            return failed;
        }
        if let Err(errno) = self.go_to_directory() {
            return (SpawnStage::Directory, errno);
        }
        let text = pid_text();
        if !self.pid_variable.is_null() {
            // SAFETY: a place in `env`, as the starter has seen to, which looks at it no more. The text is there until
            // the exec.
            unsafe { self.pid_variable.write(text.as_ptr()) };
        }
        raw::unblock_all_signals();
        (SpawnStage::Exec, self.exec())
    }

    fn set_up(&self) -> Result<(), (SpawnStage, Errno)> {
        self.set_up_descriptors_and_group()?;
        apply(self.inherited()).map_err(|(part, errno)| (SpawnStage::of(part), errno))?;
        // After that: a change of the user takes it away.
        self.die_with_parent().map_err(|errno| (SpawnStage::DeathSignal, errno))
    }

    fn inherited(&self) -> &[u64] {
        let (words, count) = self.inherited;
        // SAFETY: that many words, as the starter of this child has seen to, which outlive it.
        if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(words, count) } }
    }

    fn set_up_descriptors_and_group(&self) -> Result<(), (SpawnStage, Errno)> {
        let descriptors = |errno| (SpawnStage::Descriptors, errno);
        if let Some(first) = self.leaves_from {
            // Before anything is done to descriptors: until then they are the starter's as well.
            raw::leave_from(first).map_err(descriptors)?;
        }
        if !self.tidy {
            raw::reset_dispositions();
        }
        self.session.lead().map_err(|errno| (SpawnStage::Group, errno))?;
        for (target, source) in (0..).zip(self.stdio) {
            if let Some(source) = source {
                raw::duplicate_for_exec(source, target).map_err(descriptors)?;
            }
        }
        self.session.take_terminal().map_err(|errno| (SpawnStage::Terminal, errno))?;
        if let Some(directory) = self.begin_in {
            // Before its number is given to another.
            raw::enter(directory).map_err(|errno| (SpawnStage::SetUp, errno))?;
        }
        if !self.tidy {
            raw::close_from_on_exec(3).map_err(descriptors)?;
        }
        // Before there are limits.
        self.extra.put().map_err(descriptors)
    }

    fn die_with_parent(&self) -> Result<(), Errno> {
        raw::die_with_parent(libc::SIGKILL)?;
        if raw::parent_pid() == self.parent {
            Ok(())
        } else {
            // Our parent died before the line above, so that the kernel sends us no signal for it.
            Err(libc::ESRCH)
        }
    }

    fn go_to_directory(&self) -> Result<(), Errno> {
        if self.directory.is_null() {
            return Ok(());
        }
        // SAFETY: a C string, as the caller of `ChildSetup::new` has promised.
        unsafe { raw::enter_path(self.directory) }
    }

    fn exec(&self) -> Errno {
        let mut errno = libc::ENOENT;
        let mut denied = false;
        let mut next = self.candidates;
        loop {
            // SAFETY: the array ends with a null pointer, and there it is left.
            let candidate = unsafe { *next };
            if candidate.is_null() {
                return if denied { libc::EACCES } else { errno };
            }
            // SAFETY: C strings and null-terminated arrays of them, as the caller of `ChildSetup::new` has promised.
            errno = unsafe { raw::execute(candidate, self.argv, self.env) };
            match errno {
                libc::EACCES => denied = true,
                // Nothing there, or no way to get there: the next directory may have it, as POSIX says for execvp.
                libc::ENOENT | libc::ENOTDIR | libc::ESTALE | libc::ENODEV | libc::ETIMEDOUT => {}
                _ => return errno,
            }
            // SAFETY: this was not the last.
            next = unsafe { next.add(1) };
        }
    }
}

extern "C" fn child_main(argument: *mut c_void) -> ! {
    // SAFETY: `argument` is the `ChildSetup` that was started, and its starter holds it until we are gone.
    let child = unsafe { &*argument.cast_const().cast::<ChildSetup>() };
    let (stage, errno) = child.become_program();
    child.errno.store(errno, Ordering::Relaxed);
    child.stage.store(stage as i32, Ordering::Release);
    // No destructor of our parent's runs.
    raw::exit(127)
}

/// What `clone3` is given, as far as the flags that are used here need it.
#[repr(C)]
struct Clone3 {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// The flag of `clone3` that puts the child into a cgroup. It needs more than the 32 bits of a `c_int`.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

impl Clone3 {
    fn new(flags: c_int, stack: *mut c_void, pidfd: usize, cgroup: c_int) -> Self {
        // This call wants the bottom of the stack and its size; only the sum matters, and where the stack begins.
        let size = 4096;
        Self {
            flags: flags as u64 | CLONE_INTO_CGROUP,
            pidfd: pidfd as u64,
            child_tid: 0,
            parent_tid: 0,
            exit_signal: libc::SIGCHLD as u64,
            stack: stack.expose_provenance() as u64 - size,
            stack_size: size,
            tls: 0,
            set_tid: 0,
            set_tid_size: 0,
            cgroup: cgroup as u64,
        }
    }
}
