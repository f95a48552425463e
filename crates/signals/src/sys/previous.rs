//! The handlers that were there before ours, and are still called: other parts of the program may listen as well.

#![expect(unsafe_code, reason = "a disposition is an address, and calling it is a matter of trust")]

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use libc::{c_int, c_void, siginfo_t};

/// More than any system has signals.
pub(super) const NUMBERS: usize = 128;

/// A handler that another part of the program has installed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Previous {
    address: libc::sighandler_t,
    /// Whether it wants three arguments.
    has_info: bool,
}

type WithInfo = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
type WithNumber = extern "C" fn(c_int);

/// What our handler calls when it is through, for each number of a signal.
static PREVIOUS: [AtomicPtr<Previous>; NUMBERS] = [const { AtomicPtr::new(ptr::null_mut()) }; NUMBERS];

/// Every handler that has ever been remembered. They are never freed, because our handler may just be reading one,
/// and there are few: a program has so many functions and no more.
static REMEMBERED: Mutex<Vec<&'static Previous>> = Mutex::new(Vec::new());

/// Whether a disposition is a function of the program's.
pub(super) fn is_function(disposition: &libc::sigaction) -> bool {
    ![libc::SIG_DFL, libc::SIG_IGN].contains(&disposition.sa_sigaction)
}

/// Has our handler call this one, too, if it is a function.
pub(super) fn remember(number: c_int, disposition: &libc::sigaction) {
    let Some(place) = place(number) else { return };
    if !is_function(disposition) {
        place.store(ptr::null_mut(), Ordering::SeqCst);
        return;
    }
    let previous = Previous {
        address: disposition.sa_sigaction,
        has_info: disposition.sa_flags & libc::SA_SIGINFO != 0,
    };
    let mut remembered = REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = remembered.iter().copied().find(|known| **known == previous);
    let known = known.unwrap_or_else(|| {
        let leaked: &'static Previous = Box::leak(Box::new(previous));
        remembered.push(leaked);
        leaked
    });
    place.store(ptr::from_ref(known).cast_mut(), Ordering::SeqCst);
}

/// Calls the handler that was there before, if there was one. In a signal handler.
pub(super) fn call(number: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let Some(place) = place(number) else { return };
    // SAFETY: what is stored there is null, or was made of a reference to something that is never freed or changed.
    let Some(previous) = (unsafe { place.load(Ordering::SeqCst).as_ref() }) else { return };
    if previous.has_info {
        // SAFETY: the kernel would call this address with these arguments if ours were not installed: the program has
        // asked it to.
        let handler = unsafe { std::mem::transmute::<libc::sighandler_t, WithInfo>(previous.address) };
        handler(number, info, context);
    } else {
        // SAFETY: as above, with the one argument that it was installed for.
        let handler = unsafe { std::mem::transmute::<libc::sighandler_t, WithNumber>(previous.address) };
        handler(number);
    }
}

fn place(number: c_int) -> Option<&'static AtomicPtr<Previous>> {
    usize::try_from(number).ok().and_then(|number| PREVIOUS.get(number))
}
