//! The descriptors of a program beside the first three, and the variable that says for which process they are.
//!
//! The rules of [`child`](super::child) hold: system calls with what was prepared, and nothing else.

use libc::{c_char, c_int};

use super::raw::{self, Errno};

/// How many there may be.
pub(crate) const MOST_EXTRA: usize = 16;

/// What stands in front of the process id.
const NAME: &[u8] = b"LISTEN_PID=";

/// Which descriptors of the starter's become which of the program's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extra {
    /// From and to; `None` for those that there are not.
    pub(crate) places: [Option<(c_int, c_int)>; MOST_EXTRA],
}

impl Extra {
    /// Puts them in their places, so that they outlive an exec. What was there is closed.
    pub(super) fn put(&self) -> Result<(), Errno> {
        let Some(highest) = self.places.iter().flatten().map(|(_, to)| *to).max() else { return Ok(()) };
        // All of them out of the way first: the place of one may be where another one is.
        let mut moved = [-1; MOST_EXTRA];
        for (moved, place) in moved.iter_mut().zip(self.places) {
            if let Some((from, _)) = place {
                *moved = raw::duplicate_above(from, highest + 1)?;
            }
        }
        for (moved, place) in moved.into_iter().zip(self.places) {
            if let Some((_, to)) = place {
                raw::duplicate_for_exec(moved, to)?;
            }
        }
        Ok(())
    }
}

/// The text of the variable, with room for any process id and a zero.
pub(super) type PidText = [c_char; NAME.len() + 12];

/// The variable for the calling process.
pub(super) fn pid_text() -> PidText {
    let mut text = [0; NAME.len() + 12];
    let mut digits = [0; 11];
    let mut rest = raw::own_pid().unsigned_abs();
    let mut count = 0;
    for digit in &mut digits {
        *digit = b'0' + (rest % 10) as u8;
        count += 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let bytes = NAME.iter().chain(digits[..count].iter().rev());
    for (place, byte) in text.iter_mut().zip(bytes) {
        *place = *byte as c_char;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_names_the_calling_process() {
        let text: Vec<u8> = pid_text().iter().map(|byte| *byte as u8).collect();

        let text = std::ffi::CStr::from_bytes_until_nul(&text).unwrap();
        assert_eq!(text.to_str().unwrap(), format!("LISTEN_PID={}", std::process::id()));
    }
}
