//! The name under which a helper process stands in lists of processes.
//!
//! A helper that was forked has the command line of the program, and `pkill -f` would take all of them at once. The
//! kernel reads the command line out of the process's own memory, so that it can be written over there.

#![expect(unsafe_code, reason = "the place of the command line is an address")]

use std::ffi::CStr;
use std::fs;

use super::raw;

/// Names the calling process, in its `comm` and in its command line. It must be a helper that was forked, and have one
/// thread: its arguments, and some of its environment if the arguments are too short, are overwritten.
///
/// A name helps a person who looks at processes. If it cannot be given, nothing else depends on it.
pub(crate) fn rename(name: &CStr) {
    let _ = raw::set_name(name);
    let Some(place) =
        fs::read_to_string("/proc/self/stat").ok().and_then(|stat| ArgumentMemory::in_stat(&stat))
    else {
        return;
    };
    place.write(name.to_bytes());
}

/// Where the arguments and the environment of a process are in its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ArgumentMemory {
    arguments: (usize, usize),
    environment: (usize, usize),
}

impl ArgumentMemory {
    /// What the line of `/proc/self/stat` says. The kernel says 0 where it does not tell.
    fn in_stat(stat: &str) -> Option<Self> {
        /// The place of `arg_start` among the fields behind the name, of which the first is the state.
        const ARGUMENTS: usize = 45;
        // The name may hold anything, and no other field holds a parenthesis.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_ascii_whitespace().skip(ARGUMENTS);
        let mut address = || fields.next()?.parse::<usize>().ok();
        let place = Self { arguments: (address()?, address()?), environment: (address()?, address()?) };
        (place.arguments.0 > 0 && place.arguments.0 < place.arguments.1).then_some(place)
    }

    /// Up to where the name may be written. Behind the arguments stands the environment, as a rule, and the kernel
    /// reads on there if the last byte of the arguments is no zero.
    fn end(self) -> usize {
        let (start, end) = self.environment;
        if start == self.arguments.1 && end > start { end } else { self.arguments.1 }
    }

    fn write(self, name: &[u8]) {
        let (start, arguments_end) = self.arguments;
        let name = &name[..name.len().min(self.end() - start - 1)];
        // All the rest of the arguments reads as zero, and the name has a zero behind it in any case.
        let zeros = (arguments_end - start).saturating_sub(name.len()).max(1);
        let at = std::ptr::with_exposed_provenance_mut::<u8>(start);
        // SAFETY: the kernel has put the arguments and the environment there, in memory that a program may write to.
        // What is written ends before the end of both. This process has one thread, which has borrowed none of it.
        unsafe {
            std::ptr::copy_nonoverlapping(name.as_ptr(), at, name.len());
            std::ptr::write_bytes(at.add(name.len()), 0, zeros);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_found_for_names_of_any_content() {
        let numbers: String = (3..=52).map(|field| format!(" {field}")).collect();

        let place = ArgumentMemory::in_stat(&format!("7 (a) S (b){numbers}"));

        assert_eq!(place, Some(ArgumentMemory { arguments: (48, 49), environment: (50, 51) }));
        assert_eq!(ArgumentMemory::in_stat("7 (a) S 1 2"), None);
    }

    #[test]
    fn the_own_arguments_stand_where_it_says() {
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        let place = ArgumentMemory::in_stat(&stat).unwrap();

        let bytes = place.arguments.1 - place.arguments.0;

        assert_eq!(fs::read("/proc/self/cmdline").unwrap().len(), bytes);
        assert!(place.end() >= place.arguments.1);
    }

    #[test]
    fn a_name_ends_with_a_zero_and_leaves_nothing_of_the_arguments() {
        for (before, name, after) in [
            (&b"program\0run\0A=1\0"[..], &b"it"[..], &b"it\0\0\0\0\0\0\0\0\0\0A=1\0"[..]),
            (b"p\0ABCDEFGH=1\0", b"helper", b"helper\0FGH=1\0"),
            (b"p\0A=1\0", b"too-long", b"too-l\0"),
        ] {
            let mut memory = before.to_vec();
            let arguments = before.iter().position(|byte| *byte == b'A').unwrap();
            let start = memory.as_mut_ptr().expose_provenance();
            let end = start + memory.len();

            ArgumentMemory { arguments: (start, start + arguments), environment: (start + arguments, end) }
                .write(name);

            assert_eq!(memory, after);
        }
    }
}
