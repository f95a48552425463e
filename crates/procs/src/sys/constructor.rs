//! A function of this library that runs before `main`, so that a program that executes itself can be something else.
//!
//! It looks for one variable of the environment, and in every ordinary start that is all it does. What process 1 needs
//! has a function of its own, which comes first.

#![expect(
    unsafe_code,
    reason = "a place in the program's list of constructors, and what may be called there"
)]

use std::ffi::{CStr, OsStr};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;

use super::refused::is_transient;

/// The variable whose presence says what the program is to be.
pub(crate) const VARIABLE: &CStr = c"ROOTWARD_WARDEN";

/// The system calls everything in this list, on the only thread, before `main`.
#[used]
// SAFETY: a section of pointers to functions without arguments that are looked at; more arguments than that do no harm.
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = constructor;

extern "C" fn constructor() {
    // SAFETY: nothing else runs yet that could change the environment; the name is a C string.
    let is_asked_for = unsafe { !libc::getenv(VARIABLE.as_ptr()).is_null() };
    // SAFETY: it reads what the kernel has handed over. A program that runs with more rights than its caller obeys no
    // variable, and can be no warden.
    let is_privileged = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    if is_asked_for && is_privileged {
        // Its `main` must not run in the warden's place either, or it would look for a warden in the same way.
        crate::warden::end_instead_of_main();
    } else if is_asked_for {
        // SAFETY: a disposition that `main` would have set: a write to a socket whose other end is closed is an error
        // and no signal.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
        crate::warden::instead_of_main();
    }
}

/// Whether the program's own file has the function that runs before `main`, and not a library that something else has
/// loaded. An error is one that may pass: there may be no descriptor left for a look.
pub(crate) fn is_in_the_program() -> io::Result<bool> {
    // Read, so that the linker keeps it.
    // SAFETY: a static that is never written.
    let function = unsafe { std::ptr::read_volatile(&raw const CONSTRUCTOR) };
    let maps = match fs::read("/proc/self/maps") {
        Ok(maps) => maps,
        Err(error) if is_transient(&error) => return Err(error),
        Err(_) => return Ok(false),
    };
    let Ok(program) = fs::read_link("/proc/self/exe") else { return Ok(false) };
    Ok(file_at(&maps, function as usize).is_some_and(|file| file == program.as_os_str()))
}

/// The file that is mapped at this address.
fn file_at(maps: &[u8], address: usize) -> Option<&OsStr> {
    maps.split(|byte| *byte == b'\n').find_map(|line| {
        let mut parts = line.splitn(2, |byte| *byte == b' ');
        let range = std::str::from_utf8(parts.next()?).ok()?;
        let (from, to) = range.split_once('-')?;
        let (from, to) = (usize::from_str_radix(from, 16).ok()?, usize::from_str_radix(to, 16).ok()?);
        let rest = parts.next()?;
        let path = rest.iter().position(|byte| *byte == b'/').map(|at| &rest[at..])?;
        (from..to).contains(&address).then(|| OsStr::from_bytes(path))
    })
}
