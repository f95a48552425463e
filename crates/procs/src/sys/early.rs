//! What is sent to process 1 before it has an init, or hears signals itself.
//!
//! The kernel drops a signal to process 1 whose disposition is the default one. So a stop that arrives before the
//! program has come to its init would be lost, and what has sent it waits until it loses its patience. This notes such
//! signals. Nothing else changes: the default disposition does nothing in process 1, and noting does nothing either.
//!
//! With an init they have their effect in the program. Without one, what hears the signals of a tree takes this
//! handler's place and is sent what has arrived. When a tree is launched, the signals that still have this handler are
//! given back.
//!
//! What arrives between the exec and this code is lost. The kernel would keep it only if whatever executes the program
//! had blocked the signal.

#![expect(
    unsafe_code,
    reason = "a place in the program's list of constructors, and system calls that take addresses"
)]

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use libc::c_int;
use rootward_core::sibling::{EarlySignals, note_early_signals};

/// A bit for each signal that has arrived.
static NOTED: AtomicU64 = AtomicU64::new(0);

/// Whether nothing is noted any more: the handler may still be called by one that was installed over it.
static IS_OVER: AtomicBool = AtomicBool::new(false);

/// What is sent to a program in order to stop it.
fn stop_signals() -> [c_int; 6] {
    [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGPWR, libc::SIGRTMIN() + 3]
}

/// The first code of the program itself: constructors are called in the order of these numbers, 0 to 100 are for what
/// comes with a language, and the standard library's own has 99. Only the libraries that the system loads are before.
/// A program may have code that is before those (`.preinit_array`), and a library may not, which this crate may be in.
#[used]
// SAFETY: a section of pointers to functions without arguments that are looked at; more arguments than that do no harm.
#[unsafe(link_section = ".init_array.00098")]
static FIRST: extern "C" fn() = note_in_process_1;

/// Begins to note signals, if this is process 1.
extern "C" fn note_in_process_1() {
    if std::process::id() != 1 {
        return;
    }
    for number in stop_signals().into_iter().filter(|number| handler_of(*number) == Some(libc::SIG_DFL)) {
        set(number, ours());
    }
    note_early_signals(EarlySignals { handler: ours(), take: take_arrived, give_back });
}

/// The signals that have arrived, which are forgotten.
fn take_arrived() -> Vec<c_int> {
    let noted = NOTED.swap(0, Ordering::SeqCst);
    stop_signals().into_iter().filter(|number| noted & (1 << number) != 0).collect()
}

/// Nothing is noted any more. What has a handler of the program's by now is sent what it has missed, and the others
/// stay noted for what hears signals later.
fn give_back() {
    IS_OVER.store(true, Ordering::SeqCst);
    for number in stop_signals() {
        match reset(number) {
            Some(libc::SIG_DFL | libc::SIG_IGN) | None => {}
            Some(_) => {
                if NOTED.fetch_and(!(1 << number), Ordering::SeqCst) & (1 << number) != 0 {
                    // SAFETY: the calls take numbers.
                    unsafe { libc::kill(libc::getpid(), number) };
                }
            }
        }
    }
}

/// Gives every signal that is still noted its default effect again, and returns those that have arrived.
pub(crate) fn take_noted() -> Vec<c_int> {
    for number in stop_signals() {
        reset(number);
    }
    take_arrived()
}

/// Gives a signal that is still noted its default effect again. Returns the handler that the signal has then.
fn reset(number: c_int) -> Option<libc::sighandler_t> {
    // First a look: another handler is in its place all the time.
    if handler_of(number)? != ours() {
        return handler_of(number);
    }
    let there = replace(number, &action(libc::SIG_DFL))?;
    if there.sa_sigaction == ours() {
        return Some(libc::SIG_DFL);
    }
    // Another thread has installed it since the look.
    replace(number, &there)?;
    Some(there.sa_sigaction)
}

fn ours() -> libc::sighandler_t {
    note as extern "C" fn(c_int) as libc::sighandler_t
}

/// Sends the calling thread a signal.
pub(crate) fn raise(number: c_int) {
    // SAFETY: the call takes a number.
    unsafe { libc::raise(number) };
}

/// In a signal handler: an atomic and system calls, and no more.
extern "C" fn note(number: c_int) {
    // SAFETY: the call takes nothing and cannot fail.
    if unsafe { libc::getpid() } == 1 {
        note_unless_handled(number);
    } else {
        // A process that was forked from process 1: there the default disposition has an effect.
        set(number, libc::SIG_DFL);
        // Delivered when this returns, and not before.
        raise(number);
    }
}

/// Another handler that was installed over ours may call ours. It has the signal then, and must not get it again.
fn note_unless_handled(number: c_int) {
    if !IS_OVER.load(Ordering::SeqCst) && handler_of(number) == Some(ours()) {
        NOTED.fetch_or(1 << number, Ordering::SeqCst);
    }
}

fn handler_of(number: c_int) -> Option<libc::sighandler_t> {
    // SAFETY: nothing is installed, and the system writes one sigaction, of which all zero is one, to a live place.
    unsafe {
        let mut there: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(number, ptr::null(), &raw mut there) == 0).then_some(there.sa_sigaction)
    }
}

fn set(number: c_int, handler: libc::sighandler_t) {
    replace(number, &action(handler));
}

fn action(handler: libc::sighandler_t) -> libc::sigaction {
    // SAFETY: a sigaction may be all zero.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = libc::SA_RESTART;
    action
}

/// Installs an action, and returns the one that was there.
fn replace(number: c_int, by: &libc::sigaction) -> Option<libc::sigaction> {
    // SAFETY: the handler is a default one, one that was there, or does only what may be done in a handler; and the
    // system writes one sigaction, of which all zero is one, to a live place.
    unsafe {
        let mut there: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(number, by, &raw mut there) == 0).then_some(there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing else in these tests uses it.
    const NUMBER: c_int = libc::SIGPWR;

    extern "C" fn of_the_program(_: c_int) {}

    /// One test, because a disposition belongs to the whole process.
    #[test]
    fn a_signal_that_the_program_handles_is_not_noted_and_stays_handled() {
        let theirs = of_the_program as extern "C" fn(c_int) as libc::sighandler_t;
        let is_noted = || NOTED.load(Ordering::SeqCst) & (1 << NUMBER) != 0;

        // As a handler of the program's does that calls the one before it.
        set(NUMBER, theirs);
        note_unless_handled(NUMBER);
        assert!(!is_noted());
        assert_eq!(reset(NUMBER), Some(theirs));
        assert_eq!(handler_of(NUMBER), Some(theirs));

        set(NUMBER, ours());
        note_unless_handled(NUMBER);
        assert!(is_noted());
        assert_eq!(reset(NUMBER), Some(libc::SIG_DFL));
        assert_eq!(handler_of(NUMBER), Some(libc::SIG_DFL));
        NOTED.store(0, Ordering::SeqCst);
    }
}
