//! Which signals the process catches for us, and how each of them is given back.
//!
//! A disposition belongs to the whole process. The first listener for a signal has ours installed, and the last one
//! that goes puts back what was there before, if ours is still there. If it is not, something else has been installed
//! over it since, which may have remembered ours and call it. Then ours stays callable for ever and does no harm, and
//! is not installed a second time over the other one: each would call the other without end.

#![expect(unsafe_code, reason = "dispositions are changed by a system call that takes addresses")]

use std::collections::BTreeMap;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use libc::c_int;
use rootward_core::sibling::early_signals;

use super::handler::on_signal;
use super::previous::{self, is_function};

/// Signals that are caught until these are given back or dropped.
#[derive(Debug, Default)]
pub(crate) struct Dispositions {
    taken: Mutex<Vec<c_int>>,
}

/// What is known of one signal.
#[derive(Default)]
struct Slot {
    listeners: usize,
    /// What was there before ours was installed.
    replaced: Option<libc::sigaction>,
    /// Whether something that was installed over ours may call it.
    is_covered: bool,
}

static SLOTS: Mutex<BTreeMap<c_int, Slot>> = Mutex::new(BTreeMap::new());

impl Dispositions {
    /// Has a signal caught. One that is taken more than once has to be given back as often.
    pub(crate) fn take(&self, number: c_int) -> io::Result<()> {
        let mut slots = lock(&SLOTS);
        let slot = slots.entry(number).or_default();
        if slot.listeners == 0 {
            slot.install(number)?;
        }
        slot.listeners += 1;
        lock(&self.taken).push(number);
        Ok(())
    }

    /// Gives every signal back to those that had it before, unless others still listen for it.
    pub(crate) fn give_back(&self) {
        let mut slots = lock(&SLOTS);
        for number in lock(&self.taken).drain(..) {
            give_up(&mut slots, number);
        }
    }

    /// Gives one signal back, if it is taken.
    pub(crate) fn give_back_one(&self, number: c_int) {
        let mut slots = lock(&SLOTS);
        let mut taken = lock(&self.taken);
        if let Some(place) = taken.iter().position(|there| *there == number) {
            taken.swap_remove(place);
            give_up(&mut slots, number);
        }
    }
}

/// A signal has one listener less.
fn give_up(slots: &mut BTreeMap<c_int, Slot>, number: c_int) {
    let Some(slot) = slots.get_mut(&number) else { return };
    slot.listeners -= 1;
    if slot.listeners == 0 {
        slot.restore(number);
    }
}

impl Drop for Dispositions {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Whether the process ignores a signal, but for what is installed here.
pub(crate) fn is_ignored(number: c_int) -> bool {
    without_ours(number).is_some_and(|there| there.sa_sigaction == libc::SIG_IGN)
}

/// Whether a signal has its default effect, but for what is installed here.
pub(crate) fn has_default_effect(number: c_int) -> bool {
    without_ours(number).is_some_and(|there| there.sa_sigaction == libc::SIG_DFL)
}

/// What would happen when this signal arrives if nothing were installed here.
fn without_ours(number: c_int) -> Option<libc::sigaction> {
    let slots = lock(&SLOTS);
    let there = current(number).ok()?;
    let replaced = slots.get(&number).and_then(|slot| slot.replaced).filter(|_| is_ours(&there));
    Some(replaced.unwrap_or(there))
}

/// Discards a signal that is pending, also one that threads block: none that is ignored is pending.
pub(super) fn discard_pending(number: c_int) {
    // Nothing here changes it meanwhile.
    let _slots = lock(&SLOTS);
    let Ok(there) = current(number) else { return };
    let ignored = libc::sigaction { sa_sigaction: libc::SIG_IGN, ..default() };
    if replace(number, &ignored).is_ok() {
        let _ = replace(number, &there);
    }
}

/// Whether a signal does now what it does by default.
pub(crate) fn is_default(number: c_int) -> bool {
    current(number).is_ok_and(|there| there.sa_sigaction == libc::SIG_DFL)
}

impl Slot {
    fn install(&mut self, number: c_int) -> io::Result<()> {
        let there = current(number)?;
        if is_ours(&there) {
            // What had covered it has put it back.
            self.is_covered = false;
            return Ok(());
        }
        if self.is_covered && is_function(&there) {
            return Ok(());
        }
        // What notes early signals in process 1 gives way for good: it stands for the default.
        let there = if notes_early(&there) { default() } else { there };
        // Before ours is installed, which calls it at once.
        previous::remember(number, &there);
        replace(number, &ours(&there))?;
        self.replaced = Some(there);
        self.is_covered = false;
        Ok(())
    }

    fn restore(&mut self, number: c_int) {
        let Some(replaced) = &self.replaced else { return };
        if current(number).is_ok_and(|there| is_ours(&there)) {
            // What was installed once can be installed again.
            let _ = replace(number, replaced);
            self.replaced = None;
        } else {
            self.is_covered = true;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_ours(disposition: &libc::sigaction) -> bool {
    disposition.sa_sigaction == address()
}

fn notes_early(disposition: &libc::sigaction) -> bool {
    early_signals().is_some_and(|notes| notes.handler == disposition.sa_sigaction)
}

fn default() -> libc::sigaction {
    // SAFETY: a sigaction holds integers, an address that may be null, and an option of a function: all may be zero,
    // which is the default disposition.
    unsafe { std::mem::zeroed() }
}

/// Sends this process again what it has noted before anything heard it, if a signal is caught by now.
pub(crate) fn replay_early() {
    let Some(notes) = early_signals() else { return };
    for number in (notes.take)() {
        if current(number).is_ok_and(|there| is_ours(&there)) {
            // SAFETY: the calls take numbers.
            unsafe { libc::kill(libc::getpid(), number) };
        }
    }
}

fn address() -> libc::sighandler_t {
    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut libc::c_void) = on_signal;
    handler as libc::sighandler_t
}

/// Our disposition, with what the one before it needs in order to be called by ours.
fn ours(previous: &libc::sigaction) -> libc::sigaction {
    // SAFETY: a sigaction holds integers, an address that may be null, and an option of a function: all may be zero.
    let mut ours: libc::sigaction = unsafe { std::mem::zeroed() };
    ours.sa_sigaction = address();
    ours.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    if is_function(previous) {
        ours.sa_flags |= previous.sa_flags & libc::SA_ONSTACK;
        ours.sa_mask = previous.sa_mask;
    }
    ours
}

/// What happens now when this signal arrives.
fn current(number: c_int) -> io::Result<libc::sigaction> {
    let mut current = MaybeUninit::uninit();
    // SAFETY: nothing is installed, and the system writes one sigaction to a live place for one.
    let result = unsafe { libc::sigaction(number, ptr::null(), current.as_mut_ptr()) };
    // SAFETY: the call has succeeded and has written it.
    succeeded(result).map(|()| unsafe { current.assume_init() })
}

/// Installs a disposition, and returns the one that was there.
fn replace(number: c_int, by: &libc::sigaction) -> io::Result<libc::sigaction> {
    let mut replaced = MaybeUninit::uninit();
    // SAFETY: what is installed is our handler, which does only what may be done in one, or what was installed
    // before; and the system writes one sigaction to a live place for one.
    let result = unsafe { libc::sigaction(number, by, replaced.as_mut_ptr()) };
    // SAFETY: the call has succeeded and has written it.
    succeeded(result).map(|()| unsafe { replaced.assume_init() })
}

fn succeeded(result: c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
