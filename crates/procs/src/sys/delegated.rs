//! Whether a service manager has handed a cgroup over to the programs in it.

#![expect(unsafe_code, reason = "the call takes addresses")]

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What systemd writes there. The second can be read by root alone, and is the only one before version 251.
const ATTRIBUTES: [&CStr; 2] = [c"user.delegate", c"trusted.delegate"];

/// Whether a directory is marked as delegated.
pub(crate) fn is_delegated(directory: &Path) -> bool {
    CString::new(directory.as_os_str().as_bytes())
        .is_ok_and(|path| ATTRIBUTES.iter().any(|attribute| says_so(&path, attribute)))
}

fn says_so(path: &CStr, attribute: &CStr) -> bool {
    let mut value = [0_u8; 8];
    // SAFETY: two C strings, and room for as many bytes as is said.
    let bytes =
        unsafe { libc::getxattr(path.as_ptr(), attribute.as_ptr(), value.as_mut_ptr().cast(), value.len()) };
    usize::try_from(bytes).is_ok_and(|bytes| value.get(..bytes) == Some(b"1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_not_marked_is_not_delegated() {
        let directory = tempfile::tempdir().unwrap();

        assert!(!is_delegated(directory.path()));
        assert!(!is_delegated(Path::new("/no/such/directory")));
    }

    /// Where the file system has such attributes.
    #[test]
    fn a_directory_that_is_marked_is_delegated() {
        let directory = tempfile::tempdir().unwrap();
        let path = CString::new(directory.path().as_os_str().as_bytes()).unwrap();
        let mark = |value: &[u8]| {
            // SAFETY: two C strings, and as many bytes as is said.
            unsafe {
                libc::setxattr(path.as_ptr(), ATTRIBUTES[0].as_ptr(), value.as_ptr().cast(), value.len(), 0)
            }
        };
        if mark(b"0") != 0 {
            return;
        }

        assert!(!is_delegated(directory.path()));
        mark(b"1");
        assert!(is_delegated(directory.path()));
    }
}
