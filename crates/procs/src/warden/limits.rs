//! What a cgroup may use: the files in which it stands, and what is written into them.
//!
//! A reaper does it, before its program runs: nothing here allocates or can panic. A directory is a descriptor, and
//! what is written there does not depend on what it is of.

use std::ffi::CStr;

use crate::spec::{CGROUP_LIMITS, CgroupLimits};
use crate::sys::raw::{self, Errno};

/// A limit as the kernel has it.
struct LimitFile {
    file: &'static CStr,
    /// What enables the controller below a directory.
    enable: &'static [u8],
    /// What is written behind the number.
    rest: &'static [u8],
}

/// In the order of [`CgroupLimits::values`].
const FILES: [LimitFile; CGROUP_LIMITS] = [
    LimitFile { file: c"memory.high", enable: b"+memory", rest: b"" },
    LimitFile { file: c"memory.max", enable: b"+memory", rest: b"" },
    LimitFile { file: c"pids.max", enable: b"+pids", rest: b"" },
    // So many microseconds of so many.
    LimitFile { file: c"cpu.max", enable: b"+cpu", rest: b" 100000" },
    LimitFile { file: c"cpu.weight", enable: b"+cpu", rest: b"" },
];

/// Sets the limits of a cgroup in which no process is yet. `parent` is the directory that it is in.
///
/// Where a controller is not enabled, this tries to enable it: in the parent, which has no processes, and above it,
/// where the system refuses that if there are processes. Returns which limit could not be set, and why.
pub(super) fn set_limits(cgroup: i32, parent: i32, limits: &CgroupLimits) -> Result<(), (usize, Errno)> {
    for (number, (limit, value)) in FILES.iter().zip(limits.values).enumerate() {
        if value == 0 {
            continue;
        }
        let file = match raw::open(cgroup, limit.file, libc::O_WRONLY) {
            Err(libc::ENOENT) => {
                enable(parent, limit.enable);
                raw::open(cgroup, limit.file, libc::O_WRONLY)
            }
            opened => opened,
        };
        let written = file.and_then(|file| {
            let written = write(file, value, limit.rest);
            let _ = raw::close(file);
            written
        });
        written.map_err(|errno| (number, errno))?;
    }
    Ok(())
}

/// Whether the kernel has ended a process of a cgroup because there was no memory for it.
pub(super) fn has_run_out_of_memory(cgroup: i32) -> bool {
    let Ok(file) = raw::open(cgroup, c"memory.events", libc::O_RDONLY) else { return false };
    let mut text = [0; 512];
    let read = raw::read(file, &mut text).unwrap_or_default();
    let _ = raw::close(file);
    let mut lines = text.get(..read).unwrap_or_default().split(|byte| *byte == b'\n');
    lines.any(|line| line.strip_prefix(b"oom_kill ").is_some_and(|count| count != b"0"))
}

/// Has what is below a directory have a controller. What is refused is seen by its effect.
fn enable(parent: i32, controller: &[u8]) {
    for file in [c"../cgroup.subtree_control", c"cgroup.subtree_control"] {
        if let Ok(file) = raw::open(parent, file, libc::O_WRONLY) {
            let _ = raw::write(file, controller);
            let _ = raw::close(file);
        }
    }
}

fn write(file: i32, value: u64, rest: &[u8]) -> Result<(), Errno> {
    let mut text = [0; 32];
    let mut digits = [0; 20];
    let mut left = value;
    let mut count = 0;
    for digit in &mut digits {
        *digit = b'0' + u8::try_from(left % 10).unwrap_or_default();
        count += 1;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    let bytes = digits.iter().take(count).rev().chain(rest);
    let mut length = 0;
    for (place, byte) in text.iter_mut().zip(bytes) {
        *place = *byte;
        length += 1;
    }
    raw::write(file, text.get(..length).unwrap_or_default()).map(drop)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::fd::AsRawFd;
    use std::path::Path;

    use super::*;

    /// A directory in which the files of a cgroup and of those above it are ordinary files: which limits the kernel
    /// sets is the kernel's business, and the system of a test has no controllers.
    struct Given {
        place: tempfile::TempDir,
        parent: File,
        cgroup: File,
    }

    fn given(files: &[&str]) -> Given {
        let place = tempfile::tempdir().unwrap();
        let parent = place.path().join("parent");
        let cgroup = parent.join("child");
        fs::create_dir_all(&cgroup).unwrap();
        for directory in [place.path(), &parent] {
            File::create(directory.join("cgroup.subtree_control")).unwrap();
        }
        files.iter().for_each(|file| drop(File::create(cgroup.join(file)).unwrap()));
        let [parent, cgroup] = [parent, cgroup].map(|path| File::open(path).unwrap());
        Given { place, parent, cgroup }
    }

    impl Given {
        fn set(&self, values: [u64; CGROUP_LIMITS]) -> Result<(), (usize, Errno)> {
            set_limits(self.cgroup.as_raw_fd(), self.parent.as_raw_fd(), &CgroupLimits { values })
        }

        fn text(&self, path: impl AsRef<Path>) -> String {
            fs::read_to_string(self.place.path().join(path)).unwrap()
        }
    }

    #[test]
    fn each_limit_is_written_into_its_file_as_the_kernel_reads_it() {
        let files = ["memory.high", "memory.max", "pids.max", "cpu.max", "cpu.weight"];
        let given = given(&files);

        given.set([1_000_000, u64::MAX, 7, 150_000, 10_000]).unwrap();

        let texts = files.map(|file| given.text(Path::new("parent/child").join(file)));
        assert_eq!(texts, ["1000000", "18446744073709551615", "7", "150000 100000", "10000"]);
        assert_eq!(given.text("cgroup.subtree_control"), "", "what is there already is not enabled");
    }

    #[test]
    fn what_is_not_limited_is_not_touched() {
        let given = given(&["pids.max"]);

        given.set([0, 0, 20, 0, 0]).unwrap();

        assert_eq!(given.text("parent/child/pids.max"), "20");
    }

    #[test]
    fn a_controller_that_is_missing_is_enabled_from_above_and_named_if_that_does_not_help() {
        let given = given(&["pids.max"]);

        let missing = given.set([0, 1000, 5, 0, 0]);

        assert_eq!(missing, Err((1, libc::ENOENT)));
        let enabled =
            ["cgroup.subtree_control", "parent/cgroup.subtree_control"].map(|file| given.text(file));
        assert_eq!(enabled, ["+memory", "+memory"]);
        assert_eq!(given.text("parent/child/pids.max"), "", "the limits behind it are not set");
    }

    #[test]
    fn a_cgroup_tells_whether_a_process_was_killed_because_memory_was_short() {
        let given = given(&[]);
        let events = given.place.path().join("parent/child/memory.events");
        let asked = || has_run_out_of_memory(given.cgroup.as_raw_fd());
        assert!(!asked(), "without the controller it is not known");

        fs::write(&events, "low 0\nhigh 3\nmax 9\noom 1\noom_kill 0\noom_group_kill 0\n").unwrap();
        assert!(!asked());
        fs::write(&events, "low 0\nhigh 3\nmax 9\noom 1\noom_kill 12\noom_group_kill 0\n").unwrap();
        assert!(asked());
    }
}
